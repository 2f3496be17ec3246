"""Schema, findings and rules become one plan: what happens to each column, under which domain, decided by whom.

    proposal    findings -> the rules that detection would write
    decisions   rules -> a decision for each column, or the list of those that nobody decided
    relations   columns that join have one decision
    limits      what CHECK constraints leave to pseudonyms
    domains     columns whose values agree share a domain
    refusals    what no plan may do
    policies    who shares a pseudonym: deterministic, per table, per person, nobody
    kernels     plan -> one function per replaced column
    forecast    whether what is unique stays unique, known before the first row is written
    lookup      one value's pseudonym
    apart       other pseudonyms for values that would share one

Everything that can be refused is refused here, before the first row is read. The order is that of `make`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from anonymizer.model.finding import Finding
from anonymizer.model.plan import Plan
from anonymizer.model.rules import Pack, RuleFile
from anonymizer.model.schema import Schema
from anonymizer.planning.decisions import decide, located, match, near
from anonymizer.planning.domains import domains_of, spared_alike, table_plans, transforms, with_capacities
from anonymizer.planning.forecast import forecast
from anonymizer.planning.kernels import bind
from anonymizer.planning.lookup import plan_of_one, pseudonym
from anonymizer.planning.policies import refuse_policies
from anonymizer.planning.proposal import DETECTED, propose
from anonymizer.planning.refusals import (
    refuse_broken_derivations,
    refuse_emptied_parents,
    refuse_expired,
    refuse_unreasoned_ranges,
)
from anonymizer.planning.relations import confirmed, roots

__all__ = ["bind", "forecast", "located", "make", "near", "plan_of_one", "propose", "pseudonym", "transforms"]


def make(
    schema: Schema,
    rules: RuleFile,
    findings: Iterable[Finding] = (),
    packs: Sequence[Pack] = (),
    assume_masked: bool = False,
    today: date | None = None,
) -> Plan:
    """The plan of a run, in the visible order below; `today` is what dates of the rule file are held against.

    Raises FindingsError naming the undecided columns, RuleError where rules contradict each other or the schema, or
    where the time of the rule file is over.
    """
    now = (today or date.today()).isoformat()
    refuse_expired(rules, now)
    matched, warnings = match(schema, rules)
    voice = "pack" if rules.file == DETECTED else "rule file"
    decided = decide(schema, matched, warnings, voice, {f.column: f for f in findings}, packs, assume_masked)
    relations = confirmed(schema, rules)
    emptied = {name for name, section in matched.items() if section.rows == "none"}
    agreed = roots(schema, decided, relations, emptied)
    tables = spared_alike(table_plans(schema, matched, decided, agreed))
    domains = domains_of(tables, rules.domains)
    warnings += [
        f"{domain.place or rules.file}: domain {name} is that of no column{near(name, {*domains, *transforms()})}"
        for name, domain in rules.domains.items()
        if name not in domains and name not in transforms()
    ]
    refuse_broken_derivations(tables)
    refuse_emptied_parents(tables)
    refuse_unreasoned_ranges(tables)
    refuse_policies(tables, agreed)
    over = [accepted for accepted in rules.accepted if accepted.until < now]
    warnings += [f"{old.place}: finding {old.finding} was accepted until {old.until}, which is over" for old in over]
    return Plan(
        schema=schema,
        tables=with_capacities(tables, domains),
        domains=domains,
        scope=rules.scope,
        version=rules.version,
        locales=rules.locales,
        irreversible=rules.irreversible,
        rule_file=rules.file,
        purpose=rules.purpose,
        relations=relations,
        joined=agreed,
        accepted={accepted.finding: accepted for accepted in rules.accepted if accepted.until >= now},
        warnings=tuple(warnings),
    )
