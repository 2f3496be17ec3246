"""Detection as a whole: what holds for every schema and every value."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.contracts import Rows
from anonymizer.detect import find, sample_of
from anonymizer.detect._weigh import logit, opinion, weight
from anonymizer.model.finding import CATEGORIES, NOT_PERSONAL, Evidence, Verdict
from anonymizer.model.schema import Schema, Table, TableName
from tests.detect.builders import FAMILIES, categories, column, detect, packs, table, values

CANARY = "Qzcanary"
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
carriers = st.sampled_from(
    [
        "{}",
        "{}@voorbeeld.example",
        "https://{}.example",
        "$2b$12${}",
        "\\x{}",
        "Jan {}",
        "{} 1990-01-01",
        "+32 {}",
        "{{{}}}",
    ]
)
kinds = st.sampled_from(sorted(FAMILIES))
names = st.sampled_from(
    ["email", "voornaam", "c17", "notes", "geboortedatum", "iban", "password", "naam", "description"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, kinds, st.lists(st.tuples(carriers, words), max_size=8)), min_size=1, max_size=5))
def test_no_finding_ever_holds_a_value(columns):
    made, sample = [], {}
    for number, (name, kind, filled) in enumerate(columns):
        made.append(f"{name}{number} {kind}")
        sample[f"{name}{number}"] = [carrier.format(CANARY) + word for carrier, word in filled] + [None]
    found = detect(table("x", *made), samples={"x": values(**sample)})
    assert CANARY.lower() not in repr(found).lower()
    for finding in found.values():
        assert finding.category in CATEGORIES + NOT_PERSONAL
        assert 0 < finding.confidence < 1
        assert finding.evidence
        assert (finding.verdict is Verdict.NOT_PERSONAL) == (finding.category in NOT_PERSONAL)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(max_size=40), kinds)
def test_any_name_is_read_without_a_mistake_and_twice_alike(table_name, column_name, kind):
    of = table(table_name, column(f"x {kind}"), column("y varchar"))
    of = Table(of.name, (of.columns[0], column("y")), comment=column_name)
    odd = Table(TableName("", table_name), (*of.columns, type(of.columns[0])(column_name, kind, FAMILIES[kind])))
    assert find(Schema((odd,)), {}, packs()) == find(Schema((odd,)), {}, packs())


def test_every_column_has_one_finding_in_the_order_of_the_schema():
    of = [table("b", "x", "y"), table("a", "z")]
    schema = Schema(tuple(of))
    assert [f.column for f in find(schema, {}, packs())] == [
        (t.name, c.name) for t, c in schema.columns()
    ]  # fmt: skip


def test_a_partitioned_table_is_judged_by_the_rows_of_its_partitions():
    root = Table(TableName("", "log"), (column("c17"),), partition_key=("c17",))
    part = Table(TableName("", "log_1"), (column("c17"),), partition_of=root.name)
    samples = {part.name: values(c17=[f"a{n}@voorbeeld.example" for n in range(10)])}
    (finding,) = find(Schema((root, part)), samples, packs())
    assert (finding.column.table, finding.category) == (root.name, "email")


def test_without_packs_the_values_still_speak():
    of = table("x", "c17")
    samples = {of.name: values(c17=[f"a{n}@voorbeeld.example" for n in range(10)])}
    (finding,) = find(Schema((of,)), samples, ())
    assert finding.category == "email"


def test_a_schema_of_many_tables_is_found_out_without_rows():
    tables = [table(f"klant_{n}", "id int", "voornaam", "email", "bedrag numeric", "status") for n in range(300)]
    found = detect(*tables)
    assert sum(f.verdict is Verdict.PERSONAL for f in found.values()) == 600


def test_company_decides_doubtful_names():
    assert categories(table("x", "name")) == {}
    assert categories(table("x", "name", "vorname", "geburtsdatum date"))["name"] == "last_name"
    assert "city" not in categories(table("x", "plaats", "lengte numeric"))
    assert categories(table("x", "plaats", "postcode", "straat"))["plaats"] == "city"


def test_a_text_of_unknown_meaning_among_personal_columns_is_left_to_a_person():
    found = detect(table("x", "voornaam", "achternaam", "email", "zwirbel"))
    assert found["x.zwirbel"].verdict is Verdict.REVIEW
    assert detect(table("x", "zwirbel"))["x.zwirbel"].verdict is Verdict.NOT_PERSONAL


def test_one_piece_of_evidence_makes_a_category_as_likely_as_its_confidence():
    for confidence in (0.1, 0.5, 0.9, 0.99):
        made = opinion([Evidence("email", weight("email", confidence), "w", "s")])
        assert abs(made.personal - confidence) < 1e-9
    assert logit(0.5) == 0


def test_samples_are_put_together_and_bounded():
    name = TableName("", "x")
    batch = pa.record_batch({"a": pa.array([str(n) for n in range(8)])})
    sampled = sample_of([Rows(name, batch), Rows(name, batch), Rows(name, batch)], limit=10)
    assert sampled[name]["a"].to_pylist() == [str(n % 8) for n in range(10)]
    assert sample_of([], limit=10) == {}
