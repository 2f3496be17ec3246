"""Notices sampled values that can be nothing else: e-mail, web and network addresses, and numbers with a checksum.

Which identifiers are looked for stands in the packs (`values`); their form and checksum in `identifiers/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer import registry
from anonymizer.contracts import Exhibit
from anonymizer.detect import _samples
from anonymizer.errors import RuleError
from anonymizer.model.finding import Evidence
from anonymizer.model.rules import Recogniser
from anonymizer.model.schema import TypeFamily

_SYNTAX: Sequence[tuple[str, str, str, float]] = (
    ("email", r"^(mailto:)?[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[A-Za-z]{2,}$", "e-mail addresses", 8.0),
    ("email", r"^[^@<>]*<[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[A-Za-z]{2,}>", "names with e-mail addresses", 7.0),
    ("url", r"^(https?|ftp)://\S+$|^www\.[^\s@]+\.[a-z]{2,}", "web addresses", 3.5),
    ("ip_address", r"^(\d{1,3}\.){3}\d{1,3}(/\d{1,2})?$|^[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(/\d{1,3})?$",
     "network addresses", 7.0),
    ("mac_address", r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", "hardware addresses", 8.0),
    ("user_agent", r"^(Mozilla|Opera|Dalvik|okhttp|curl)/[0-9.]+", "names of browsers", 8.0),
    ("phone", r"^\+[0-9][0-9 ()./-]{6,18}$|^\(0?[0-9]{1,4}\)[0-9 ./-]{5,14}[0-9]$", "telephone numbers", 5.5),
    ("phone", r"^0[1-9][0-9]{0,3}[ /.-][0-9]{2,3}[0-9 ./-]{2,9}[0-9]$", "telephone numbers", 4.5),
    ("phone", r"^0[1-9][0-9]{8}$", "telephone numbers", 3.0),
    ("none", r"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", "universally unique identifiers", 1.5),
)  # fmt: skip
"""Category, form (RE2), its name, and the most that values of that form weigh."""
_MOST_IDENTIFIER = 7.0
_IBAN = 9.0
"""Whatever a column is called, letters and so many digits that pass a check are no chance."""
_LETTERS = 0.5
_REACHING = frozenset(["email", "phone"])
_SURE = 5.0
_FRACTION = 0.2
_SOME = 3.6
"""A part of the values is of a kind that nothing else looks like: enough for a person to have to look."""
_TEXTUAL = (TypeFamily.TEXT, TypeFamily.ENUM, TypeFamily.OTHER, TypeFamily.NETWORK)
_NUMERIC = (TypeFamily.INTEGER, TypeFamily.NUMBER)
_DATE = r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|^[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})$"


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what the form of its sampled values says."""
    families = {column.name: column.family for column in exhibit.table.columns}
    identifiers = _identifiers(tuple(pack.recognisers for pack in exhibit.packs))
    found = {}
    for name, values in _samples.columns(exhibit).items():
        family = families.get(name, TypeFamily.OTHER)
        evidence = list(_syntax(values)) if family in _TEXTUAL else []
        if family in _TEXTUAL or family in _NUMERIC:
            evidence += _checksums(values, identifiers)
        found[name] = tuple(evidence)
    return found


def _syntax(values: pa.Array) -> list[Evidence]:
    found = []
    for category, pattern, kind, most in _SYNTAX:
        undated = values.filter(pc.invert(pc.match_substring_regex(values, _DATE))) if category == "phone" else values
        hit = _samples.hits(undated, pattern)
        if hit:
            weight = _samples.surprise(hit, len(values) - hit, expected=0.9, chance=0.05, most=most)
            if most >= _SURE and _are_some(hit, len(values)) and category in _REACHING:
                weight = max(weight, _SOME)
            if weight > 0:
                found.append(Evidence(category, weight, f"values have the form of {kind}", "by_value"))
    return found


def _checksums(values: pa.Array, identifiers: Sequence[tuple[ModuleType, tuple[Recogniser, ...]]]) -> list[Evidence]:
    if _samples.share(values, _DATE) > 0.5:
        return []
    digits = pc.filter(values, pc.match_substring_regex(values, r"[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9]"))
    if not _are_some(len(digits), len(values)):
        return []
    mostly = 2 * len(digits) >= len(values)
    found = []
    for module, recognisers in identifiers:
        if module.NAME == "MAC address" and _samples.share(values, r"[A-Fa-f:-]") < _LETTERS:
            continue  # twelve digits are an account number
        hit = int(pc.sum(module.is_valid(values)).as_py() or 0)
        weight = _samples.surprise(hit, len(values) - hit, expected=0.9, chance=0.12, most=_MOST_IDENTIFIER)
        weight = weight if mostly else 0.0
        if module.NAME == "IBAN" and _are_some(hit, len(values)):
            weight = max(weight, _SOME if 2 * hit < len(values) else _IBAN)
        if hit and weight > 0:
            words = f"values pass the check of a {module.NAME}"
            found += [Evidence(r.category, weight, words, str(r.place or "by_value")) for r in recognisers]
    return found


def _are_some(hit: int, whole: int) -> bool:
    return (hit >= 2 and hit >= _FRACTION * whole) or 2 * hit >= whole


@lru_cache(maxsize=4)
def _identifiers(packs: tuple[tuple[Recogniser, ...], ...]) -> tuple[tuple[ModuleType, tuple[Recogniser, ...]], ...]:
    """The identifiers that packs name, with one entry for each category that they are evidence for."""
    known = registry.load("identifiers")
    named: dict[str, dict[str, Recogniser]] = {}
    for recogniser in (r for pack in packs for r in pack):
        for name in recogniser.values:
            if name not in known:
                place = recogniser.place or recogniser.category
                raise RuleError(f"{place}: there is no identifier called {name}; see `anonymizer list`")
            named.setdefault(name, {}).setdefault(recogniser.category, recogniser)
    return tuple((known[name], tuple(by_category.values())) for name, by_category in named.items())
