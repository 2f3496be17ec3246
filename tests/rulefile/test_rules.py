"""Rule files say what is decided; when they do not, every mistake is told with its line and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import rulefile
from anonymizer.errors import RuleError
from anonymizer.model.rules import Action, Decision, RuleFile
from anonymizer.model.schema import TableName

GOOD = """\
# what we know of this customer
format: 1
database: acme
scope: acme
purpose: {text: "reproduce a bug", expires: 2027-01-31}
packs: [personal]
pseudonyms: {version: 1, locales: [nl_BE]}
tables:
  crm.customer:
    columns:
      first_name: first_name   # decided with the customer
      no: {as: permute, why: "on every document", digits: 6}
      NO: {keep: true, why: "the country, not a boolean"}
      search: null
    keep: [id, on, "odd name", 1:30, null]
    undecided: [bio]
  param.vat: {keep: [code, rate], why: system parameters}
  log.mail: {rows: none, why: "mails to real people"}
relations:
  - sales.order.mail -> crm.customer.first_name
  - sales.line.(company, no) -> sales."my order".(company, "a, b -> c")
accepted:
  - {finding: 7c1e90ab, why: "agreed with the customer", until: 2027-01-31}
domains: {email: {width: 50, unique: true}}
"""
CUSTOMER = TableName("crm", "customer")


def read(folder: Path, text: str) -> RuleFile:
    file = folder / "acme.rules.yaml"
    file.write_text(text, encoding="utf-8")
    return rulefile.read_rules(file)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(RuleError) as caught:
        read(folder, text)
    return [line.removeprefix(str(folder) + "/") for line in str(caught.value).split("\n")]


def test_every_decision_is_read_with_its_line(tmp_path: Path):
    rules = read(tmp_path, GOOD)
    assert [(a.finding, a.until, a.place.line) for a in rules.accepted if a.place] == [("7c1e90ab", "2027-01-31", 23)]
    customer = rules.tables[CUSTOMER]
    assert customer.columns["first_name"].transform == "first_name"
    assert str(customer.columns["first_name"].place).endswith("acme.rules.yaml:11")
    assert customer.columns["no"] == Decision(
        Action.REPLACE, "permute", {"digits": 6}, "on every document", place=customer.columns["no"].place
    )
    assert customer.columns["search"].transform == "null"
    assert customer.columns["bio"].action is Action.UNDECIDED
    assert rules.tables[TableName("log", "mail")].rows == "none"
    assert (rules.scope, rules.packs, rules.locales, rules.expires) == ("acme", ("personal",), ("nl_BE",), "2027-01-31")


def test_words_that_other_yaml_versions_turn_into_booleans_or_times_stay_names(tmp_path: Path):
    kept = [n for n, d in read(tmp_path, GOOD).tables[CUSTOMER].columns.items() if d.action is Action.KEEP]
    assert kept == ["NO", "id", "on", "odd name", "1:30", "null"]


def test_the_reason_of_a_kept_table_is_that_of_its_columns(tmp_path: Path):
    rules = read(tmp_path, GOOD)
    assert {d.why for d in rules.tables[TableName("param", "vat")].columns.values()} == {"system parameters"}
    keep = "keep: {columns: [id, on], why: numbers}"
    customer = read(tmp_path, GOOD.replace('keep: [id, on, "odd name", 1:30, null]', keep)).tables[CUSTOMER]
    assert customer.columns["id"].why == "numbers"
    assert customer.why is None


def test_relations_name_odd_and_composite_columns(tmp_path: Path):
    first, second = read(tmp_path, GOOD).relations
    assert (first.table, first.columns) == (TableName("sales", "order"), ("mail",))
    assert (second.columns, second.references) == (("company", "no"), TableName("sales", "my order"))
    assert second.referenced == ("company", "a, b -> c")
    assert str(second.place).endswith("acme.rules.yaml:21")


SPOILT = [
    ("tables:", "tabels:", 8, "did you mean tables?"),
    ("format: 1", "format: 9", 2, "format must be 1"),
    ("format: 1\n", "", 2, "needs the key format"),
    ("scope: acme", "database: acme", 4, "key database twice, first in line 3"),
    ("scope: acme", "scope: !!python/name:os.system acme", 4, "scope must be a name"),
    ("scope: acme", "scope: [a]", 4, "scope must be a name"),
    ("2027-01-31}\npacks", "next year}\npacks", 5, "must be a date"),
    ("2027-01-31}\npacks", "2027-02-30}\npacks", 5, "must be a date"),
    ("purpose: {text", "purpose: {txet", 5, "did you mean text?"),
    ("[personal]", "[personal, personal]", 6, "lists personal twice"),
    ("[personal]", "personal", 6, "packs must be a list"),
    ("version: 1", "version: 2", 7, "version 1 only"),
    ("version: 1", "version: 1.5", 7, "whole number"),
    ("nl_BE", "dutch", 7, "is no locale"),
    ("  crm.customer:", "  a.b.crm.customer:", 9, "not a table's name"),
    ("  crm.customer:", "  'log.\"mail\"':", 18, "has a section already, at"),
    ("  crm.customer:", "  mail:", 9, "may be one table"),
    ("    columns:", "    colums:", 10, "did you mean columns?"),
    ("first_name: first_name", "first_name: keep", 11, "{keep: true, why: …}"),
    ("first_name: first_name", "first_name:", 11, "is empty"),
    ("first_name: first_name", "first_name: [first_name]", 11, "must be a transform's name"),
    ("{as: permute", "{is: permute", 12, "needs either as or keep"),
    ("{as: permute", "{as: permute, keep: true", 12, "needs either as or keep"),
    ("digits: 6", "digits: [6]", 12, "digits of column no must be a single value"),
    ("digits: 6", "category: frist_name", 12, "did you mean first_name?"),
    ("NO: {keep: true", "NO: {keep: yes", 13, "keep of column NO must be true"),
    (', not a boolean"', '", unique: true', 13, "so unique means nothing"),
    ('{keep: true, why: "the country, not a boolean"}', "{keep: true}", 13, "without a reason"),
    ('why: "the country, not a boolean"', 'why: " "', 13, "must be a text"),
    ("keep: [id", "keep: [no, id", 15, "decided twice, first at"),
    ("keep: [id", "keep: [on, id", 15, "lists on twice"),
    ("keep: [id", "keep: [[id]", 15, "must be a name"),
    ("undecided: [bio]", "undecided: [id]", 16, "decided twice"),
    ("rows: none", "rows: nome", 18, "did you mean none?"),
    ("-> crm.customer.first_name", "- crm.customer", 20, "a relation reads"),
    ("-> crm.customer.first_name", "-> first_name", 20, "names a table and its column"),
    (".(company, no)", ".(company)", 21, "joins 1 columns to 2"),
    ("finding: 7c1e90ab, ", "", 23, "needs the key finding"),
    ("accepted:", "include: [missing.yaml]\naccepted:", 22, "missing.yaml is not there"),
    ("    keep: [id", "\tkeep: [id", 15, "not valid YAML"),
]


@pytest.mark.parametrize(("good", "bad", "line", "says"), SPOILT, ids=[says for *_, says in SPOILT])
def test_a_mistake_is_told_with_its_line(tmp_path: Path, good: str, bad: str, line: int, says: str):
    assert good in GOOD
    told = mistakes(tmp_path, GOOD.replace(good, bad, 1))
    assert any(one.startswith(f"acme.rules.yaml:{line}: ") and says in one for one in told), told


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    told = mistakes(tmp_path, GOOD.replace("scope:", "skope:").replace("rows: none", "rows: some"))
    assert [one.split(":")[1] for one in told] == ["4", "18"]


def test_a_mistake_never_repeats_a_reason_or_a_parameter(tmp_path: Path):
    secret = "Wilhelmina"
    spoilt = GOOD.replace('why: "on every document"', f"why: [{secret}]").replace(
        "digits: 6", f"digits: {{a: {secret}}}"
    )
    assert secret not in "\n".join(mistakes(tmp_path, spoilt))


def test_a_file_that_is_missing_empty_or_not_utf_8_is_named(tmp_path: Path):
    with pytest.raises(RuleError, match=r"nowhere.yaml: cannot be read"):
        rulefile.read_rules(tmp_path / "nowhere.yaml")
    assert "acme.rules.yaml: is empty" in mistakes(tmp_path, "# nothing yet\n")[0]
    (tmp_path / "acme.yaml").write_bytes(b"format: 1\ndatabase: caf\xe9\n")
    with pytest.raises(RuleError, match=r"acme.yaml:2: is not UTF-8"):
        rulefile.read_rules(tmp_path / "acme.yaml")
    (tmp_path / "acme.yaml").write_bytes("\ufefft: 1\r\nformat: 1\r\n".encode())
    with pytest.raises(RuleError, match=r"acme.yaml:1: the rule file has no key called t;"):
        rulefile.read_rules(tmp_path / "acme.yaml")


def test_a_file_nested_without_end_or_repeating_itself_by_alias_is_refused(tmp_path: Path):
    assert mistakes(tmp_path, "format: 1\ntables: &t {a.b: *t}\n")
    assert mistakes(tmp_path, "format: 1\ntables: " + "[" * 5000)


def test_a_domain_has_a_width_and_may_be_unique(tmp_path: Path):
    domain = read(tmp_path, GOOD).domains["email"]
    assert (domain.width, domain.unique, domain.place.line) == (50, True, 24)
    assert rulefile.write_rules(read(tmp_path, GOOD)).count("email: {width: 50, unique: true}") == 1


def test_included_files_add_tables_and_relations(tmp_path: Path):
    hr = "format: 1\ntables:\n  hr.employee: {keep: [id]}\nrelations: [hr.employee.id -> crm.customer.no]\n"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "hr.yaml").write_text(hr + "include: [more.yaml]\n", encoding="utf-8")
    (tmp_path / "sub" / "more.yaml").write_text("format: 1\ntables:\n  hr.role: {keep: [id]}\n", encoding="utf-8")
    rules = read(tmp_path, GOOD + "include: [sub/hr.yaml]\n")
    assert {TableName("hr", "employee"), TableName("hr", "role"), CUSTOMER} <= set(rules.tables)
    assert len(rules.relations) == 3
    assert str(rules.tables[TableName("hr", "role")].place).endswith("sub/more.yaml:3")


def test_an_included_file_cannot_set_the_scope_repeat_a_table_or_include_its_includer(tmp_path: Path):
    (tmp_path / "hr.yaml").write_text("format: 1\nscope: other\ntables:\n  log.mail: {rows: none}\n", encoding="utf-8")
    told = mistakes(tmp_path, GOOD + "include: [hr.yaml]\n")
    assert "hr.yaml:2: an included file has no key called scope" in told[0]
    assert "hr.yaml:4: table log.mail has a section already" in told[1]
    (tmp_path / "hr.yaml").write_text("format: 1\ninclude: [acme.rules.yaml]\n", encoding="utf-8")
    assert "hr.yaml:2: acme.rules.yaml includes itself" in mistakes(tmp_path, GOOD + "include: [hr.yaml]\n")[0]


def test_lint_names_unknown_transforms_and_parameters_with_their_line(tmp_path: Path):
    rules = read(tmp_path, GOOD)
    assert rulefile.lint(rules, ("first_name", "permute", "null")) == []
    (told,) = rulefile.lint(rules, ("first_names", "permute", "null"))
    assert told.endswith(
        ":11: column first_name is replaced as first_name, which does not exist; did you mean first_names?"
    )
    (told,) = rulefile.lint(rules, {"first_name": (), "permute": ("digit",), "null": ()})
    assert told.endswith(":12: permute has no parameter called digits; did you mean digit?")
    assert rulefile.lint(rules, {"first_name": (), "permute": ("digits",), "null": ()}) == []


def test_a_domain_that_is_no_name_is_a_mistake(tmp_path: Path):
    path = tmp_path / "rules.yaml"
    path.write_text("format: 1\ntables:\n  a:\n    columns:\n      b: {as: masked, domain: 12}\n", "utf-8")
    with pytest.raises(RuleError, match=r"rules.yaml:5: domain of column b must be a name"):
        rulefile.read_rules(path)


def test_a_transform_without_what_it_needs_is_a_mistake(tmp_path: Path):
    path = tmp_path / "rules.yaml"
    path.write_text(
        "format: 1\ntables:\n  a:\n    columns:\n      b: {as: set}\n      c: {as: set, value: 0}\n", "utf-8"
    )
    assert rulefile.lint(rulefile.read_rules(path), {"set": ("value",)}, {"set": ("value",)}) == [
        f"{path}:5: column b is replaced as set without value; write {{as: set, value: …}}"
    ]
