"""How an ODBC database is reached: what the driver is told, and where the password comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anonymizer import servers
from anonymizer.errors import SettingError, SourceError
from anonymizer.model.address import Address
from anonymizer.servers import _odbc_connection as connection
from anonymizer.workspace import Workspace
from tests.fix_odbc import require_driver


class Refused(Exception):
    """What the driver raises."""


class Manager:
    """Stands for pyodbc: keeps the connection strings it is given."""

    Error = Refused
    SQL_DRIVER_NAME = 6

    def __init__(self, driver: str, needs: str = "") -> None:
        self.strings: list[str] = []
        self.options: list[dict[str, Any]] = []
        self._driver, self._needs = driver, needs

    def drivers(self) -> list[str]:
        return ["ODBC Driver 18 for SQL Server", "PostgreSQL Unicode"]

    def connect(self, string: str, **options: Any) -> Any:
        self.strings.append(string)
        self.options.append(options)
        if self._needs not in string:
            raise Refused("28000", "[28000] [Microsoft] Login failed for user 'jan'. (18456) (SQLDriverConnect)")
        return SimpleNamespace(getinfo=lambda what: self._driver, close=lambda: None)


@pytest.fixture(autouse=True)
def no_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ODBC_PASSWORD", "MSSQL_PASSWORD", "SQLCMDPASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager("libmsodbcsql-18.so")
    monkeypatch.setattr(connection, "driver_manager", lambda: made)
    return made


def connected(text: str, readonly: bool = True) -> Any:
    return connection.connect(Address.parse(text), SourceError, readonly)


def test_sql_server_is_reached_by_microsofts_driver_and_told_that_it_is_read_only(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MSSQL_PASSWORD", "s3cret;}x")
    connected("mssql://jan@db.example:1433/crm?TrustServerCertificate=yes&encrypt=strict")
    assert manager.strings == [
        "DRIVER={ODBC Driver 18 for SQL Server};SERVER=db.example,1433;ApplicationIntent=ReadOnly;DATABASE=crm;UID=jan;"
        "TrustServerCertificate=yes;Encrypt=strict;PWD={s3cret;}}x}"
    ]
    assert manager.options[0]["readonly"] is True
    assert manager.options[0]["autocommit"] is False


def test_a_data_source_brings_its_own_password_and_a_target_may_be_written(manager: Manager):
    connected("odbc:///Boekhouding", readonly=False)
    assert manager.strings == ["DSN=Boekhouding"]
    assert manager.options[0]["readonly"] is False


def test_the_driver_of_an_odbc_address_is_named_and_postgresql_is_read_in_pieces(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(manager, "_driver", "psqlodbcw.so")
    monkeypatch.setenv("ODBC_PASSWORD", "s3cret")
    connected("odbc://jan@db.example/crm?driver=PostgreSQL%20Unicode&sslmode=verify-full")
    assert "UseDeclareFetch=1" in manager.strings[-1]
    assert "SSLmode=verify-full" in manager.strings[-1]
    with pytest.raises(SettingError, match="installed are ODBC Driver 18 for SQL Server, PostgreSQL Unicode"):
        connected("odbc://jan@db.example/crm")


@pytest.mark.parametrize("option", ["UID=x", "ApplicationIntent=ReadWrite", "Server=evil", "DriverX=1"])
def test_options_that_are_not_known_are_refused(manager: Manager, option: str):
    with pytest.raises(SettingError, match="option that is not known"):
        connected(f"mssql://db.example/crm?{option}")
    assert manager.strings == []


@pytest.mark.parametrize("text", ["mssql:///crm", "odbc://"])
def test_an_address_that_names_nothing_is_refused(manager: Manager, text: str):
    with pytest.raises(SettingError, match=r"needs a host|names no data source"):
        connected(text)


def test_a_refused_login_tells_the_codes_and_nothing_that_the_driver_says(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(manager, "_needs", "PWD=")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(SourceError, match=r"SQLSTATE 28000, error 18456.*MSSQL_PASSWORD") as refused:
        connected("mssql://jan@db.example/crm")
    assert "Login failed" not in str(refused.value)


def test_a_password_is_asked_for_at_a_terminal_and_only_if_it_is_needed(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    asked: list[str] = []
    monkeypatch.setattr(connection.getpass, "getpass", lambda prompt: asked.append(prompt) or "typed")
    connected("mssql://jan@db.example/crm")
    assert asked == []
    monkeypatch.setattr(manager, "_needs", "PWD=typed")
    connected("mssql://jan@db.example/crm")
    assert asked == ["Password of jan at mssql://jan@db.example/crm: "]


def test_the_driver_inside_microsofts_python_package_is_found(tmp_path: Path):
    system = connection.system_folder()
    file = tmp_path / "libs" / system / "lib" / "libmsodbcsql-18.6.so.2.1"
    file.parent.mkdir(parents=True)
    file.touch()
    assert connection.packaged_driver(tmp_path) == str(file)
    assert connection.packaged_driver(tmp_path / "nothing") is None


def test_a_server_that_is_not_there_is_an_error_of_one_sentence(tmp_path: Path):
    require_driver("PostgreSQL Unicode")
    with Workspace() as work:
        with (
            pytest.raises(SourceError, match=r"odbc://jan@127\.0\.0\.1:1/crm cannot be reached \(SQLSTATE"),
            servers.open_source("odbc://jan@127.0.0.1:1/crm?driver=PostgreSQL%20Unicode", work),
        ):
            pass
        with (
            pytest.raises(SourceError, match=r"not installed; odbcinst"),
            servers.open_source("odbc:///no-such-source", work),
        ):
            pass


def test_without_a_driver_manager_the_sentence_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    says = pytest.raises(SettingError, match="apt-get install unixodbc")
    with Workspace() as work, says, servers.open_source("odbc:///anything", work):
        pass
