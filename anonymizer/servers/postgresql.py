"""PostgreSQL, live: postgresql://user@host:port/database.

As a source, pg_dump dumps one snapshot of it, as often as the run reads; the connection can only read. As a target, the
result goes into a staging database `…__anonymizer_…` that takes the target's name once it is verified; owners and
privileges of roles that the server does not have are left out. Not copied: subscriptions, large objects (refused), and
what belongs to the database as a whole (its comment, its settings, who may connect).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from anonymizer.contracts import Source, Target, WorkFolder
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.address import Address
from anonymizer.servers._pg_login import Login

if TYPE_CHECKING:
    from anonymizer.servers._pg_source import PgInput

NAME = "PostgreSQL"
SCHEMES = ("postgresql", "postgres")


def open_source(address: Address, work: WorkFolder) -> AbstractContextManager[PgInput]:
    """See contracts.Server."""
    from anonymizer.servers import _pg_source

    return _pg_source.opened(Login.of(address, SourceError), work.path)


def open_target(address: Address, source: Source, work: WorkFolder) -> AbstractContextManager[Target]:
    """See contracts.Server."""
    from anonymizer.servers import _pg_target

    return _pg_target.opened(Login.of(address, TargetError), source, work)
