"""What is written is read back, looks the same every time, and keeps what people wrote beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import rulefile
from anonymizer.errors import RuleError
from anonymizer.model.rules import Action, Decision, Relation, RuleFile, TableRules
from anonymizer.model.schema import ColumnName, TableName
from tests.rulefile.test_rules import GOOD

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=15)
ODD = st.sampled_from(
    ["on", "null", "~", "1:30", "a -> b", "a, b", "#", "- x", "x: y", "'", "true", "1e3", "é ", "0x1F"]
)
NAMES = TEXT.filter(lambda text: "\x00" not in text) | ODD
WHYS = st.none() | TEXT.filter(lambda text: text.strip())
PARAMETERS = st.dictionaries(
    NAMES.filter(lambda name: name not in ("as", "keep", "why", "category")),
    st.none() | st.integers() | st.booleans() | NAMES | st.floats(allow_nan=False, allow_infinity=False),
    max_size=2,
)
REPLACED = st.builds(
    Decision, st.just(Action.REPLACE), st.sampled_from(["email", "masked", "null"]), PARAMETERS, WHYS,
    st.sampled_from([None, "health", "city"]),
)  # fmt: skip
KEPT = st.builds(Decision, st.just(Action.KEEP), why=WHYS)
DECISIONS = st.one_of(REPLACED, KEPT, st.just(Decision(Action.UNDECIDED)))


@st.composite
def rule_files(draw: st.DrawFn) -> RuleFile:
    tables = {}
    for name in draw(st.lists(st.builds(TableName, NAMES, NAMES), max_size=4, unique=True)):
        columns, why = draw(st.dictionaries(NAMES, DECISIONS, max_size=5)), draw(WHYS)
        rows = draw(st.sampled_from(["all", "none"]))
        tables[name] = TableRules(name, columns, rows, why, draw(st.none() | st.just("customer")))
    relations = st.builds(
        lambda a, b, pairs: Relation(a, tuple(p[0] for p in pairs), b, tuple(p[1] for p in pairs)),
        st.builds(TableName, NAMES | st.just(""), NAMES),
        st.builds(TableName, NAMES | st.just(""), NAMES),
        st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=3),
    )
    return RuleFile(
        "x", tables, draw(st.none() | NAMES), draw(NAMES), packs=("personal",),
        relations=tuple(draw(st.lists(relations, max_size=2))), purpose=draw(WHYS), expires="2027-01-31",
    )  # fmt: skip


def told(rules: RuleFile) -> tuple:
    """Everything that a rule file says, without the places where it says it."""
    tables = [
        (name, table.rows, table.why, table.subject, {c: told_of(d, table) for c, d in table.columns.items()})
        for name, table in rules.tables.items()
    ]
    relations = [(r.table, r.columns, r.references, r.referenced) for r in rules.relations]
    head = (rules.database, rules.scope, rules.version, rules.locales, rules.packs, rules.purpose, rules.expires)
    return head, tables, relations


def told_of(decision: Decision, table: TableRules) -> tuple:
    inherited = table.why if decision.action is Action.KEEP and table.rows == "all" else None
    parameters = {name: (type(value), value) for name, value in decision.parameters.items()}
    return decision.action, decision.transform, parameters, decision.why or inherited, decision.category


@given(rule_files(), TEXT)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rules: RuleFile, evidence: str):
    comments = {ColumnName(t, c): evidence for t, table in rules.tables.items() for c in table.columns}
    text = rulefile.write_rules(rules, comments)
    file = tmp_path_factory.mktemp("rules") / "x.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    back = rulefile.read_rules(file)
    assert told(back) == told(rules)
    assert rulefile.format_rules(text) == text, "what is written is laid out canonically already"


def test_a_person_reads_one_line_per_personal_column_and_one_list_per_table():
    customer = TableName("crm", "customer")
    rules = RuleFile(
        "x",
        {
            customer: TableRules(
                customer,
                {
                    "id": Decision(Action.KEEP),
                    "email": Decision(Action.REPLACE, "email", {"unique": True}, category="email"),
                    "country": Decision(Action.KEEP, why="points at nobody", category="country"),
                    "bio": Decision(Action.UNDECIDED, category="free_text"),
                },
            ),
            TableName("", "vat"): TableRules(TableName("", "vat"), {"code": Decision(Action.KEEP)}),
        },
        packs=("personal",),
    )
    comments = {
        ColumnName(customer, "email"): "0.97 email: column name\n(nl)",
        ColumnName(customer, "bio"): "0.55 free_text",
    }
    assert rulefile.write_rules(rules, comments) == (
        "# yaml-language-server: $schema=anonymizer.schema.json\n"
        "format: 1\n"
        "scope: default\n"
        "packs: [personal]\n"
        "pseudonyms: {version: 1, locales: [nl_BE, fr_BE]}\n"
        "tables:\n"
        "  crm.customer:\n"
        "    columns:\n"
        "      email: {as: email, unique: true}  # 0.97 email: column name (nl)\n"
        '      country: {keep: true, category: country, why: "points at nobody"}\n'
        "    keep: [id]\n"
        "    undecided:\n"
        "      - bio  # 0.55 free_text\n"
        "  vat: {keep: [code]}\n"
    )


def test_a_long_list_wraps_at_the_width_of_the_page():
    name = TableName("", "t")
    columns = {f"column_{n:03}": Decision(Action.KEEP) for n in range(40)}
    text = rulefile.write_rules(RuleFile("x", {name: TableRules(name, columns)}))
    assert max(map(len, text.split("\n"))) <= 120
    assert rulefile.format_rules(text) == text


# --- laying out what people wrote -------------------------------------------------------------------------------

UNTIDY = """\
# a header
#   with two lines

scope:   acme     # who shares the key
format: 1
tables:

    # our customers


    crm.customer:      # the big one
        keep: [ id,
                # the number of the order
                order_no,    # stays
                status ]
        columns:
            # people
            name: { why: 'it''s a name',  as: full_name }   # sure
            notes:
                as: free_text     # all of it
                why: >
                    written by
                    people
            search: null
            who: "on"
    x.y: { keep: [a,b] }  # small
    x.z:
      why: "réf. # 7"   # ünïcode
      rows: none
    # the last word on tables
relations:
- a.b -> c.d   # by name
# an afterthought
"""
TIDY = """\
# a header
#   with two lines

format: 1
scope: acme  # who shares the key
tables:
  # our customers

  crm.customer:  # the big one
    columns:
      # people
      name: {as: full_name, why: 'it''s a name'}  # sure
      notes:
        as: free_text  # all of it
        why: "written by people\\n"
      search: null
      who: "on"
    keep:
      - id
      # the number of the order
      - order_no  # stays
      - status
  x.y: {keep: [a, b]}  # small
  x.z:
    rows: none
    why: "réf. # 7"  # ünïcode
# the last word on tables
relations:
  - a.b -> c.d  # by name
# an afterthought
"""


def test_laying_out_gives_the_canonical_form_and_keeps_every_comment():
    assert rulefile.format_rules(UNTIDY) == TIDY
    assert rulefile.format_rules(TIDY) == TIDY


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("rules/*.yaml")), ids=lambda path: path.name)
def test_laying_out_a_pack_keeps_its_words_comments_and_anchors(path: Path):
    before = path.read_text(encoding="utf-8")
    after = rulefile.format_rules(before)
    assert rulefile.format_rules(after) == after
    assert comments(after) == comments(before)
    assert yaml.load(after, Loader=yaml.BaseLoader) == yaml.load(before, Loader=yaml.BaseLoader)
    assert sorted(re.findall(r"[&*]\w+", after)) == sorted(re.findall(r"[&*]\w+", before))


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"(?m)(?:^|\s)(#.*?)\s*$", text))


KEYS = st.sampled_from(
    ["scope", "database", "packs", "tables", "relations", "columns", "keep", "why", "as", "a", "b c"]
)
SCALARS = st.sampled_from(["x", "null", "~", "'it''s # 1'", '"two\\nlines"', "1", "", "a b", "é", "*no", "- no"])
WORDS = st.sampled_from(["# one", "#two", "# drie: [", '# "vier', "# ünï", "#"])


@st.composite
def block(draw: st.DrawFn, depth: int = 0) -> Iterator[str]:
    """Lines of a mapping in block style with comments in all places where YAML takes them."""
    lines: list[str] = []
    pad = "  " * depth
    for key in draw(st.lists(KEYS, min_size=1, max_size=4, unique=True)):
        lines += draw(st.lists(st.sampled_from(["", f"{pad}# own line", "# at the left"]), max_size=2))
        beside = draw(st.just("") | WORDS.map("   {}".format))
        kind = draw(st.sampled_from(["scalar", "flow", "long", "list", "text", "map"][: 6 if depth < 3 else 5]))
        if kind == "scalar":
            scalar = draw(SCALARS.filter(lambda text: text[:1] not in "*-" or not text))
            lines.append(f"{pad}{key}: {scalar}{beside}")
        elif kind == "flow":
            lines.append(f"{pad}{key}: {{as: x, why: 'y # z', z: [1, {{k: v}}]}}{beside}")
        elif kind == "long":
            lines += [f"{pad}{key}: [a,{beside}", f"{pad}   b, {{c: d}}", f"{pad} ]{beside}"]
        elif kind == "list":
            lines += [f"{pad}{key}:{beside}", f"{pad}  # of the first", f"{pad}  - k: v", f"{pad}    # inner"]
            lines += [f"{pad}    l: w", f"{pad}  - s{beside}"]
        elif kind == "text":
            lines += [f"{pad}{key}: |  # of the text", f"{pad}  one # no comment", "", f"{pad}  # none either"]
        else:
            lines += [f"{pad}{key}:{beside}", *draw(block(depth + 1))]
    return lines


@given(block())
def test_laying_out_changes_neither_meaning_nor_comments_and_twice_changes_nothing_more(lines: list[str]):
    text = "\n".join(lines) + "\n"
    once = rulefile.format_rules(text)
    assert rulefile.format_rules(once) == once
    assert yaml.load(once, Loader=yaml.BaseLoader) == yaml.load(text, Loader=yaml.BaseLoader)
    wanted = [w for line in lines if "no comment" not in line and "none either" not in line for w in found(line)]
    kept = [w for line in once.split("\n") for w in found(line)]
    assert sorted(kept) == sorted(wanted)


def found(line: str) -> list[str]:
    """The comments of one line: several may have come together on it."""
    bare = re.sub(r"'[^']*'(?:'[^']*')*|\"(?:[^\"\\]|\\.)*\"(?=[,\s\]}]|$)", "q", line) if "#" in line else ""
    at = re.search(r"(?:^|\s)#", bare)
    return re.findall(r"#[^#]*", bare[at.start() :].strip().replace(" #", "#")) if at else []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", "not valid YAML"),
        ("a: !!int 1\n", "has a tag"),
        ("- a\n- b\n", "is not one mapping"),
        ("a: 1\n---\nb: 1\n", "is not one mapping"),
        ("? [a]\n: b\n", "no plain name"),
    ],
)
def test_what_no_rule_file_needs_is_refused_rather_than_changed(text: str, says: str):
    with pytest.raises(RuleError, match=says):
        rulefile.format_rules(text)


def test_a_decision_that_is_still_missing_stays_missing():
    unfinished = 'format: 1\ntables:\n  a.b:\n    columns:\n      c:\n        as:\n        why: "later"\n'
    assert rulefile.format_rules(unfinished) == unfinished


def test_a_file_of_comments_alone_stays_as_it_is():
    assert rulefile.format_rules("# nothing yet\n") == "# nothing yet\n"


def test_a_laid_out_rule_file_still_says_the_same(tmp_path: Path):
    (tmp_path / "before.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "after.yaml").write_text(rulefile.format_rules(GOOD), encoding="utf-8")
    assert told(rulefile.read_rules(tmp_path / "before.yaml")) == told(rulefile.read_rules(tmp_path / "after.yaml"))
