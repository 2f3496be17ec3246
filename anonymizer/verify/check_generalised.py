"""What a generalised column holds is a class, and the class of the value that was there.

Judged by what the rules ask for: `to` a number, a period or a network, or `first` of first characters. A value that is
its own class may stay. Values of no form that is known here must differ from what they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome

PROMISE = "Every generalised value is the class of the value that was there, and nothing finer."

GENERALISED = "generalise"
Judge = Callable[[ColumnPlan, pa.Array, pa.Array], tuple[pa.Array, pa.Array]]
"""Values before and after, without NULL and blanks -> which are of the known form, and which of them are right."""

_DIGITS = {"decade": 3, "year": 4, "quarter": 4, "month": 7}
"""How many first signs of YYYY-MM-DD the values of a period share."""
_ISO = r"^(0[1-9]|[1-8][0-9]|9[0-8])[0-9]{2}-[0-9]{2}-[0-9]{2}([ T][-0-9:., +TZ]*)?$"
_DAY_OF_OTHER_FORM = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{4}[/.]|^[0-9]{8}"
_NO_DATE = r"^(-?infinity|(00|99)[0-9]{2}-[-0-9:., +TZ]*)$"
_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{0,15})?$"
_V4 = r"^([0-9]{1,3}\.){3}[0-9]{1,3}(/[0-9]{1,2})?$"
_V6_GROUPS = 3


def _numbers(plan: ColumnPlan, old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    size = int(str(plan.parameters["to"]))
    known = pc.match_substring_regex(old, _NUMBER)
    a, b = (pc.if_else(pc.match_substring_regex(v, _NUMBER), v, None) for v in (old, new))
    before, after = (pc.fill_null(pc.cast(v, pa.float64()), 0).to_numpy(zero_copy_only=False) for v in (a, b))
    below = before - after
    # A negative class whose bound does not fit its type joins the one above.
    right = (np.fmod(after, size) == 0) & (below < size) & ((below >= 0) | ((before < 0) & (below > -size)))
    return known, pc.and_(pa.array(right), pc.is_valid(b))


def _periods(plan: ColumnPlan, old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    period = str(plan.parameters["to"])
    known = pc.match_substring_regex(old, _ISO)
    shared = _DIGITS[period]
    right = pc.equal(pc.utf8_slice_codeunits(old, 0, shared), pc.utf8_slice_codeunits(new, 0, shared))
    first = {"decade": "^...0-01-01", "year": "-01-01", "quarter": "-(01|04|07|10)-01", "month": "-[0-9]{2}-01"}
    at = "" if period == "decade" else "^.{4}"
    right = pc.and_(right, pc.match_substring_regex(new, f"{at}{first[period]}([ T]00:00:00(\\.0*)?([^0-9.].*)?)?$"))
    if period == "quarter":
        right = pc.and_(right, pc.equal(*(_quarter(values) for values in (old, new))))
    return known, right


def _quarter(values: pa.Array) -> pa.Array:
    month = pc.utf8_slice_codeunits(values, 5, 7)
    return pc.divide(pc.subtract(pc.if_else(pc.utf8_is_digit(month), month, "1").cast(pa.int64()), 1), 3)


def _texts(plan: ColumnPlan, old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    first, filler = int(str(plan.parameters["first"])), plan.parameters.get("filler")
    kept = pc.equal(pc.utf8_slice_codeunits(old, 0, first), pc.utf8_slice_codeunits(new, 0, first))
    rest = pc.utf8_slice_codeunits(new, first)
    length = pc.max_element_wise(pc.subtract(pc.utf8_length(old), 0 if filler is not None else 1 << 30), first)
    longer = pc.less_equal(pc.utf8_length(new), length)
    empty = pc.equal(pc.utf8_trim(rest, str(filler)) if filler is not None else rest, "")
    return pa.array(np.ones(len(old), bool)), pc.and_(pc.and_(kept, longer), empty)


def _networks(plan: ColumnPlan, old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    octets = int(str(plan.parameters["to"]).removeprefix("/")) // 8
    v4, v6 = pc.match_substring_regex(old, _V4), pc.match_substring(old, ":")
    before, after = (pc.replace_substring_regex(values, "/.*$", "") for values in (old, new))
    start = rf"^(([0-9]+\.){{{octets}}}).*$"
    same = pc.equal(*(pc.replace_substring_regex(values, start, r"\1") for values in (before, after)))
    zeros = pc.match_substring_regex(after, rf"^([0-9]+\.){{{octets}}}0(\.0)*$")
    few = pc.less_equal(pc.count_substring_regex(after, "[0-9a-fA-F]+"), _V6_GROUPS)
    prefix = pc.and_(few, pc.and_(pc.ends_with(after, "::"), _begins(before, pc.utf8_rtrim(after, ":"))))
    return pc.or_(v4, v6), pc.if_else(v4, pc.and_(same, zeros), prefix)


def _begins(values: pa.Array, starts: pa.Array) -> pa.Array:
    """Row by row, whether a value begins with the one beside it; once for each distinct pair."""
    pairs = pc.binary_join_element_wise(starts, values, " ").dictionary_encode()
    found = [value.startswith(start) for start, _, value in (p.partition(" ") for p in pairs.dictionary.to_pylist())]
    return pa.array(found, pa.bool_()).take(pairs.indices)


def _judge(plan: ColumnPlan) -> Judge:
    to = str(plan.parameters.get("to"))
    if "first" in plan.parameters:
        return _texts
    if to in _DIGITS:
        return _periods
    return _networks if to.startswith("/") else _numbers


class Watch(Watcher):
    """Compares each generalised cell with the source's cell of the same row."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._wrong: Counter[str] = Counter()
        self._unchanged: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            name = plan.column.name
            if plan.transform != GENERALISED or name not in rows.old.schema.names:
                continue
            old, new = rows.old.column(name), rows.new.column(name)
            filled = pc.and_(pc.is_valid(new), pc.greater(pc.binary_length(pc.utf8_trim_whitespace(old)), 0))
            filled = pc.fill_null(filled, False)
            old, new = old.filter(filled), new.filter(filled)
            self._examined += len(old)
            known, right = _judge(plan)(plan, old, new)
            same = pc.equal(old, new)
            stays = pc.match_substring_regex(old, _NO_DATE)
            if plan.column.family is TypeFamily.TEXT:  # days written in another way are not read here
                stays = pc.or_(stays, pc.match_substring_regex(old, _DAY_OF_OTHER_FORM))
            wrong = pc.if_else(known, pc.invert(right), pc.and_not(same, stays))
            self._wrong[str(plan.name)] += wrong.true_count
            self._unchanged[str(plan.name)] += same.true_count

    def result(self) -> CheckResult:
        problems = [f"{name}: {count} values are not the class of what was there" for name, count in
                    self._wrong.items() if count]  # fmt: skip
        notes = [f"{name}: {count} cells were their own class already and stayed" for name, count in
                 self._unchanged.items() if count]  # fmt: skip
        return outcome("generalised", PROMISE, problems, self._examined, notes, unseen=self.run.unseen)


check = partial(alone, Watch)
