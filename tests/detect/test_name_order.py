"""Columns of whole names that begin with the surname are noticed, and their rule says so."""

from __future__ import annotations

import pyarrow as pa

from anonymizer import detect, planning, rulefile
from anonymizer.detect.name_order import surname_first_and_last
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.rulefile import write_rules

STAFF, CALLS = TableName("", "staff"), TableName("", "calls")
SURNAME_FIRST = ["Peeters Jan", "Janssens Els", "Maes Karel", "De Smet Lotte", "Martin Thomas", "Claes Wim"]
NAME_FIRST = ["Jan Peeters", "Els Janssens", "Karel Maes", "Lotte De Smet", "Thomas Martin", "Wim Claes"]
UNTOLD = ["Martin Thomas", "Simon Laurent", "Thomas Simon", "Laurent Martin", "Martin Simon", "Simon Thomas"]
PACKS = rulefile.find_packs(rulefile.shipped_packs())


def column(name: str) -> Column:
    return Column(name, "varchar(80)", TypeFamily.TEXT, 80)


def rules(staff: list[str], calls: list[str], keys: tuple[ForeignKey, ...] = ()) -> str:
    schema = Schema(
        (Table(STAFF, (column("full_name"),)), Table(CALLS, (column("caller_full_name"),), foreign_keys=keys))
    )
    samples = {STAFF: {"full_name": pa.array(staff)}, CALLS: {"caller_full_name": pa.array(calls)}}
    return write_rules(planning.propose(schema, detect.find(schema, samples, PACKS), PACKS), {}, ())


def test_only_names_whose_words_leave_no_doubt_are_counted():
    assert surname_first_and_last(pa.array([*SURNAME_FIRST, "Peeters, Jan", "Peeters J.", None])) == (5, 0)
    assert surname_first_and_last(pa.array(NAME_FIRST)) == (0, 5)
    assert surname_first_and_last(pa.array(UNTOLD)) == (0, 0)


def test_a_column_that_begins_with_the_surname_gets_that_order_in_its_rule():
    text = rules(SURNAME_FIRST, NAME_FIRST)
    assert "full_name: {as: full_name, order: last_first}" in text
    assert text.count("order") == 1


def test_a_column_that_does_not_tell_takes_the_order_of_the_others():
    assert rules(SURNAME_FIRST, UNTOLD).count("order: last_first") == 2
    assert "order" not in rules(NAME_FIRST, UNTOLD)


def test_two_columns_that_a_foreign_key_joins_keep_one_decision():
    key = ForeignKey(("caller_full_name",), STAFF, ("full_name",))
    assert "order" not in rules(SURNAME_FIRST, SURNAME_FIRST, (key,))


def test_the_proposed_rule_is_one_that_can_be_read_again(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(rules(SURNAME_FIRST, NAME_FIRST), "utf-8")
    written = rulefile.read_rules(path)
    assert not rulefile.lint(written, *rulefile.Grammar.of(planning.transforms()))
    assert written.tables[STAFF].columns["full_name"].parameters == {"order": "last_first"}
