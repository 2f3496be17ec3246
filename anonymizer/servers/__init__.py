"""Live databases: one file per kind of server, as a source and as a target.

What a server gives is a dump that a store reads, made by the server's own tools or, where it has none, an input that a
store knows; what it takes is the verified result of such a store. So a live database and its dump get one treatment.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import cast

from anonymizer import registry
from anonymizer.contracts import Input, Server, Source, Target, WorkFolder
from anonymizer.errors import SettingError
from anonymizer.model.address import Address

__all__ = ["is_address", "kinds", "open_source", "open_target"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_address(argument: str) -> bool:
    """Whether it names a live database rather than a file: `scheme://…`."""
    return _SCHEME.match(argument) is not None


def open_source(argument: str, work: WorkFolder, rows: int | None = None) -> AbstractContextManager[Input]:
    """See contracts.Server. Raises SettingError for an address that no server understands."""
    server, address = _server(argument)
    return server.open_source(address, work, rows)


def kinds(argument: str) -> tuple[str, ...]:
    """The kinds of results that a target takes."""
    return _server(argument)[0].KINDS


def open_target(argument: str, source: Source, kind: str, work: WorkFolder) -> AbstractContextManager[Target]:
    """See contracts.Server. Raises SettingError for an address that no server understands."""
    server, address = _server(argument)
    return server.open_target(address, source, kind, work)


def _server(argument: str) -> tuple[Server, Address]:
    scheme = argument.split("://")[0].lower()
    modules: list[Server] = [cast(Server, module) for module in registry.load("servers").values()]
    servers = {scheme: module for module in modules for scheme in module.SCHEMES}
    if scheme not in servers:
        known = ", ".join(f"{each}://" for each in servers) or "none yet"
        raise SettingError(f"{scheme[:20]}://… is no database that can be reached; known are {known}")
    try:
        return servers[scheme], Address.parse(argument)
    except ValueError as error:
        raise SettingError(f"the {scheme}:// address {error}") from None
