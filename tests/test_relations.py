"""Keys that are permuted join as before, in every shape in which they are written, as the real PostgreSQL sees it."""

from __future__ import annotations

from pathlib import Path

from anonymizer import api
from tests.fix_postgres import Database

SCHEMA = """
CREATE SCHEMA crm;
CREATE TABLE crm.customer (id integer PRIMARY KEY, parent integer REFERENCES crm.customer);
CREATE TABLE crm.orders (no integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES crm.customer);
CREATE TABLE crm.old_order (customer_no text);
CREATE TABLE crm.note (ref_id integer);
CREATE TABLE crm.team (name text, member_ids integer[]);
CREATE TABLE crm.event (payload jsonb, raw json);
INSERT INTO crm.customer SELECT n, nullif(n / 2, 0) FROM generate_series(1, 300) n;
INSERT INTO crm.orders SELECT 1000 + n, 1 + n * 7 % 300 FROM generate_series(1, 500) n;
INSERT INTO crm.old_order SELECT (1 + n * 3 % 400)::text FROM generate_series(1, 200) n;
INSERT INTO crm.note SELECT CASE WHEN n % 2 = 0 THEN n ELSE 1000 + n END FROM generate_series(1, 200) n;
INSERT INTO crm.team SELECT 'team ' || n, ARRAY[n, n + 1, 500 + n] FROM generate_series(1, 100) n;
INSERT INTO crm.event SELECT jsonb_build_object('customer_id', n, 'seen', jsonb_build_array(n), 'tail', 'x' || n),
  json_build_object('who', json_build_object('customer_id', n::text)) FROM generate_series(1, 350) n;
"""
RULES = """format: 1
scope: test
tables:
  crm.customer: {columns: {id: permute, parent: permute}}
  crm.orders: {columns: {no: permute, customer_id: permute}}
  crm.old_order: {columns: {customer_no: permute}}
  crm.note: {columns: {ref_id: permute}}
  crm.team: {columns: {member_ids: permute}, keep: [name]}
  crm.event:
    columns:
      payload: {as: json, values: "customer_id: permute domain DOMAIN", others: keep, why: "nobody is in it"}
      raw: {as: json, values: "who.customer_id: permute domain DOMAIN", others: keep, why: "nothing else is in it"}
relations:
  - crm.old_order.customer_no -> crm.customer.id
  - crm.note.ref_id -> crm.orders.no
  - crm.note.ref_id -> crm.customer.id
  - crm.team.member_ids -> crm.customer.id
"""
JOINS = {
    "declared": "crm.orders o JOIN crm.customer c ON c.id = o.customer_id",
    "self": "crm.customer a JOIN crm.customer b ON b.id = a.parent",
    "confirmed, text to number": "crm.old_order o JOIN crm.customer c ON c.id::text = o.customer_no",
    "polymorphic, first": "crm.note n JOIN crm.customer c ON c.id = n.ref_id",
    "polymorphic, second": "crm.note n JOIN crm.orders o ON o.no = n.ref_id",
    "array": "crm.team t JOIN crm.customer c ON c.id = ANY (t.member_ids)",
    "jsonb": "crm.event e JOIN crm.customer c ON c.id = (e.payload->>'customer_id')::int",
    "json": "crm.event e JOIN crm.customer c ON c.id::text = e.raw->'who'->>'customer_id'",
    "json to json": "crm.event e JOIN crm.event f ON f.payload->>'customer_id' = e.raw->'who'->>'customer_id'",
}


def counts(database: Database) -> dict[str, str]:
    return {name: database.query(f"SELECT count(*) FROM {join}")[0][0] for name, join in JOINS.items()}


def test_permuted_keys_join_as_before_in_every_shape(database: Database, postgres: Database, tmp_path: Path):
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA)
    dump = database.dump(tmp_path / "before.sql", "--no-owner")
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("DOMAIN", "crm.customer.id"))
    before = counts(database)
    result = api.run(dump, tmp_path / "after.sql", rules)
    assert result.published
    database.tool("psql", "-X", "-q", "-c", "DROP SCHEMA crm CASCADE")
    database.restore_plain(tmp_path / "after.sql")
    assert counts(database) == before
    assert database.query("SELECT count(*) FROM crm.event WHERE payload->>'tail' LIKE 'x%'") == [["350"]]
    moved = database.query("SELECT payload->>'customer_id', payload->>'tail' FROM crm.event")
    assert sum(tail != f"x{customer}" for customer, tail in moved) > 300
