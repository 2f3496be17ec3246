"""What only the plug-ins can tell of rule files and packs: names that do not exist, values that nothing takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import NamedTuple

from anonymizer.model.rules import DETERMINISTIC, POLICIES, Action, Decision, Pack, RuleFile, Scalar
from anonymizer.rulefile._yaml import suggestion

ALL_TRANSFORMS = ("domain", "policy", "group", "person")
"""What a decision may say whatever its transform."""

Mistake = Callable[[Mapping[str, Scalar]], str | None]


class Grammar(NamedTuple):
    """What transforms understand; the arguments of `lint`."""

    known: Collection[str] | Mapping[str, Collection[str]]
    required: Mapping[str, Sequence[str]]
    mistakes: Mapping[str, Mistake]

    @classmethod
    def of(cls, transforms: Mapping[str, ModuleType]) -> Grammar:
        """From the plug-ins, by name."""
        modules = transforms.values()
        return cls(
            {module.NAME: module.PARAMETERS for module in modules},
            {module.NAME: getattr(module, "REQUIRED", ()) for module in modules},
            {module.NAME: module.mistake for module in modules if hasattr(module, "mistake")},
        )


def lint(
    rules: RuleFile,
    known_transforms: Collection[str] | Mapping[str, Collection[str]],
    required: Mapping[str, Sequence[str]] = MappingProxyType({}),
    mistakes: Mapping[str, Mistake] = MappingProxyType({}),
) -> list[str]:
    """`file:line: …` for each decision that names an unknown transform or policy, an unknown parameter, none that it
    needs, or a value that no column could take.

    Parameters are looked at when `known_transforms` maps each transform to them.
    `required`: transform -> parameters of which it needs one. `mistakes`: transform -> what is wrong with values.
    """
    return [
        mistake
        for table in rules.tables.values()
        for column, decision in table.columns.items()
        for mistake in _lint(decision, f"column {column}", rules.file, Grammar(known_transforms, required, mistakes))
    ]


def lint_packs(
    packs: Sequence[Pack],
    known_transforms: Collection[str] | Mapping[str, Collection[str]],
    required: Mapping[str, Sequence[str]] = MappingProxyType({}),
    mistakes: Mapping[str, Mistake] = MappingProxyType({}),
    *,
    known_identifiers: Collection[str],
) -> list[str]:
    """The same for the defaults of packs, and for identifiers that their recognisers name."""
    grammar, told = Grammar(known_transforms, required, mistakes), []
    for pack in packs:
        for category, decision in pack.defaults.items():
            told += _lint(decision, f"the default of {category}", pack.file, grammar)
        for recogniser in pack.recognisers:
            if recogniser.then is not None:
                what = f"an entry of {recogniser.category}"
                told += _lint(recogniser.then, what, pack.file, grammar)
            told += [
                f"{recogniser.place}: there is no identifier called {name}{suggestion(name, known_identifiers)}"
                for name in recogniser.values
                if name not in known_identifiers
            ]
    return told


def _lint(decision: Decision, what: str, file: str, grammar: Grammar) -> list[str]:
    name, place, parameters = decision.transform, decision.place or file, decision.parameters
    if decision.action is not Action.REPLACE or name is None:
        return []
    if name not in grammar.known:
        near = suggestion(name, grammar.known) or "; see `anonymizer list transforms`"
        return [f"{place}: {what} is replaced as {name}, which does not exist{near}"]
    known = {*grammar.known[name], *ALL_TRANSFORMS} if isinstance(grammar.known, Mapping) else {*parameters}
    needed = grammar.required.get(name, ())
    told = [
        f"{place}: {name} has no parameter called {parameter}{suggestion(parameter, known)}"
        for parameter in parameters
        if parameter not in known
    ]
    if needed and not set(needed) & set(parameters):
        as_ = f"{{as: {name}, {needed[0]}: …}}"
        told = [f"{place}: {what} is replaced as {name} without {' or '.join(needed)}; write {as_}", *told]
    elif not told and name in grammar.mistakes and (wrong := grammar.mistakes[name](parameters)):
        told = [f"{place}: {what}: {wrong}"]
    policy = wrong_policy(parameters)
    return [*told, f"{place}: {what} {policy}"] if policy else told


def wrong_policy(parameters: Mapping[str, Scalar]) -> str | None:
    """What is wrong with the policy of a column, as the rest of a sentence about it."""
    policy = str(parameters.get("policy", DETERMINISTIC))
    if policy not in POLICIES:
        return f"has the policy {policy}, which is none of {', '.join(POLICIES)}{suggestion(policy, POLICIES)}"
    for parameter in ("group", "person"):
        if parameter in parameters and POLICIES[policy] != parameter:
            return f"names a {parameter}, which the policy {policy} does not know"
    if policy == "per_person" and parameters.get("person") is None:
        return "has the policy per_person and needs the column that names the person, as in `person: customer_id`"
    return None
