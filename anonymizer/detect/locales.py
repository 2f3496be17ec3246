"""The country whose people a database mostly holds, told by sampled numbers, postcodes, towns and countries.

It decides how a telephone number or postcode without a country is read, and of which country and language the
pseudonym of what is in no list is. The rule file says it under `locales`, for people to correct; it stands there and
not in a count at run time, so that a value's pseudonym does not depend on the rows around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.schema import TableName
from anonymizer.pseudonyms.gazetteer import large_towns
from anonymizer.pseudonyms.written_form import compact

LOCALES: Mapping[str, tuple[str, ...]] = {
    "be": ("nl_BE", "fr_BE"),
    "nl": ("nl_NL",),
    "fr": ("fr_FR",),
    "de": ("de_DE",),
    "at": ("de_AT",),
    "ch": ("de_CH", "fr_CH"),
    "lu": ("fr_LU", "de_LU"),
    "gb": (),
    "us": (),
}
"""Locales of each country; none where numbers that nobody has are so few that keys would not stay keys."""
_COUNTRIES = {
    "be": "be bel belgie belgium belgique belgien",
    "nl": "nl nld ned nederland netherlands thenetherlands holland paysbas niederlande",
    "fr": "fr fra france frankrijk frankreich",
    "de": "de deu ger d germany duitsland allemagne deutschland",
    "at": "at aut austria oostenrijk autriche osterreich",
    "ch": "ch che switzerland zwitserland suisse schweiz",
    "lu": "lu lux luxembourg luxemburg",
    "gb": "gb gbr uk unitedkingdom england greatbritain verenigdkoninkrijk royaumeuni",
    "us": "us usa unitedstates unitedstatesofamerica verenigdestaten etatsunis",
}
_CALLING = {"be": "32", "nl": "31", "fr": "33", "de": "49", "at": "43", "ch": "41", "lu": "352", "gb": "44", "us": "1"}
_POSTCODES = {
    "nl": r"^[0-9]{4} ?[A-Za-z]{2}$",
    "gb": r"^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$",
    "be": r"^[0-9]{4}$",
    "fr": r"^[0-9]{5}$",
    "de": r"^[0-9]{5}$",
    "us": r"^[0-9]{5}(?:-[0-9]{4})?$",
}
_AMERICAN = r"^(?:\([0-9]{3}\) ?|[0-9]{3}-)[0-9]{3}-[0-9]{4}$"
_HUNDREDS = 200
"""Inhabitants of towns whose names say a country, in hundreds."""
_FEWEST = 3
"""Cells of a column that must tell something."""
_SHARE = 0.6


def told(samples: Mapping[TableName, Mapping[str, pa.Array]], findings: Iterable[Finding]) -> tuple[str, ...]:
    """Locales, the first of which counts most; those of Belgium where the values do not tell another country."""
    votes = dict.fromkeys(LOCALES, 0.0)
    for finding in findings:
        values = samples.get(finding.column.table, {}).get(finding.column.column)
        if values is None or not pa.types.is_string(values.type):
            continue
        if finding.verdict is Verdict.PERSONAL or finding.category == "country":
            for country, share in _shares(finding.category, values.drop_null()).items():
                votes[country] += share
    country = max(votes, key=lambda each: votes[each])
    return (LOCALES[country] if votes[country] > _SHARE * sum(votes.values()) else ()) or LOCALES["be"]


def _shares(category: str, values: pa.Array) -> dict[str, float]:
    """Country -> its share of the cells that tell one; {} if too few do."""
    counts = _counts(category, values)
    total = sum(counts.values())
    return {country: count / total for country, count in counts.items()} if total >= _FEWEST else {}


def _counts(category: str, values: pa.Array) -> dict[str, int]:
    if category == "phone":
        found = {c: _matching(values, rf"^\s*(?:\+|00)\s?\(?{code}[\s()./0-9-]") for c, code in _CALLING.items()}
        return {**found, "us": found["us"] + _matching(values, _AMERICAN)}
    if category in ("iban", "vat_number"):
        return {country: _matching(values, rf"^\s*(?i:{country})[\s.-]?[UuAa0-9]") for country in LOCALES}
    if category == "postcode":
        return {country: _matching(values, pattern) for country, pattern in _POSTCODES.items()}
    if category == "country":
        keys = compact(values)
        return {c: pc.is_in(keys, value_set=pa.array(names.split())).true_count for c, names in _COUNTRIES.items()}
    if category == "city":
        keys = compact(values)
        return {c: pc.is_in(keys, value_set=towns).true_count for c, towns in _towns().items()}
    return {}


def _matching(values: pa.Array, pattern: str) -> int:
    return int(pc.match_substring_regex(values, pattern).true_count)


@cache
def _towns() -> dict[str, pa.Array]:
    """Country -> its larger towns whose names no other of these countries has."""
    found = {country: set(compact(large_towns(_HUNDREDS, (country,))).to_pylist()) for country in LOCALES}
    return {
        country: pa.array(sorted(towns.difference(*(found[each] for each in found if each != country))), pa.string())
        for country, towns in found.items()
    }
