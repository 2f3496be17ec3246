"""Addresses of live databases: told from files, and never with a password."""

from __future__ import annotations

import pytest

from anonymizer import servers
from anonymizer.errors import SettingError
from anonymizer.model.address import Address
from anonymizer.workspace import Workspace


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("postgresql://db/crm", True),
        ("dump.sql", False),
        ("C:\\dumps\\crm.sql", False),
        ("-", False),
        ("a/b://c", False),
    ],
)
def test_an_address_is_told_from_a_path(text: str, is_one: bool):
    assert servers.is_address(text) is is_one


def test_an_address_is_read_with_its_escapes_and_options():
    address = Address.parse("postgresql://jan%40crm@db.example:5433/acme%20erp?sslmode=require")
    assert (address.user, address.host, address.port) == ("jan@crm", "db.example", 5433)
    assert address.database == "acme erp"
    assert address.options == {"sslmode": "require"}


@pytest.mark.parametrize(
    "text", ["postgresql://someone:hunter2@host/db", "postgresql://host/db?password=hunter2", "odbc:///db?PWD=hunter2"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str):
    with pytest.raises(ValueError, match="leave it out") as caught:
        Address.parse(text)
    assert "hunter2" not in str(caught.value)


def test_an_address_of_an_unknown_kind_is_refused_without_its_password():
    with Workspace() as workspace, pytest.raises(SettingError) as caught:
        servers.open_source("nosuchdb://someone:hunter2@host/db", workspace)
    assert "hunter2" not in str(caught.value)
    assert "nosuchdb" in str(caught.value)
