"""Every replaced column was really replaced, row by row.

Whole identifiers must differ from the source's own value in every row. Names, towns and other values of small domains
may come out as themselves by chance: as many distinct ones as the number of pseudonyms makes likely, but for one run
in 100,000; more is a failure. Case and signs make no difference. Nor may the values of a column be its own with a
little added or left out, or its own in other rows: that is judged by the column, in samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import PRIVATE_ADDRESSES, Comparison, Rows, Watcher, alone, chance_bound, outcome
from anonymizer.verify._fingerprint import U64, flat
from anonymizer.verify._known import NO_NAME
from anonymizer.verify._likeness import Overlap, nearly_the_same, same_but_for_signs

PROMISE = "No replaced value is still the source's own; small domains keep to what chance allows."

WHOLE = frozenset(
    "email phone full_name street_address national_id vat_number company_id iban bank_account credit_card "
    "username password_or_secret url mac_address ip_address company_name cookie_or_device_id".split()
)
"""Categories whose values point at one person or firm."""

SOUGHT = WHOLE - {"company_name"} | {"person_name"}
"""Those that are looked for in every place."""
_WRITTEN = (TypeFamily.TEXT, TypeFamily.OTHER)
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += 32
_SAMPLE = 100_000
_SMALL = {
    TypeFamily.BOOLEAN: 1.0,
    TypeFamily.DATE: 0.01,
    TypeFamily.TIMESTAMP: 0.01,
    TypeFamily.TIME: 0.01,
}
_VOCABULARY = 0.01
"""Chance that a value of a vocabulary whose size the plan does not tell comes out as itself."""
_VOCABULARIES = frozenset("first_name city postcode region country birth_date gender job_title".split())
_UNLIKELY = 1e-3
_RARE = 0.05
"""Chance below which a column that is wholly the same is not taken for chance, though it may be."""


@dataclass(slots=True)
class _Column:
    """What was seen of one replaced column; distinct values are followed in a sample of their fingerprints."""

    plan: ColumnPlan
    cells: int = 0
    unchanged: int = 0
    constant: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Some distinct new values."""
    sample: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))
    chance: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    same: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    below: int = 1 << 64
    """Fingerprints above this are not in the sample."""
    written: U64 = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Some distinct values that stand where others stood: what a constant is."""
    near: int = 0
    told: int = 0
    """Values that are the source's with a little added or left out, of those that were looked at."""
    overlap: Overlap = field(default_factory=Overlap)

    def add(self, prints: U64, same: npt.NDArray[np.bool_], chance: npt.NDArray[np.float64]) -> None:
        """Some cells that are worth looking at."""
        chosen = prints <= np.uint64(self.below - 1)
        sample, place, value = np.unique(
            np.concatenate([self.sample, prints[chosen]]), return_index=True, return_inverse=True
        )
        anywhere = np.zeros(len(sample), bool)  # one row that stayed is enough
        anywhere[value[np.concatenate([self.same, same[chosen]])]] = True
        self.same, self.chance = anywhere, np.concatenate([self.chance, chance[chosen]])[place]
        self.sample = sample
        while len(self.sample) > _SAMPLE:
            self.below //= 2
            kept = self.sample <= np.uint64(self.below - 1)
            self.sample, self.same, self.chance = self.sample[kept], self.same[kept], self.chance[kept]


_CONSTANTS = (
    "set", "free_text", "user_agent", "photo", "signature", "document_or_blob", "password_or_secret", "gender",
    "known_password",
)  # fmt: skip
"""Transforms that put one value in the place of all."""
_OWN_VALUES = (*_CONSTANTS, "null", "permute", "geo_location")
"""Transforms whose results are constants, or rightly the column's own values."""
_KINDS = 64
_CLOSELY = 4096
"""Cells of a column that are compared closely."""
_NEAR, _NEAR_WHOLE = 0.05, 0.01
"""Shares of values whose pseudonym is by chance the same with a little added or left out: names are short."""
_INVENTED = ("last_name", "company_name")
_COINCIDENCE = 1e-4
"""How likely an invented name is one that somebody has."""
_MANY = 8
_SHORT = 3
_OF_WORDS = ("last_name", "person_name")
"""Categories that tell little by their capacity: surnames are invented, a part of a name may be one letter."""
_MAY_STAY = ("set", "null", "geo_location")
"""Transforms whose result may rightly be what was there."""
_GENERALISED = "generalise"
"""A value that is the representative of its class stays; `check_generalised` judges these columns."""


class Watch(Watcher):
    """Compares each replaced cell with the source's cell of the same row."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._columns: dict[str, _Column] = {}

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            name = plan.column.name
            if name not in rows.old.schema.names or plan.transform == _GENERALISED:
                continue
            column = self._columns.setdefault(str(plan.name), _Column(plan))
            old, new = rows.prints(name)
            filled = old != 0
            column.cells += int(np.count_nonzero(filled))
            same = filled & ((old == new) | self._alike(plan, rows.old.column(name), rows.new.column(name)))
            if len(column.constant) < _KINDS:
                column.constant = np.unique(np.concatenate([column.constant, new[new != 0]]))[:_KINDS]
                column.written = np.unique(np.concatenate([column.written, new[filled & ~same]]))[:_KINDS]
            if same.any():
                same[same] = _telling(plan, rows.old.column(name).filter(pa.array(same)))
                column.unchanged += int(np.count_nonzero(same))
            self._liken(column, rows)
            if plan.category in WHOLE:
                if same.any():
                    found = old[same]
                    column.add(found, np.ones(len(found), bool), np.zeros(len(found)))
            elif filled.any():
                telling = filled & (same | (old != new))
                column.add(old[telling], same[telling], _chance(plan, _lengths(rows.old.column(name))[telling]))

    def _alike(self, plan: ColumnPlan, old: pa.Array, new: pa.Array) -> npt.NDArray[np.bool_]:
        """Cells that say the same, though not in the same bytes; what is looked for everywhere is found anyhow."""
        if plan.category in SOUGHT or plan.column.family not in _WRITTEN:
            return _but_for_case(old, new)
        return same_but_for_signs(old, new, self.run.prints)

    def _liken(self, column: _Column, rows: Rows) -> None:
        """Compare some rows more closely, and the values of this column with those of its other rows."""
        plan, name = column.plan, column.plan.column.name
        if plan.transform in _OWN_VALUES or plan.capacity == 1 or plan.column.labels:
            return
        old, new = rows.prints(name)
        filled = (old != 0) & (new != 0)
        if plan.capacity if plan.category in SOUGHT else plan.column.family in _WRITTEN:
            lengths = _lengths(rows.old.column(name))[filled]
            column.overlap.add(old[filled], new[filled], np.maximum(_chance(plan, lengths), _COINCIDENCE))
        if plan.column.family in _WRITTEN and column.told < _CLOSELY:
            changed = np.flatnonzero(filled & (old != new))[:: len(rows) // _CLOSELY + 1]
            chosen = pa.array(changed[np.unique(old[changed], return_index=True)[1]])
            near, told = nearly_the_same(
                rows.old.column(name).take(chosen), rows.new.column(name).take(chosen), self.run.prints
            )
            column.near, column.told = column.near + near, column.told + told

    def result(self) -> CheckResult:
        said: dict[Outcome, list[str]] = {Outcome.FAILED: [], Outcome.NOT_VERIFIED: [], Outcome.PASSED: []}
        for name, column in self._columns.items():
            found, words = _verdict(column)
            if words:
                said[found].append(f"{name}: {words}")
            said[Outcome.FAILED] += [f"{name}: {words}" for words in _unlike(column)]
        examined = sum(column.cells for column in self._columns.values())
        unseen = [*self.run.unseen, *said[Outcome.NOT_VERIFIED]]
        return outcome("replaced", PROMISE, said[Outcome.FAILED], examined, said[Outcome.PASSED], unseen)


def _verdict(column: _Column) -> tuple[Outcome, str]:
    """What the cells that are the same prove, and what to say of them."""
    same = int(np.count_nonzero(column.same))
    if not same:
        return Outcome.PASSED, ""
    if column.plan.capacity == 1 and len(column.written):
        back = np.count_nonzero(~np.isin(column.sample[column.same], column.written))
        if back:
            return Outcome.FAILED, f"{back} values are still the source's own, and others are a constant"
    constant = len(column.constant) == 1 and column.plan.transform in _CONSTANTS
    if constant and (column.unchanged < column.cells or column.plan.transform == "set"):
        return Outcome.PASSED, f"{column.unchanged} cells already held the constant that replaces the column"
    if column.plan.category in WHOLE:
        drawn_from = _capacity(column.plan)
        # a source whose values lie where pseudonyms come from meets them in other rows too
        possible = drawn_from and (column.plan.category == "ip_address" or column.overlap.moved())
        allowed = chance_bound(column.cells / drawn_from) if drawn_from and possible else 0
        unlikely = False
    else:
        allowed = chance_bound(float(column.chance.sum()))
        unlikely = bool(column.same.all()) and float(np.prod(column.chance)) < _UNLIKELY
    words = f"{column.unchanged} cells ({same} distinct values) are still the source's own"
    if same > allowed or unlikely:
        return Outcome.FAILED, f"{words}; chance allows {0 if unlikely else allowed}"
    alone = column.same.all() and (column.plan.category not in WHOLE or column.unchanged == column.cells)
    if alone and float(np.prod(column.chance)) < _RARE and column.plan.transform not in _MAY_STAY:
        return (
            Outcome.NOT_VERIFIED,
            f"{words}, and none is another: too few to tell chance from a column left as it was",
        )
    return Outcome.PASSED, f"{words}, within what chance allows ({allowed})"


def _unlike(column: _Column) -> Iterator[str]:
    """What stands against the column as a whole."""
    rate = _NEAR_WHOLE if column.plan.category in WHOLE else _NEAR
    if column.near > chance_bound(column.told * rate):
        yield (
            f"{column.near} of {column.told} values are the source's own with a little added or left out; "
            f"chance allows {chance_bound(column.told * rate)}"
        )
    overlap = column.overlap
    if column.plan.category in SOUGHT or not len(overlap.old):
        return
    moved = overlap.moved()
    whole = overlap.is_a_permutation() and len(overlap.old) >= _MANY and overlap.expected() < len(overlap.old) * 0.9
    invented = column.plan.category in _INVENTED and moved > chance_bound(overlap.expected())
    if invented or (whole and moved):
        allowed = chance_bound(overlap.expected())
        yield f"{moved} of the column's own values stand in other rows; chance allows {allowed}"


def _lengths(values: pa.Array) -> npt.NDArray[np.int32]:
    """Bytes of each value; of the shortest ones, letters and digits: an initial with its point is one letter."""
    lengths = pc.fill_null(pc.binary_length(values), 0)
    short = pc.less_equal(lengths, _SHORT)
    if pc.any(short, min_count=0).as_py():
        plain = pc.binary_length(pc.replace_substring_regex(values.filter(short), r"[^\pL\pN]+", ""))
        lengths = pc.replace_with_mask(lengths, short, pc.fill_null(plain, 0))
    counted: npt.NDArray[np.int32] = lengths.to_numpy(zero_copy_only=False)
    return counted


def _capacity(plan: ColumnPlan) -> int | None:
    """How many values a pseudonym is drawn from; None: so many, or one for all, that none comes out as itself."""
    if plan.transform in _CONSTANTS:
        return None
    return (
        min(plan.capacity or PRIVATE_ADDRESSES, PRIVATE_ADDRESSES) if plan.category == "ip_address" else plan.capacity
    )


def _but_for_case(old: pa.Array, new: pa.Array) -> npt.NDArray[np.bool_]:
    """Cells of the same length that differ in nothing but the case of plain letters."""
    alike = np.zeros(len(old), bool)
    before, after = flat(old)[0], flat(new)[0]
    told = pc.and_(old.is_valid(), new.is_valid()).to_numpy(zero_copy_only=False)  # bytes may lie under a null
    rows = np.flatnonzero((np.diff(before) == np.diff(after)) & (np.diff(before) > 0) & told)
    if not len(rows):
        return alike
    offsets, data = flat(old.take(pa.array(rows)))
    equal = _LOWER[data] == _LOWER[flat(new.take(pa.array(rows)))[1]]
    alike[rows] = np.logical_and.reduceat(equal, offsets[:-1])
    return alike


def _telling(plan: ColumnPlan, values: pa.Array) -> npt.NDArray[np.bool_]:
    """Whether a value says something: blanks, zeros, signs, an empty JSON value and a particle of a name do not."""
    says = pc.match_substring_regex(values, r"[1-9\p{L}]")
    if plan.category == "person_name":
        says = pc.and_not(says, pc.match_substring_regex(values, NO_NAME))
    none = pc.is_in(values, pa.array(["null", "{}", "[]", "true", "false", "\\x"]))
    found: npt.NDArray[np.bool_] = pc.and_not(says, none).to_numpy(zero_copy_only=False)
    return found


def _chance(plan: ColumnPlan, lengths: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """How likely each value is its own pseudonym."""
    chance = 10.0 ** -np.minimum(lengths, 6)
    floor = _SMALL.get(plan.column.family, 0.0)
    drawn_from = None if plan.category in _OF_WORDS else _capacity(plan)
    if drawn_from:
        floor = max(floor, 1 / drawn_from)
    elif plan.category in _VOCABULARIES:
        floor = max(floor, _VOCABULARY)
    if plan.column.labels:
        floor = max(floor, 1 / len(plan.column.labels))
    likely: npt.NDArray[np.float64] = np.clip(np.maximum(chance, floor), 0, 1)
    return likely


check = partial(alone, Watch)
