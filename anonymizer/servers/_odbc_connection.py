"""Connecting by ODBC: the driver found, the connection string built, the password kept off the command line."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anonymizer.errors import AnonymizerError, SettingError
from anonymizer.model.address import Address
from anonymizer.stores._odbc.link import code, driver_manager

_PASSED = {
    name.lower(): name
    for name in (
        "Encrypt TrustServerCertificate ServerCertificate HostNameInCertificate Authentication Trusted_Connection"
        " MultiSubnetFailover ServerSPN SSLmode SSLCA SSLCert SSLKey SSLVerify Socket LoginTimeout TDS_Version"
    ).split()
}
"""Options of an address that are handed to the driver, as it spells them."""
_OWN = ("driver", "dsn")
_PASSWORDS = {"mssql": ("MSSQL_PASSWORD", "SQLCMDPASSWORD", "ODBC_PASSWORD"), "odbc": ("ODBC_PASSWORD",)}
_STREAMING = {
    "psqlodbc": {"UseDeclareFetch": "1", "Fetch": "100", "Protocol": "7.4-1", "LFConversion": "0", "BoolsAsChar": "1"},
    "libmaodbc": {"FORWARDONLY": "1", "NO_CACHE": "1", "CHARSET": "utf8mb4"},
    "libmyodbc": {"FORWARD_CURSOR": "1", "NO_CACHE": "1"},
}
"""What keeps a driver from fetching a whole result into memory, and from changing it, by the start of its file name."""
_CUTS_WIDE_TEXT = "libmaodbc"
"""MariaDB Connector/ODBC 3.1.15 miscounts characters in UTF-16 ("Último" loses its last letter); UTF-8 is exact."""
_SQL_SERVER = ("ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server")
_TIMEOUT_SECONDS = 30


def connect(address: Address, side: type[AnonymizerError], readonly: bool) -> Any:
    """An open connection, no transaction begun. Raises SettingError, or `side` for what the driver says."""
    pyodbc = driver_manager()
    unknown = sorted(option for option in address.options if option.lower() not in (*_OWN, *_PASSED))
    if unknown:
        known = ", ".join((*_OWN, *_PASSED.values()))
        raise SettingError(f"the {address.scheme}:// address has an option that is not known; known are {known}")
    attributes = _attributes(address, pyodbc, readonly)
    connection = _opened(pyodbc, address, attributes, side, readonly)
    driver = str(connection.getinfo(pyodbc.SQL_DRIVER_NAME)).lower()
    streaming = next((more for name, more in _STREAMING.items() if driver.startswith(name)), None)
    if streaming is not None:
        attributes |= {**streaming, **{k: v for k, v in attributes.items() if k == "PWD"}}
        connection.close()
        connection = _opened(pyodbc, address, attributes, side, readonly)
    if driver.startswith(_CUTS_WIDE_TEXT):
        connection.setencoding("utf-8", ctype=pyodbc.SQL_CHAR)
        for kind in (pyodbc.SQL_CHAR, pyodbc.SQL_WCHAR):
            connection.setdecoding(kind, encoding="utf-8", ctype=pyodbc.SQL_CHAR)
    return connection


def _attributes(address: Address, pyodbc: Any, readonly: bool) -> dict[str, str]:
    """The connection string's parts, without a password that has to be asked for."""
    options = {name.lower(): value for name, value in address.options.items()}
    found: dict[str, str] = {}
    if address.scheme == "mssql":
        if not address.host:
            raise SettingError("a mssql:// address needs a host: mssql://user@host:port/database")
        found["DRIVER"] = options.get("driver") or _sql_server_driver(pyodbc)
        found["SERVER"] = f"{address.host},{address.port}" if address.port else address.host
        found["ApplicationIntent"] = "ReadOnly" if readonly else "ReadWrite"
    elif "dsn" in options or not (address.host or "driver" in options):
        found["DSN"] = options.get("dsn") or address.database
        if not found["DSN"]:
            raise SettingError(
                "the odbc:// address names no data source: odbc:///NAME, or odbc://user@host/database?driver=…"
            )
    else:
        if "driver" not in options:
            raise SettingError(
                "the odbc:// address names no driver: add ?driver=…; installed are"
                f" {', '.join(pyodbc.drivers()) or 'none'}"
            )
        found["DRIVER"] = options["driver"]
        found |= {"SERVER": address.host} if address.host else {}
        found |= {"PORT": str(address.port)} if address.port else {}
    if address.database and found.get("DSN") != address.database:
        found["DATABASE"] = address.database
    if address.user:
        found["UID"] = address.user
    found |= {_PASSED[name]: value for name, value in options.items() if name in _PASSED}
    password = next((os.environ[name] for name in _PASSWORDS[address.scheme] if os.environ.get(name)), None)
    return found | ({"PWD": password} if password is not None and address.user else {})


def _opened(
    pyodbc: Any, address: Address, attributes: dict[str, str], side: type[AnonymizerError], readonly: bool
) -> Any:
    try:
        return _connected(pyodbc, attributes, readonly)
    except pyodbc.Error as error:
        asked = address.user and "PWD" not in attributes and sys.stdin.isatty()
        if not asked:
            raise _fault(address, error, side) from None
    attributes["PWD"] = getpass.getpass(f"Password of {address.user} at {address}: ")
    try:
        return _connected(pyodbc, attributes, readonly)
    except pyodbc.Error as error:
        raise _fault(address, error, side) from None


def _connected(pyodbc: Any, attributes: Mapping[str, str], readonly: bool) -> Any:
    string = ";".join(f"{name}={_escaped(name, value)}" for name, value in attributes.items())
    return pyodbc.connect(string, autocommit=False, readonly=readonly, timeout=_TIMEOUT_SECONDS)


def _escaped(name: str, value: str) -> str:
    """A value as connection strings write it; some drivers take braces literally, so they stand only where needed."""
    if name == "DRIVER" or ";" in value or value.startswith("{") or value != value.strip():
        return "{" + value.replace("}", "}}") + "}"
    return value


def _fault(address: Address, error: Any, side: type[AnonymizerError]) -> AnonymizerError:
    state = code(error)
    advice = "look at its host, port, database and driver"
    if "IM002" in state or "01000" in state:
        advice = "the driver or data source is not installed; odbcinst -q -d and odbcinst -q -s list them"
    elif "SQLSTATE 28" in state:
        names = " or ".join(_PASSWORDS[address.scheme])
        advice = f"the user or the password is refused; the password comes from {names} or the data source"
    return side(f"{address} cannot be reached ({state}): {advice}")


def _sql_server_driver(pyodbc: Any) -> str:
    """Microsoft's driver as it is installed, or as the package mssql-python-odbc brings it."""
    installed = pyodbc.drivers()
    for name in _SQL_SERVER:
        if name in installed:
            return name
    with suppress(ImportError, ValueError):
        spec = find_spec("mssql_python_odbc")
        if spec is not None and spec.origin:
            found = packaged_driver(Path(spec.origin).parent)
            if found:
                return found
    raise SettingError(
        "Microsoft's ODBC driver for SQL Server is not installed: install msodbcsql18, or pip install mssql-python, or"
        " name another one by ?driver=…"
    )


def packaged_driver(folder: Path) -> str | None:
    """The driver's file in the folder of the package, for this system and machine."""
    found = sorted((folder / "libs" / system_folder()).glob("lib/libmsodbcsql*"))
    return str(found[-1]) if found else None


def system_folder() -> str:
    """Where the package keeps the driver for this system and machine, below its `libs`."""
    machine = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        return f"macos/{machine}"
    release = Path("/etc/os-release")
    told = release.read_text("utf-8").lower() if release.exists() else ""
    return f"linux/{'debian_ubuntu' if 'debian' in told else 'suse' if 'suse' in told else 'rhel'}/{machine}"
