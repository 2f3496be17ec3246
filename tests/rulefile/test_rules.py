"""Rule files say what is wrong, where, and what was probably meant; and they survive being written and read again."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import rulefile
from anonymizer.errors import RuleError
from anonymizer.model.rules import Action, Decision, Relation, RuleFile, TableRules
from anonymizer.model.schema import ColumnName, TableName

GOOD = """\
# what we know of this customer
format: 1
database: acme
scope: acme
purpose: {text: "reproduce a bug", expires: 2027-01-31}
packs: [personal]
tables:
  crm.customer:
    columns:
      first_name: first_name   # decided with the customer
      no: {as: permute, why: "on every document", digits: 6}
      NO: {keep: true, why: "the country, not a boolean"}
    keep: [id, on, "odd name"]
  log.mail: {rows: none, why: "mails to real people"}
relations:
  - sales.order.mail -> crm.customer.first_name
  - sales.line.(company, no) -> sales.order.(company, no)
"""


def read(tmp_path: Path, text: str) -> RuleFile:
    file = tmp_path / "acme.rules.yaml"
    file.write_text(text, encoding="utf-8")
    return rulefile.read_rules(file)


def test_every_decision_is_read_with_its_line(tmp_path: Path):
    rules = read(tmp_path, GOOD)
    customer = rules.tables[TableName("crm", "customer")]
    assert customer.columns["first_name"].transform == "first_name"
    assert str(customer.columns["first_name"].place).endswith("acme.rules.yaml:10")
    assert customer.columns["no"] == Decision(
        Action.REPLACE, "permute", {"digits": 6}, "on every document", place=customer.columns["no"].place
    )
    assert [name for name, d in customer.columns.items() if d.action is Action.KEEP] == ["NO", "id", "on", "odd name"]
    assert rules.tables[TableName("log", "mail")].rows == "none"
    assert rules.relations[1].columns == ("company", "no")
    assert rules.expires == "2027-01-31"


@pytest.mark.parametrize(
    ("spoil", "line", "says"),
    [
        (("tables:", "tabels:"), 7, "did you mean tables?"),
        (("format: 1", "format: 9"), 2, "format 1"),
        (("    keep: [id", "    keep: [no, id"), 13, "decided twice"),
        (("rows: none", "rows: some"), 14, "neither all nor none"),
        (("NO: {keep: true", "NO: {keep: yes"), 12, "neither true nor false"),
        (("{as: permute", "{is: permute"), 11, "neither `as` nor `keep`"),
        (("-> crm.customer.first_name", "- crm.customer"), 16, "a relation reads"),
        (("scope: acme", "database: acme"), 4, "stands twice"),
        (("2027-01-31", "next year"), 5, "no date"),
        (("(company, no) -> sales.order.(company, no)", "(company, no) -> sales.order.(company)"), 17, "joins 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, spoil: tuple[str, str], line: int, says: str):
    assert spoil[0] in GOOD
    with pytest.raises(RuleError) as caught:
        read(tmp_path, GOOD.replace(*spoil))
    assert any(f"acme.rules.yaml:{line}: " in told and says in told for told in str(caught.value).split("\n"))


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    with pytest.raises(RuleError) as caught:
        read(tmp_path, GOOD.replace("scope:", "skope:").replace("rows: none", "rows: some"))
    assert len(str(caught.value).split("\n")) == 2


def test_an_included_file_adds_tables_and_cannot_include_itself(tmp_path: Path):
    (tmp_path / "hr.yaml").write_text("format: 1\ntables:\n  hr.employee: {keep: [id]}\n", encoding="utf-8")
    rules = read(tmp_path, GOOD + "include: [hr.yaml]\n")
    assert TableName("hr", "employee") in rules.tables
    with pytest.raises(RuleError, match="includes itself"):
        read(tmp_path, GOOD + "include: [acme.rules.yaml]\n")


def test_laying_out_keeps_comments_and_is_done_in_one_go():
    once = rulefile.format_rules(GOOD)
    assert "# what we know of this customer" in once
    assert "# decided with the customer" in once
    assert rulefile.format_rules(once) == once


def test_editors_get_a_schema_that_agrees_with_the_reader(tmp_path: Path):
    validator = jsonschema.Draft202012Validator(rulefile.json_schema())
    plain = yaml.load(GOOD, Loader=yaml.BaseLoader)
    plain["format"] = 1
    del plain["tables"]["crm.customer"]["columns"]["NO"]
    assert not list(validator.iter_errors(plain))
    for spoilt in ({**plain, "tabels": {}}, {**plain, "format": 2}, {**plain, "tables": {"a": {"rows": "some"}}}):
        assert list(validator.iter_errors(spoilt))


def test_every_shipped_pack_is_valid_and_gives_every_category_something_to_happen():
    from anonymizer.model.finding import CATEGORIES

    packs = rulefile.find_packs(rulefile.shipped_packs())
    assert {"personal", "belgium", "credentials"} <= {pack.name for pack in packs}
    assert set(CATEGORIES) == {category for pack in packs for category in pack.defaults} & set(CATEGORIES)
    for pack in packs:
        assert all(d.why for d in pack.defaults.values() if d.action is Action.KEEP), "a default keep gives no reason"


def test_a_packs_unknown_category_is_told_with_its_line(tmp_path: Path):
    (tmp_path / "own.yaml").write_text("pack: own\nversion: 1\ndefaults:\n  fist_name: masked\n", encoding="utf-8")
    with pytest.raises(RuleError, match=r"own.yaml:4: there is no category fist_name; did you mean first_name"):
        rulefile.find_packs(["own"], tmp_path)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
WHYS = st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
DECISIONS = st.one_of(
    st.builds(
        Decision,
        st.just(Action.REPLACE),
        st.sampled_from(["email", "masked", "true", "null"]),
        st.dictionaries(st.sampled_from(["shift", "to"]), st.one_of(st.integers(), st.booleans(), NAMES), max_size=2),
        WHYS,
    ),
    st.builds(Decision, st.just(Action.KEEP), why=WHYS),
    st.just(Decision(Action.UNDECIDED)),
)


@given(st.dictionaries(st.tuples(NAMES, NAMES), st.dictionaries(NAMES, DECISIONS, max_size=5), max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, tables: dict):
    sections = {TableName(*name): TableRules(TableName(*name), columns) for name, columns in tables.items()}
    relation = Relation(TableName("a", "b c"), ("x",), TableName("", "d"), ("y.z",))
    written = RuleFile("x", sections, relations=(relation,), packs=("personal",))
    comments = {ColumnName(t, c): "0.97 because\nof its name" for t, s in sections.items() for c in s.columns}
    text = rulefile.write_rules(written, comments)
    back = read(tmp_path_factory.mktemp("rules"), text)
    assert {t: {c: strip(d) for c, d in s.columns.items()} for t, s in back.tables.items()} == {
        t: {c: strip(d) for c, d in s.columns.items()} for t, s in sections.items()
    }
    assert back.relations[0].referenced == ("y.z",)
    assert rulefile.write_rules(back, comments).count("\n") == text.count("\n")


def strip(decision: Decision) -> tuple:
    return decision.action, decision.transform, dict(decision.parameters), decision.why
