"""Any database with an ODBC driver, SQL Server first: `odbc:///DSN`, `odbc://user@host:port/db?driver=…`, `mssql://…`.

A source is read in one consistent view where its server has one. A target has to be there already, with the same
tables, all empty: it is loaded in one transaction, verified through the same connection, and then committed. Passwords
come from the data source, from the variables ODBC_PASSWORD, MSSQL_PASSWORD or SQLCMDPASSWORD, or are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anonymizer.contracts import Input, Sink, Source, Store, WorkFolder
from anonymizer.errors import AnonymizerError, InternalError, SettingError, SourceError, TargetError
from anonymizer.model.address import Address
from anonymizer.model.result import CheckResult
from anonymizer.servers._odbc_connection import connect
from anonymizer.stores._odbc.dialect import Dialect
from anonymizer.stores._odbc.dialects import dialect_of, spoken
from anonymizer.stores._odbc.link import Link, OdbcInput
from anonymizer.stores._odbc.load import OdbcSink, require_empty, require_same
from anonymizer.stores.odbc import NAME as STORE
from anonymizer.stores.odbc import OdbcSource

NAME = "ODBC"
SCHEMES = ("odbc", "mssql")
KINDS = (STORE,)


@contextmanager
def open_source(address: Address, work: WorkFolder, rows: int | None = None) -> Iterator[Input]:
    """See contracts.Server."""
    link, speaks = _linked(address, SourceError, readonly=True)
    try:
        notes = dialect_of(speaks).open_source(link)
        yield OdbcInput(str(address), link, speaks, notes)
    finally:
        link.close()


@contextmanager
def open_target(address: Address, source: Source, kind: str, work: WorkFolder) -> Iterator[OdbcTarget]:
    """See contracts.Server. Raises TargetError unless the target has the tables of the source, and no row."""
    if not isinstance(source, OdbcSource):
        raise SettingError(
            f"an {address.scheme}:// target takes what was read by ODBC, not a {source.kind}; name a file as the target"
        )
    link, speaks = _linked(address, TargetError, readonly=False)
    try:
        dialect = dialect_of(speaks)
        if not dialect.LOADS or dialect.name != source.dialect.name:
            raise SettingError(
                f"{address} is a {speaks} database, which cannot be loaded from {source.input.name}; both have to be"
                " SQL Server, PostgreSQL, or MariaDB or MySQL"
            )
        dialect.open_target(link)
        if dialect.identity(link) == source.dialect.identity(source.link):
            raise TargetError(f"{address} is the source; name another database")
        tables = dialect.stored(link)
        require_same(link, source.tables, tables)
        require_empty(link, dialect, tables)
        yield OdbcTarget(str(address), source, link, dialect, speaks)
    finally:
        link.close()


def _linked(address: Address, side: type[AnonymizerError], readonly: bool) -> tuple[Link, str]:
    connection = connect(address, side, readonly)
    return Link(connection, str(address), side), spoken(connection)


class OdbcTarget:
    """See contracts.Target: all that is loaded stays in one open transaction until it is published."""

    path = Path("/nonexistent/odbc")
    warnings: tuple[str, ...] = ()

    def __init__(self, name: str, source: OdbcSource, link: Link, dialect: Dialect, speaks: str) -> None:
        self._name, self._source, self._link = name, source, link
        self._dialect, self._speaks = dialect, speaks
        self._loading: OdbcSink | None = None

    def sink(self, store: Store, source: Source) -> Sink:
        """See contracts.Target."""
        if store.NAME != STORE or source.input is not self._source.input:
            raise InternalError("an ODBC target takes the rows of the source that it was opened for")
        self._loading = OdbcSink(self._source, self._link, self._dialect)
        return self._loading

    def written(self) -> Input:
        """See contracts.Target: what the open transaction sees."""
        return OdbcInput(self._name, self._link, self._speaks, pairing=self._sink().numbered)

    def proofs(self) -> tuple[CheckResult, ...]:
        """See contracts.Target: the checks read the open transaction itself."""
        return ()

    def publish(self) -> None:
        """See contracts.Target."""
        self._sink().commit()

    def _sink(self) -> OdbcSink:
        if self._loading is None:
            raise InternalError("nothing was loaded yet")
        return self._loading
