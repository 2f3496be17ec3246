"""Amounts of money: a nearby amount with as many digits.

Technique (ISO/IEC 20889): randomization (multiplicative noise, keyed by the value).

The digits as a whole number are multiplied by a factor between 1 / (1 + spread) and 1 + spread, the same for the same
amount; sign, decimals, currency and separators stay, and so does the number of digits. Zero stays zero.

Example: 2750.00 -> 3102.87; EUR 1.200,50 -> EUR 1.043,92

Never reached: sums and products of other columns do not follow. The order of magnitude stays, and an extreme amount
stays extreme: where that names somebody, use `null` or `set`. Other text, also around an amount, keeps its look only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _numbered, _typed
from anonymizer.transforms._around_numbers import around, each_number
from anonymizer.transforms._cells import refuse
from anonymizer.transforms._multiplied import most_of, multiplied

NAME = "salary_or_finance"
CATEGORIES: tuple[str, ...] = ("salary_or_finance",)
TECHNIQUE = "randomization"
PARAMETERS: Mapping[str, str] = {"spread": "How far an amount may move, in percent, 1 to 100; 25 if not given."}

_USUAL_SPREAD = 25
_WORDS = """eur euro euros usd gbp chf bef luf nlg frf dem fl frs fr cent ct c k m mio mln per par pro p pm pj pu pd
    bruto netto brut net gross brutto maand mnd jaar uur dag week mois an annee heure jour semaine month year hour day
    monat jahr stunde tag woche ca circa max min incl excl"""
_AROUND = rf"(?:[^\pL\pN]|(?i:{'|'.join(_WORDS.split())})\b)*"
_NUMBER = r"[0-9](?:[ .,'’_\x{a0}\x{202f}]*[0-9]){0,17}"
_AMOUNT = rf"^{_AROUND}{_NUMBER}{_AROUND}$"
"""A number, its currency and what it is paid for: any other word could be a name."""
_INSIDE = r"\b[1-9][0-9]{0,5}(?:[.,][0-9]{2})?\b"
"""An amount in a text: longer numbers could be of another kind."""
_SCIENTIFIC = r"[0-9][eE][-+]?[0-9]"


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    spread = parameters.get("spread", _USUAL_SPREAD)
    good = isinstance(spread, int | float) and not isinstance(spread, bool) and 1 <= spread <= 100
    return None if good else "`spread` is a percentage from 1 to 100, as in `spread: 10`"


def kernel(binding: Binding) -> Kernel:
    """Text and numbers; other types get a value of their type. Raises RuleError for an unknown spread."""
    refuse(binding, mistake(binding.parameters))
    return _numbered.kernel(binding, _kinds, floats=False)


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are amounts."""
    return None


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    prf = Prf(binding.keys.derive("amount", binding.domain.name))
    most = 1 + float(binding.parameters.get("spread", _USUAL_SPREAD) or _USUAL_SPREAD) / 100
    if binding.domain.unique:
        return ()  # noise would make two amounts one

    bound = most_of(binding.column) if binding.column.family is TypeFamily.INTEGER else None

    def is_amount(values: pa.Array) -> pa.Array:
        scientific = pc.match_substring_regex(values, _SCIENTIFIC)
        return pc.and_not(pc.match_substring_regex(values, _AMOUNT), scientific)

    def replaced(values: pa.Array) -> pa.Array:
        return multiplied(values, prf, most, bound)

    amounts = _numbered.Kind(is_amount, replaced)
    if binding.column.family is not TypeFamily.TEXT:
        return (amounts,)
    usual = _typed.kernel(binding)
    digits = _numbered.by_kind((amounts,), usual)
    holds = _numbered.Kind(
        lambda values: pc.match_substring_regex(values, "[0-9]"),
        lambda values: each_number(values, _INSIDE, digits, lambda texts: around(texts, usual, times=False)),
    )
    return (amounts, holds)
