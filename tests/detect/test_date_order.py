"""Columns of birth dates that have the month in front are noticed, and their rule says so."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymizer import detect, planning, rulefile
from anonymizer.detect.date_order import month_first_and_last
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.rulefile import write_rules

STAFF, CHILDREN = TableName("", "staff"), TableName("", "children")
MONTH_FIRST = ["02/19/1952", "12/08/1948", "03/04/1955"]
DAY_FIRST = ["19/02/1952", "12/08/1948", "03/04/1955"]
UNTOLD = ["12/08/1948", "03/04/1955", "07/02/1963"]
PACKS = rulefile.find_packs(rulefile.shipped_packs())


def rules(staff: list[str], children: list[str]) -> str:
    born = Column("birth_date", "datetime", TypeFamily.TIMESTAMP)
    tables = (
        Table(name, (Column("last_name", "varchar(40)", TypeFamily.TEXT, 40), born)) for name in (STAFF, CHILDREN)
    )
    schema = Schema(tuple(tables))
    names = pa.array(["Peeters", "Maes", "Claes"])
    samples = {
        STAFF: {"last_name": names, "birth_date": pa.array(staff)},
        CHILDREN: {"last_name": names, "birth_date": pa.array(children)},
    }
    return write_rules(planning.propose(schema, detect.find(schema, samples, PACKS), PACKS), {}, ())


def test_only_dates_that_can_be_read_one_way_are_counted():
    assert month_first_and_last(pa.array([*MONTH_FIRST, "1952-02-19", "19520219", "25/12/80", None])) == (1, 1)
    assert month_first_and_last(pa.array(UNTOLD)) == (0, 0)


@pytest.mark.parametrize(
    ("staff", "children", "said"),
    [(MONTH_FIRST, UNTOLD, 2), (MONTH_FIRST, DAY_FIRST, 1), (DAY_FIRST, UNTOLD, 0), (UNTOLD, UNTOLD, 0)],
)
def test_dates_with_the_month_in_front_get_that_order_in_their_rule(staff: list[str], children: list[str], said: int):
    assert rules(staff, children).count("order: mdy") == said
