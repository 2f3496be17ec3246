"""What may stand in a dump beside its rows: all that pg_dump writes, and nothing that could hold a secret or a row."""

from __future__ import annotations

import pytest

from anonymizer.errors import SourceError
from anonymizer.stores._pg.statements import check_command, check_statement, holds_secret

SECRET = "Wilhelmina"


@pytest.mark.parametrize("statement", [
    "SELECT pg_catalog.set_config('search_path', '', false);",
    "SELECT set_config('statement_timeout', '0', false);",
    "SELECT pg_catalog.setval('public.t_id_seq', 17, true);",
    "SET default_table_access_method = heap;",
    "ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);",
    "ALTER TABLE public.t ALTER COLUMN a TYPE integer USING a::integer;",
    "ALTER TABLE public.t ADD CONSTRAINT c EXCLUDE USING gist (period WITH &&) WHERE (kind = 'x');",
    "ALTER TABLE public.t ADD CONSTRAINT c CHECK (type = 'x');",
    "CREATE SCHEMA sales;", "CREATE SCHEMA IF NOT EXISTS sales AUTHORIZATION clerk;", 'CREATE SCHEMA "create view";',
    "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (\n    dbname 'x',\n    host 'y',\n    port '5432'\n);",
    "CREATE FOREIGN TABLE f (a text OPTIONS (column_name 'b')) SERVER s OPTIONS (schema_name 'p', table_name 't');",
    "CREATE FOREIGN DATA WRAPPER w HANDLER public.h VALIDATOR public.v;",
    "CREATE ROLE clerk;", "COMMENT ON TABLE t IS 'the password is elsewhere';",
])  # fmt: skip
def test_what_pg_dump_writes_may_pass(statement: str):
    check_statement(statement.encode(), 7)


@pytest.mark.parametrize("statement", [
    f"SELECT set_config('app.user', '{SECRET}', false);",
    f"SELECT pg_catalog.set_config('application_name', '{SECRET}', false);",
    f"SET app.token = '{SECRET}';", f"SET SESSION \"app\".token TO '{SECRET}';",
    f"ALTER TABLE public.t ALTER COLUMN a TYPE text USING '{SECRET}';",
    f"ALTER TABLE public.t ALTER a SET DATA TYPE text /* x */ USING coalesce(a, $${SECRET}$$);",
    f"CREATE SCHEMA s CREATE TABLE t (a text DEFAULT '{SECRET}') CREATE VIEW v AS SELECT 1;",
    "CREATE SCHEMA AUTHORIZATION clerk GRANT SELECT ON t TO other;",
    f"CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'y', passcode '{SECRET}');",
    f"ALTER SERVER s OPTIONS (ADD api_key '{SECRET}');",
    f"CREATE FOREIGN TABLE f (a text) SERVER s OPTIONS (\"token\" '{SECRET}');",
    f"CREATE FOREIGN DATA WRAPPER w OPTIONS (key '{SECRET}');",
    f"CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host E'{SECRET}');",
    f"CREATE USER MAPPING FOR clerk SERVER s OPTIONS (passcode '{SECRET}');",
    f"CREATE SUBSCRIPTION s CONNECTION 'host=h sslpassword={SECRET}' PUBLICATION p;",
    f"ALTER /* x */ ROLE clerk PASSWORD '{SECRET}';", f"ALTER ROLE clerk -- x\n PASSWORD '{SECRET}';",
    f"ALTER FUNCTION f() SET app.token = '{SECRET}';",
])  # fmt: skip
def test_a_statement_that_may_hold_a_secret_or_a_row_stops_the_run_and_is_not_quoted(statement: str):
    with pytest.raises(SourceError, match="line 7: ") as caught:
        check_statement(statement.encode(), 7)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("command", [
    "\\connect shop", "\\connect \"my shop\"", "\\c shop clerk localhost 5432", "\\connect -",
    "\\c shop;", "\\unrestrict aB3dE9",
    "\\connect -reuse-previous=on \"dbname='my shop'\"", "\\encoding LATIN1", "\\restrict aB3dE9",
    "\\set ON_ERROR_STOP on", "\\set ON_ERROR_STOP", "\\set QUIET 1", "\\unset ECHO", "\\pset pager off",
    "\\timing off", "\\echo loading the rows", "\\q", "\\.",
])  # fmt: skip
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_commands_of_dumps_may_pass(command: str, end: str):
    check_command((command + end).encode(), 7)


@pytest.mark.parametrize("command", [
    f"\\set x '{SECRET}'", f"\\set customer {SECRET}", f"\\set QUIET 'two {SECRET}'",
    f"\\connect postgresql://clerk:{SECRET}@host/shop", f"\\connect \"dbname=shop password={SECRET}\"",
    f"\\connect 'host=h password={SECRET}'", f"\\c -reuse-previous=on \"dbname='shop' password='{SECRET}'\"",
    f"\\pset title 'of {SECRET}'", f"\\i {SECRET}", f"\\echo x \\i {SECRET}",
])  # fmt: skip
def test_a_command_that_may_hold_a_secret_or_rows_stops_the_run_and_is_not_quoted(command: str):
    with pytest.raises(SourceError, match="line 7: the psql command ") as caught:
        check_command(f"{command}\n".encode(), 7)
    assert SECRET not in str(caught.value)


def test_definitions_in_archives_are_held_to_the_same():
    assert holds_secret(b"CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (passcode 'x');")
    assert not holds_secret(b"CREATE TABLE public.passwords (password text);")
