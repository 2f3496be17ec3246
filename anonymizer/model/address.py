"""The address of a live database: a URL without its password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """`scheme://user@host:port/database?option=value`; a password is never part of it.

    >>> print(Address.parse("postgresql://jan@db.example:5433/crm?sslmode=require"))
    postgresql://jan@db.example:5433/crm
    """

    scheme: str
    user: str | None = None
    host: str | None = None
    port: int | None = None
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        user = f"{quote(self.user)}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host or ''}{port}/{self.database}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises ValueError, whose message quotes nothing: for a password, a port that is none, a missing database."""
        parts = urlsplit(text)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.password is not None or {key.lower() for key in options} & {"password", "pwd", "passwd"}:
            raise ValueError("holds a password, which other users of the machine could read; leave it out")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("has a port that is no number") from None
        return cls(
            scheme=parts.scheme.lower(),
            user=unquote(parts.username) if parts.username else None,
            host=unquote(parts.hostname) if parts.hostname else None,
            port=port,
            database=unquote(parts.path.removeprefix("/")),
            options=options,
        )
