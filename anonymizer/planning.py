"""Schema, findings and rules become one plan: what happens to each column, under which domain, decided by whom.

Everything that can be refused is refused here, before the first row is read. The order of a plan's making is `make`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from anonymizer import registry
from anonymizer.contracts import Binding, Kernel, Keys
from anonymizer.errors import FindingsError, RuleError
from anonymizer.model.finding import CATEGORIES, Finding, Verdict
from anonymizer.model.plan import ColumnPlan, Domain, Layer, Plan, TablePlan
from anonymizer.model.rules import Action, Decision, Pack, Place, RuleFile, TableRules
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName, TypeFamily

OWN_DOMAIN = ("masked", "permute")
"""Transforms of values without a category of their own: their domain is the column, or the root of its relation."""

DETECTED = "(detected)"
"""Stands for the name of a rule file that nobody has written yet."""

_MASKED = "masked"


class _Decided(NamedTuple):
    decision: Decision
    layers: tuple[Layer, ...]


# --- from findings to rules -------------------------------------------------------------------------------------


def propose(
    schema: Schema, findings: Iterable[Finding], packs: Sequence[Pack], assume_masked: bool = False
) -> RuleFile:
    """The rule file that detection would write: packs say what happens to each category that was found.

    Columns under review stay undecided, or are masked when `assume_masked` says so.
    """
    defaults = {category: decision for pack in reversed(packs) for category, decision in pack.defaults.items()}
    by_column = {finding.column: finding for finding in findings}
    tables: dict[TableName, TableRules] = {}
    for table in schema.tables:
        if table.partition_of is not None:
            continue
        columns = {
            column.name: _proposal(column, by_column.get(ColumnName(table.name, column.name)), defaults, assume_masked)
            for column in table.columns
            if not column.generated
        }
        tables[table.name] = TableRules(table.name, columns)
    return RuleFile(file=DETECTED, tables=tables, packs=tuple(pack.name for pack in packs))


def _proposal(
    column: Column, finding: Finding | None, defaults: Mapping[str, Decision], assume_masked: bool
) -> Decision:
    if finding is None or finding.verdict is Verdict.REVIEW:
        category = finding.category if finding else None
        if assume_masked:
            return Decision(Action.REPLACE, _MASKED, why="nobody decided; masked by option", category=category)
        return Decision(Action.UNDECIDED, category=category)
    if finding.verdict is Verdict.NOT_PERSONAL:
        return Decision(Action.KEEP, category=finding.category)
    default = defaults.get(finding.category)
    if default is None:
        return Decision(Action.UNDECIDED, category=finding.category)
    return replace(default, category=finding.category)


# --- from rules to a plan ---------------------------------------------------------------------------------------


def make(
    schema: Schema,
    rules: RuleFile,
    findings: Iterable[Finding] = (),
    packs: Sequence[Pack] = (),
    assume_masked: bool = False,
) -> Plan:
    """The plan of a run, in the visible order below.

    Raises FindingsError naming the undecided columns, RuleError where rules contradict each other or the schema.
    """
    matched, warnings = _match(schema, rules)
    voice = "pack" if rules.file == DETECTED else "rule file"
    decided = _decide(schema, matched, voice, {f.column: f for f in findings}, packs, assume_masked)
    relations = _relations(schema, rules)
    roots = _along_relations(schema, decided, relations)
    tables = _tables(schema, matched, decided, roots)
    domains = _domains(tables)
    _refuse_broken_derivations(tables)
    _refuse_emptied_parents(tables)
    return Plan(
        schema=schema,
        tables=_with_capacities(tables, domains),
        domains=domains,
        scope=rules.scope,
        version=rules.version,
        locales=rules.locales,
        rule_file=rules.file,
        relations=relations,
        warnings=tuple(warnings),
    )


def _match(schema: Schema, rules: RuleFile) -> tuple[dict[TableName, TableRules], list[str]]:
    """Schema table -> its rules, and a warning for each name that the source does not have."""
    matched: dict[TableName, TableRules] = {}
    warnings = []
    for name, section in rules.tables.items():
        target = located(schema, name)
        if target is None:
            warnings.append(f"{section.place or rules.file}: table {name} is not in the source")
            continue
        known = {column.name for column in schema.table(target).columns}
        warnings += [
            f"{decision.place or rules.file}: column {ColumnName(target, column)} is not in the source"
            for column, decision in section.columns.items()
            if column not in known
        ]
        matched[target] = section
    return matched, warnings


def _decide(
    schema: Schema,
    matched: Mapping[TableName, TableRules],
    voice: str,
    findings: Mapping[ColumnName, Finding],
    packs: Sequence[Pack],
    assume_masked: bool,
) -> dict[ColumnName, _Decided]:
    decided: dict[ColumnName, _Decided] = {}
    undecided: list[ColumnName] = []
    for table, column in schema.columns():
        name = ColumnName(table.name, column.name)
        section = matched.get(table.name)
        decision = section.columns.get(column.name) if section else None
        heard = _heard(findings.get(name), packs)
        if column.generated:
            why = "the database computes it from other columns"
            decided[name] = _Decided(Decision(Action.KEEP, why=why), (Layer("schema", why), *heard))
        elif decision is not None and decision.action is not Action.UNDECIDED:
            decided[name] = _Decided(decision, (_spoken(voice, decision), *heard))
        elif assume_masked:
            decision = Decision(Action.REPLACE, _MASKED, why="nobody decided; masked by option")
            decided[name] = _Decided(decision, (Layer("option", "undecided columns are masked"), *heard))
        elif section is not None and section.rows == "none":
            decision = Decision(Action.KEEP, why=section.why or "the table is emptied")
            decided[name] = _Decided(decision, (Layer("rule file", "the table is emptied", section.place), *heard))
        else:
            undecided.append(name)
    if undecided:
        shown = ", ".join(str(name) for name in undecided[:20]) + (", …" if len(undecided) > 20 else "")
        raise FindingsError(
            f"{len(undecided)} columns are undecided: {shown}; decide each of them in the rule file, "
            "or mask them all with --assume masked"
        )
    return decided


def _spoken(voice: str, decision: Decision) -> Layer:
    """What decided; a pack's default without a place is detection's own word that the column is not personal."""
    says = _says(decision) + (f" ({decision.why})" if decision.why else "")
    return Layer(voice if decision.place else "detector", says, decision.place)


def _heard(finding: Finding | None, packs: Sequence[Pack]) -> tuple[Layer, ...]:
    """What packs and detection would have done, for `explain`."""
    if finding is None:
        return ()
    words = f"{finding.verdict.replace('_', ' ')}, {finding.category}, {finding.confidence:.2f}"
    detector = Layer("detector", "; ".join((words, *finding.evidence)))
    for pack in packs:
        default = pack.defaults.get(finding.category)
        if default is not None and finding.verdict is not Verdict.NOT_PERSONAL:
            says = "keep" if default.action is Action.KEEP else f"as {default.transform}"
            return (Layer(f"pack {pack.name}", f"{finding.category}: {says}", default.place), detector)
    return (detector,)


def _relations(schema: Schema, rules: RuleFile) -> tuple[tuple[ColumnName, ColumnName], ...]:
    pairs: list[tuple[ColumnName, ColumnName]] = []
    for relation in rules.relations:
        for column, referenced in zip(relation.columns, relation.referenced, strict=True):
            pair = (_named(schema, relation.table, column, relation.place),
                    _named(schema, relation.references, referenced, relation.place))  # fmt: skip
            pairs.append(pair)
    return tuple(pairs)


def _named(schema: Schema, name: TableName, column: str, place: Place | None) -> ColumnName:
    table = located(schema, name)
    if table is None or all(c.name != column for c in schema.table(table).columns):
        raise RuleError(f"{place}: the relation names {ColumnName(name, column)}, which is not in the source")
    return ColumnName(table, column)


def located(schema: Schema, name: TableName) -> TableName | None:
    """The table that a person means: a name without a schema, on either side, matches when it names one table only.

    So one rule file serves a database in every form, also in stores that know no schemas.
    """
    if name in schema:
        return name
    bare = [table.name for table in schema.tables if table.name.name == name.name]
    return bare[0] if len(bare) == 1 and not (name.schema and bare[0].schema) else None


# --- relations and domains --------------------------------------------------------------------------------------


def _along_relations(
    schema: Schema, decided: Mapping[ColumnName, _Decided], relations: Sequence[tuple[ColumnName, ColumnName]]
) -> dict[ColumnName, ColumnName]:
    """Column -> root of its relation. All columns that join must have one decision, or the rows no longer join."""
    parent: dict[ColumnName, ColumnName] = {}

    def root(name: ColumnName) -> ColumnName:
        while (above := parent.get(name, name)) != name:
            name = above
        return name

    edges = list(relations)
    for table in schema.tables:
        owner = schema.root(table.name).name
        for key in table.foreign_keys:
            if key.references in schema:
                target = schema.root(key.references).name
                edges += [
                    (ColumnName(owner, a), ColumnName(target, b))
                    for a, b in zip(key.columns, key.referenced, strict=True)
                ]
    for referencing, referenced in edges:
        if root(referencing) != root(referenced):
            parent[root(referencing)] = root(referenced)
    for referencing, referenced in edges:
        a, b = decided[referencing].decision, decided[referenced].decision
        if (a.action, a.transform) != (b.action, b.transform):
            raise RuleError(
                f"{a.place or 'detected'}: {referencing} ({_says(a)}) references {referenced} ({_says(b)}"
                f"{f', {b.place}' if b.place else ''}); give both the same decision, or their rows no longer join"
            )
    return {name: root(name) for pair in edges for name in pair}


def _says(decision: Decision) -> str:
    return "keep" if decision.action is Action.KEEP else f"as {decision.transform}"


def _tables(
    schema: Schema,
    matched: Mapping[TableName, TableRules],
    decided: Mapping[ColumnName, _Decided],
    roots: Mapping[ColumnName, ColumnName],
) -> dict[TableName, TablePlan]:
    tables = {}
    for table in schema.tables:
        owner = schema.root(table.name)
        section = matched.get(owner.name)
        columns = tuple(
            _column_plan(
                ColumnName(table.name, column.name), column, ColumnName(owner.name, column.name), decided, roots
            )
            for column in table.columns
        )
        rows = section.rows if section else "all"
        tables[table.name] = TablePlan(table, columns, rows, section.why if section else None)
    return tables


def _column_plan(
    name: ColumnName,
    column: Column,
    owner: ColumnName,
    decided: Mapping[ColumnName, _Decided],
    roots: Mapping[ColumnName, ColumnName],
) -> ColumnPlan:
    if owner not in decided:
        raise RuleError(f"{name} is a column that its partitioned table does not have; the dump is not understood")
    decision, layers = decided[owner]
    if decision.action is Action.KEEP:
        return ColumnPlan(name, column, Action.KEEP, decision.category or "none", why=decision.why, layers=layers)
    transform = decision.transform or _MASKED
    module = transforms().get(transform)
    if module is None:
        raise RuleError(f"{decision.place or name}: there is no transform called {transform}; see `anonymizer list`")
    own = str(roots.get(owner, owner)) if transform in OWN_DOMAIN else transform
    return ColumnPlan(
        name,
        column,
        Action.REPLACE,
        category=decision.category or _category_of(module),
        transform=transform,
        domain=str(decision.parameters.get("domain", own)),
        parameters={key: value for key, value in decision.parameters.items() if key != "domain"},
        why=decision.why,
        layers=layers,
    )


def _category_of(transform: ModuleType) -> str:
    if transform.NAME in CATEGORIES:
        return str(transform.NAME)
    return str(transform.CATEGORIES[0]) if transform.CATEGORIES else "other_personal"


def transforms() -> dict[str, ModuleType]:
    """Name as rule files write it -> module."""
    return {module.NAME: module for module in registry.load("transforms").values()}


def _domains(tables: Mapping[TableName, TablePlan]) -> dict[str, Domain]:
    """One width and one uniqueness for all columns of a domain: the narrowest and the strictest decide."""
    domains: dict[str, Domain] = {}
    for table in tables.values():
        keyed = {column for key in table.table.keys for column in key}
        for plan in table.replaced:
            assert plan.domain is not None
            before = domains.get(plan.domain, Domain(plan.domain))
            lengths = [n for n in (before.width, plan.column.length) if n is not None]
            domains[plan.domain] = replace(
                before, width=min(lengths, default=None), unique=before.unique or plan.column.name in keyed
            )
    return domains


def _with_capacities(
    tables: Mapping[TableName, TablePlan], domains: Mapping[str, Domain]
) -> dict[TableName, TablePlan]:
    modules = transforms()
    return {
        name: replace(
            table,
            columns=tuple(
                replace(plan, capacity=modules[plan.transform].capacity(domains[plan.domain]))
                if plan.transform and plan.domain
                else plan
                for plan in table.columns
            ),
        )
        for name, table in tables.items()
    }


# --- refusals ---------------------------------------------------------------------------------------------------


def _refuse_broken_derivations(tables: Mapping[TableName, TablePlan]) -> None:
    """A kept column that was derived from replaced ones would give the originals away."""
    for table in tables.values():
        replaced = {plan.column.name for plan in table.replaced}
        if not replaced:
            continue
        for plan in table.columns:
            if plan.column.family is TypeFamily.SEARCH and plan.action is Action.KEEP and not plan.why:
                raise RuleError(
                    f"{plan.name} is a search index of its own table's text, of which {len(replaced)} columns are "
                    "replaced: make it `null` (the application fills it again), or keep it with a reason"
                )
        for key in table.table.partition_key:
            if key in replaced:
                raise RuleError(
                    f"{ColumnName(table.table.name, key)} decides in which partition a row lies and cannot be "
                    "replaced; keep it with a reason, or empty the table with `rows: none`"
                )


def _refuse_emptied_parents(tables: Mapping[TableName, TablePlan]) -> None:
    for table in tables.values():
        for key in table.table.foreign_keys:
            parent = tables.get(key.references)
            if parent is None or parent.rows != "none" or table.rows == "none":
                continue
            nulled = [p for p in table.columns if p.column.name in key.columns and p.transform == "null"]
            if not nulled:
                raise RuleError(
                    f"{table.table.name} references {key.references}, which the rules empty: give it `rows: none` "
                    f"too, or make {', '.join(key.columns)} `null`"
                )


# --- from a plan to kernels -------------------------------------------------------------------------------------


def bind(plan: Plan, keys: Keys) -> dict[TableName, dict[str, Kernel]]:
    """One kernel per replaced column. Raises RuleError when a column cannot hold its pseudonyms."""
    modules = transforms()
    kernels: dict[TableName, dict[str, Kernel]] = {}
    mistakes: list[str] = []
    for name, table in plan.tables.items():
        for column in table.replaced:
            assert column.transform is not None
            assert column.domain is not None
            binding = Binding(
                keys=keys,
                domain=plan.domains[column.domain],
                column=column.column,
                table=table.table,
                parameters=column.parameters,
                domains=plan.domains,
                locales=plan.locales,
            )
            try:
                kernels.setdefault(name, {})[column.column.name] = modules[column.transform].kernel(binding)
            except RuleError as mistake:
                mistakes.append(f"{column.name}: {mistake}")
    if mistakes:
        raise RuleError("\n".join(mistakes))
    return kernels
