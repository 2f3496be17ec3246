"""Planning refuses, before the first row, whatever would leak, break a relation, or be decided by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from anonymizer import api, planning
from anonymizer.errors import FindingsError, RuleError
from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.plan import Plan
from anonymizer.model.rules import Action, Decision, DomainRules, Pack, Place, Relation, RuleFile, TableRules
from anonymizer.model.schema import Column, ColumnName, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.pseudonyms.secret import KeyRing, Secret

CUSTOMER, ORDER = TableName("crm", "customer"), TableName("crm", "order")
KEEP = Decision(Action.KEEP)


def column(name: str, family: TypeFamily = TypeFamily.TEXT, length: int | None = None, nullable: bool = True) -> Column:
    return Column(name, str(family), family, length, nullable)


SCHEMA = Schema(
    (
        Table(
            CUSTOMER,
            (column("id", TypeFamily.INTEGER), column("email", length=80), column("name", length=40)),
            primary_key=("id",),
            unique=(("email",),),
        ),
        Table(
            ORDER,
            (column("id", TypeFamily.INTEGER), column("mail", length=60), column("search", TypeFamily.SEARCH)),
            foreign_keys=(ForeignKey(("mail",), CUSTOMER, ("email",)),),
        ),
    )
)


def replaced(transform: str, line: int = 1, **parameters: str) -> Decision:
    return Decision(Action.REPLACE, transform, parameters, place=Place("acme.yaml", line))


def rules(customer: Mapping[str, Decision], order: Mapping[str, Decision], **more: object) -> RuleFile:
    sections = {CUSTOMER: TableRules(CUSTOMER, customer), ORDER: TableRules(ORDER, order)}
    return RuleFile("acme.yaml", sections, **more)  # type: ignore[arg-type]


def plan(customer: Mapping[str, Decision], order: Mapping[str, Decision], **more: object) -> Plan:
    return planning.make(SCHEMA, rules(customer, order, **more))


MAIL = replaced("email")
ALL = {"id": KEEP, "email": MAIL, "name": replaced("full_name")}
NO_SEARCH = {"id": KEEP, "mail": MAIL, "search": replaced("null")}


def test_an_undecided_column_stops_the_run_and_is_named():
    with pytest.raises(FindingsError, match=r"1 columns are undecided: crm\.customer\.name"):
        plan({"id": KEEP, "email": MAIL}, NO_SEARCH)


def test_a_column_left_to_a_person_is_undecided_until_masking_is_allowed():
    open_question = {**ALL, "name": Decision(Action.UNDECIDED)}
    with pytest.raises(FindingsError, match=r"crm\.customer\.name"):
        plan(open_question, NO_SEARCH)
    made = planning.make(SCHEMA, rules(open_question, NO_SEARCH), assume_masked=True)
    assert made.tables[CUSTOMER].columns[2].transform == "masked"


def test_columns_that_join_need_one_decision():
    with pytest.raises(RuleError, match=r"crm\.order\.mail \(keep\) references crm\.customer\.email \(as email"):
        plan(ALL, {**NO_SEARCH, "mail": KEEP})


def test_all_relations_along_which_decisions_differ_are_named_at_once():
    relation = Relation(ORDER, ("id",), CUSTOMER, ("id",), Place("acme.yaml", 9))
    with pytest.raises(RuleError) as refused:
        plan({**ALL, "id": replaced("permute", 3)}, {**NO_SEARCH, "mail": KEEP}, relations=(relation,))
    first, second = str(refused.value).splitlines()
    assert "crm.order.id (keep) references crm.customer.id (as permute, acme.yaml:3)" in first
    assert "crm.order.mail (keep) references crm.customer.email (as email" in second


@pytest.mark.parametrize(("name", "value"), [("domain", "own"), ("unique", "true")])
def test_columns_that_join_need_one_domain_and_the_same_parameters(name: str, value: str):
    with pytest.raises(
        RuleError, match=rf"crm\.order\.mail \(as email, {name}: {value}\) references crm\.customer\.email"
    ):
        plan(ALL, {**NO_SEARCH, "mail": replaced("email", 4, **{name: value})})


def test_a_column_that_references_two_tables_joins_the_domains_of_both():
    note = Table(TableName("crm", "note"), (column("ref_id"),))
    permuted = {"id": replaced("permute")}
    sections = {
        **rules({**ALL, **permuted}, {**NO_SEARCH, **permuted}).tables,
        note.name: TableRules(note.name, {"ref_id": replaced("permute")}),
    }
    both = tuple(Relation(note.name, ("ref_id",), table, ("id",)) for table in (CUSTOMER, ORDER))
    made = planning.make(Schema((*SCHEMA.tables, note)), RuleFile("acme.yaml", sections, relations=both))
    domains = {made.tables[table].columns[0].domain for table in (CUSTOMER, ORDER, note.name)}
    assert len(domains) == 1


def test_references_to_an_emptied_table_may_become_null():
    emptied = rules(ALL, {**NO_SEARCH, "mail": replaced("null")}).tables
    sections = {**emptied, CUSTOMER: TableRules(CUSTOMER, {}, rows="none", why="not needed")}
    made = planning.make(SCHEMA, RuleFile("acme.yaml", sections))
    assert made.tables[ORDER].columns[1].transform == "null"


def test_a_confirmed_relation_counts_like_a_foreign_key():
    relation = Relation(ORDER, ("id",), CUSTOMER, ("id",), Place("acme.yaml", 9))
    with pytest.raises(RuleError, match=r"crm\.order\.id"):
        plan(ALL, {**NO_SEARCH, "id": replaced("permute")}, relations=(relation,))
    made = plan({**ALL, "id": replaced("permute")}, {**NO_SEARCH, "id": replaced("permute")}, relations=(relation,))
    assert made.tables[ORDER].columns[0].domain == made.tables[CUSTOMER].columns[0].domain == "crm.customer.id"


def test_a_relation_that_names_nothing_is_told_with_its_line():
    relation = Relation(ORDER, ("mial",), CUSTOMER, ("email",), Place("acme.yaml", 9))
    with pytest.raises(RuleError, match=r"acme.yaml:9: the relation names crm\.order\.mial"):
        plan(ALL, NO_SEARCH, relations=(relation,))


def test_the_narrowest_column_and_the_strictest_key_decide_for_a_domain():
    domain = plan(ALL, NO_SEARCH).domains["email"]
    assert (domain.width, domain.unique) == (60, True)


def test_a_search_index_of_replaced_text_is_never_kept_without_a_reason():
    with pytest.raises(RuleError, match=r"crm\.order\.search is a search index"):
        plan(ALL, {**NO_SEARCH, "search": KEEP})


def test_a_table_is_not_emptied_under_rows_that_reference_it():
    emptied = rules(ALL, NO_SEARCH)
    sections = {**emptied.tables, CUSTOMER: TableRules(CUSTOMER, ALL, rows="none")}
    with pytest.raises(RuleError, match="which the rules empty"):
        planning.make(SCHEMA, RuleFile("acme.yaml", sections))


def test_an_unknown_transform_is_told_with_its_line():
    with pytest.raises(RuleError, match=r"acme\.yaml:7: there is no transform called fullname"):
        plan({**ALL, "name": replaced("fullname", 7)}, NO_SEARCH)


def test_a_column_too_narrow_for_its_pseudonyms_stops_the_run_by_name():
    table = Table(CUSTOMER, (column("email", length=3),))
    made = planning.make(Schema((table,)), RuleFile("x", {CUSTOMER: TableRules(CUSTOMER, {"email": MAIL})}))
    with pytest.raises(RuleError, match=r"crm\.customer\.email"):
        planning.bind(made, KeyRing(Secret.fresh(), "scope"))


def test_a_column_too_narrow_for_mail_addresses_is_told_what_fits_it_and_that_does(tmp_path: Path):
    source, rules = tmp_path / "a.sql", tmp_path / "rules.yaml"
    source.write_text(
        "CREATE TABLE a (id integer, mail character varying(14));\n"
        "COPY a (id, mail) FROM stdin;\n1\tjp@firm.be\n2\tec@firm.be\n\\.\n"
    )
    rules.write_text("format: 1\ntables:\n  a: {columns: {mail: email}, keep: [id]}\n")
    with pytest.raises(RuleError, match="`email` needs 16 characters and the column has 14; give it `username`"):
        api.run(source, tmp_path / "safe.sql", rules, dry_run=True)
    for fits in ("username", "masked", "permute"):
        rules.write_text(f"format: 1\ntables:\n  a: {{columns: {{mail: {fits}}}, keep: [id]}}\n")
        assert api.run(source, tmp_path / f"{fits}.sql", rules).published


@pytest.mark.parametrize("transform", [
    "email", "first_name", "last_name", "full_name", "person_name", "company_name", "street_address", "url",
    "user_agent",
])  # fmt: skip
@pytest.mark.parametrize("family", [TypeFamily.INTEGER, TypeFamily.NUMBER, TypeFamily.DATE, TypeFamily.BOOLEAN])
def test_what_makes_words_is_refused_for_a_column_that_holds_none(transform: str, family: TypeFamily):
    schema = Schema((Table(CUSTOMER, (column("nr", family),)),))
    section = {CUSTOMER: TableRules(CUSTOMER, {"nr": replaced(transform, 4)})}
    made = planning.make(schema, RuleFile("acme.yaml", section))
    with pytest.raises(RuleError, match=rf"acme.yaml:4: crm.customer.nr: type {family} cannot hold what `{transform}`"):
        planning.bind(made, KeyRing(Secret.fresh(), "acme"))


def test_partitions_follow_the_table_that_they_belong_to():
    part = Table(TableName("crm", "customer_1"), SCHEMA.tables[0].columns, partition_of=CUSTOMER)
    schema = Schema((*SCHEMA.tables, part))
    made = planning.make(schema, rules(ALL, NO_SEARCH))
    assert [c.transform for c in made.tables[part.name].columns] == [None, "email", "full_name"]
    assert set(made.touched) == {CUSTOMER, ORDER, part.name}


def test_a_rule_file_with_schemas_serves_a_source_without_them():
    bare = Schema((Table(TableName("", "customer"), SCHEMA.tables[0].columns),))
    made = planning.make(bare, RuleFile("acme.yaml", {CUSTOMER: TableRules(CUSTOMER, ALL)}))
    assert [c.action for c in made.tables[TableName("", "customer")].columns] == ["keep", "replace", "replace"]


def test_rules_for_what_is_not_there_are_a_warning():
    more = {
        **rules({**ALL, "fax": KEEP}, NO_SEARCH).tables,
        TableName("", "gone"): TableRules(TableName("", "gone"), {}),
    }
    made = planning.make(SCHEMA, RuleFile("acme.yaml", more))
    assert sorted(made.warnings) == [
        "acme.yaml: column crm.customer.fax is not in the source",
        "acme.yaml: table gone is not in the source",
    ]


def test_names_that_match_nothing_are_told_with_what_was_probably_meant():
    spares = replace(replaced("email", 3), spared=("x" * 90,), why="test accounts")
    more = {**rules({**ALL, "email": spares}, {**NO_SEARCH, "mail": spares}).tables}
    more[TableName("crm", "custmer")] = TableRules(TableName("crm", "custmer"), {})
    domains = {"emial": DomainRules(60), "phone": DomainRules(20)}
    assert planning.make(SCHEMA, RuleFile("acme.yaml", more, domains=domains)).warnings == (
        "acme.yaml:3: crm.customer.email spares 1 values that its type text cannot hold",
        "acme.yaml:3: crm.order.mail spares 1 values that its type text cannot hold",
        "acme.yaml: table crm.custmer is not in the source; did you mean crm.customer?",
        "acme.yaml: domain emial is that of no column; did you mean email?",
    )


def test_a_misspelt_column_is_shown_beside_the_column_that_it_left_undecided():
    with pytest.raises(FindingsError, match=r"crm\.customer\.name.*\n.*crm\.customer\.nmae.*did you mean name\?"):
        plan({"id": KEEP, "email": MAIL, "nmae": KEEP}, NO_SEARCH)


def test_explaining_tells_who_decided_and_who_was_overridden():
    name = ColumnName(CUSTOMER, "name")
    finding = Finding(name, "first_name", Verdict.PERSONAL, 0.9, ("column name",))
    pack = Pack("personal", 1, "personal.yaml", (), {"first_name": replaced("first_name", 3)})
    made = planning.make(SCHEMA, rules(ALL, NO_SEARCH), [finding], [pack])
    layers = made.tables[CUSTOMER].columns[2].layers
    assert [layer.name for layer in layers] == ["rule file", "pack personal", "detector"]
    assert "column name" in layers[2].says


def test_detection_alone_makes_a_plan_by_the_packs_defaults():
    findings = [
        Finding(ColumnName(t.name, c.name), "email", Verdict.PERSONAL, 0.99, ())
        if "mail" in c.name
        else Finding(ColumnName(t.name, c.name), "none", Verdict.NOT_PERSONAL, 0.9, ())
        for t, c in SCHEMA.columns()
        if c.name != "search"
    ]
    findings.append(Finding(ColumnName(ORDER, "search"), "other_personal", Verdict.REVIEW, 0.5, ()))
    pack = Pack("personal", 1, "personal.yaml", (), {"email": MAIL})
    proposal = planning.propose(SCHEMA, findings, [pack])
    assert proposal.tables[ORDER].columns["search"].action is Action.UNDECIDED
    made = planning.make(SCHEMA, proposal, findings, [pack], assume_masked=True)
    assert [c.transform for c in made.tables[ORDER].columns] == [None, "email", "null"]
    kernels = planning.bind(made, KeyRing(Secret.fresh(), made.scope))
    out = kernels[ORDER]["search"](pa.array(["'jan':1", None]))
    assert out.null_count == 2


def test_the_rule_file_fixes_the_width_of_a_domain_so_that_two_databases_agree():
    narrow = plan(ALL, NO_SEARCH, domains={"email": DomainRules(30, unique=True)})
    assert narrow.domains["email"].width == 30
    assert plan(ALL, NO_SEARCH).domains["email"].width == 60


def test_a_column_narrower_than_its_domain_was_written_down_stops_the_run():
    with pytest.raises(RuleError, match=r"a\.yaml:3: crm\.order\.mail has 60 characters .* make its width 60"):
        plan(ALL, NO_SEARCH, domains={"email": DomainRules(80, unique=True, place=Place("a.yaml", 3))})


def test_a_new_key_in_a_domain_that_was_not_unique_stops_the_run():
    with pytest.raises(RuleError, match=r"crm\.customer\.email is a key .* write `unique: true`"):
        plan(ALL, NO_SEARCH, domains={"email": DomainRules(60)})


def test_a_domain_has_one_transform():
    with pytest.raises(RuleError, match=r"acme\.yaml:7: crm\.customer\.name is replaced as full_name and .* as email"):
        plan({**ALL, "name": replaced("full_name", 7, domain="email")}, NO_SEARCH)


def test_detection_writes_down_what_the_schema_makes_of_each_domain():
    findings = [Finding(ColumnName(ORDER, "mail"), "email", Verdict.PERSONAL, 0.9, ()),
                Finding(ColumnName(CUSTOMER, "email"), "email", Verdict.PERSONAL, 0.9, ())]  # fmt: skip
    pack = Pack("p", 1, "p.yaml", (), {"email": Decision(Action.REPLACE, "email")})
    assert planning.propose(SCHEMA, findings, [pack]).domains == {"email": DomainRules(60, unique=True)}
