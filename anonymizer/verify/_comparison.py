"""One pass over source and target side by side, for all checks at once.

The same rows stand in the same order in both, so row n of a table is compared with row n. Tables that the plan does not
touch are compared as they stand, and are taken apart only where they differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import Plan, TablePlan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.schema import TableName
from anonymizer.verify import _emptied
from anonymizer.verify._fingerprint import U64, Fingerprinter
from anonymizer.verify._known import Known, patterns
from anonymizer.verify._pairs import Pairs
from anonymizer.verify._program_words import program_words
from anonymizer.verify._reader import Block, Part, Reader, Text
from anonymizer.verify._scan import Scan, scan


@dataclass(slots=True)
class Rows:
    """The same consecutive rows of one table in the source and in the target."""

    plan: TablePlan
    old: pa.RecordBatch
    new: pa.RecordBatch
    _prints: Fingerprinter
    _cache: dict[str, tuple[U64, U64]] = field(default_factory=dict)

    def prints(self, column: str) -> tuple[U64, U64]:
        """Fingerprints of a column before and after; 0 for NULL."""
        if column not in self._cache:
            self._cache[column] = (
                self._prints.cells(self.old.column(column)),
                self._prints.cells(self.new.column(column)),
            )
        return self._cache[column]

    def joint(self, prints: list[U64]) -> U64:
        """Fingerprints of several columns together."""
        return self._prints.together(prints)

    def __len__(self) -> int:
        return int(self.old.num_rows)


class Watcher:
    """What one check sees of the pass; by default it looks away."""

    def __init__(self, comparison: Comparison) -> None:
        self.run = comparison
        self.plan = comparison.plan

    def same(self, table: TableName, block: Block) -> None:
        """Rows of an untouched table that stand in source and target alike."""

    def rows(self, rows: Rows) -> None:
        """Rows of a touched table, or of one that should not be and yet differs."""

    def unpaired(self, table: TableName, old: int, new: int) -> None:
        """So many rows of the source and of the target that could not be compared one by one."""

    def differs(self, table: TableName) -> None:
        """The target's rows have other columns, or the table is none of the plan's and has other rows."""

    def text(self, old: Text | None, new: Text | None) -> None:
        """A piece outside the rows of the source or of the target."""

    def result(self) -> CheckResult:
        """After the pass."""
        raise NotImplementedError


class Comparison:
    """The pass, and what the checks share: fingerprints of the source's values, and one scan of the target."""

    def __init__(self, plan: Plan, source: Reader, target: Reader) -> None:
        self.plan, self.source, self.target = plan, source, target
        self.prints = Fingerprinter()
        self.known = Known(self.prints)
        self.known.allow(program_words(plan.schema))
        self.out_of_order: list[TableName] = []
        """Tables whose stored order changed with their keys: their rows could not be compared one by one."""
        self._scan: Scan | None = None
        self._pairs: list[Pairs] = []

    def pairs(self, width: int) -> Pairs:
        """A collection of rows of fingerprints that is closed with the comparison."""
        self._pairs.append(Pairs(width))
        return self._pairs[-1]

    def scan(self) -> Scan:
        """Known values in the target; read once, after the pass."""
        if self._scan is None:
            self.known.seal()
            self._scan = scan(self.known, self.target)
        return self._scan

    @property
    def unseen(self) -> list[str]:
        """Why some rows could not be compared one by one."""
        return [f"{table}: its rows lie in the order of a replaced key and cannot be paired" for table in
                self.out_of_order]  # fmt: skip

    def close(self) -> None:
        """Forget all fingerprints."""
        for pairs in self._pairs:
            pairs.close()

    def walk(self, watchers: Sequence[Watcher]) -> None:
        """Read source and target once. Raises Unreadable."""

        def old_text(text: Text) -> None:
            for watcher in watchers:
                watcher.text(text, None)

        def new_text(text: Text) -> None:
            for watcher in watchers:
                watcher.text(None, text)

        def old_emptied(block: Block) -> None:
            batch = block.batch()
            for pattern in _emptied.patterns(self.plan.tables[block.table], batch, known_as):
                self.known.add(pattern)
            for watcher in watchers:
                watcher.unpaired(block.table, batch.num_rows, 0)

        def new_emptied(block: Block) -> None:
            for watcher in watchers:
                watcher.unpaired(block.table, 0, block.batch().num_rows)

        known_as = _emptied.namesakes(self.plan)
        emptied = {name for name, table in self.plan.tables.items() if table.rows == "none"}
        olds = _sections(self.source.parts(), old_text, emptied, old_emptied)
        news = _sections(self.target.parts(), new_text, emptied, new_emptied)
        waiting = next(news, None)
        for table, old_blocks in olds:
            if waiting is not None and waiting[0] == table:
                self._table(table, old_blocks, waiting[1], watchers)
                waiting = next(news, None)
            else:
                self._table(table, old_blocks, iter(()), watchers)
        while waiting is not None:
            self._table(waiting[0], iter(()), waiting[1], watchers)
            waiting = next(news, None)

    def _table(
        self, table: TableName, olds: Iterator[Block], news: Iterator[Block], watchers: Sequence[Watcher]
    ) -> None:
        plan = self.plan.tables.get(table)
        touched = plan is not None and bool(plan.replaced)
        old, new = next(olds, None), next(news, None)
        while not touched and old is not None and new is not None and old.data is not None and old.data == new.data:
            for watcher in watchers:
                watcher.same(table, old)
            old, new = next(olds, None), next(news, None)
        before, after = _Queue(old, olds), _Queue(new, news)
        self._paired(table, plan, plan is not None and not self._reordered(plan, old), before, after, watchers)
        self._rest(table, plan, before, after, watchers)

    def _paired(
        self,
        table: TableName,
        plan: TablePlan | None,
        parallel: bool,
        before: _Queue,
        after: _Queue,
        watchers: Sequence[Watcher],
    ) -> None:
        """Rows that both sides have, as far as they go."""
        while before.fill() and after.fill():
            count = min(before.ready, after.ready)
            a, b = _without_spared(plan, before.take(count), after.take(count))
            self._learn(plan, a)
            if a.schema.names != b.schema.names or (plan is None and not a.equals(b)):
                for watcher in watchers:
                    watcher.differs(table)
            if parallel and plan is not None and a.schema.names == b.schema.names:
                rows = Rows(plan, a, b, self.prints)
                for watcher in watchers:
                    watcher.rows(rows)
            else:
                for watcher in watchers:
                    watcher.unpaired(table, count, count)

    def _rest(
        self, table: TableName, plan: TablePlan | None, before: _Queue, after: _Queue, watchers: Sequence[Watcher]
    ) -> None:
        while before.fill():
            batch = before.take(before.ready)
            self._learn(plan, _without_spared(plan, batch, batch)[0])
            for watcher in watchers:
                watcher.unpaired(table, batch.num_rows, 0)
        while after.fill():
            count = after.take(after.ready).num_rows
            for watcher in watchers:
                watcher.unpaired(table, 0, count)

    def _reordered(self, plan: TablePlan, block: Block | None) -> bool:
        replaced = {column.column.name for column in plan.replaced}
        changed = block is not None and any(column in replaced for column in block.order)
        if changed and plan.table.name not in self.out_of_order:
            self.out_of_order.append(plan.table.name)
        return changed

    def _learn(self, plan: TablePlan | None, batch: pa.RecordBatch) -> None:
        if plan is not None and plan.replaced:
            for pattern in patterns(plan, batch):
                self.known.add(pattern)


def _without_spared(
    plan: TablePlan | None, old: pa.RecordBatch, new: pa.RecordBatch
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Both sides without the values that a rule spares, where they did stay: those are nobody's."""
    for column in plan.replaced if plan is not None else ():
        name = column.column.name
        if column.spared and name in old.schema.names and name in new.schema.names:
            at, before, after = old.schema.names.index(name), old.column(name), new.column(name)
            stayed = pc.and_(pc.is_in(before, value_set=pa.array(column.spared, pa.string())), pc.equal(before, after))
            stayed = pc.fill_null(stayed, False)
            if stayed.true_count:
                places = pc.if_else(stayed, None, pa.array(range(len(stayed)), pa.int64()))
                old = old.set_column(at, name, before.take(places))
                new = new.set_column(at, name, after.take(places))
    return old, new


class _Queue:
    """Blocks of rows as one row of batches, from which any number can be taken."""

    def __init__(self, first: Block | None, rest: Iterator[Block]) -> None:
        self._blocks = chain((first,), rest) if first is not None else iter(())
        self._batch: pa.RecordBatch | None = None

    @property
    def ready(self) -> int:
        """Rows at hand."""
        return 0 if self._batch is None else int(self._batch.num_rows)

    def fill(self) -> bool:
        """Whether there are more rows."""
        while not self.ready:
            block = next(self._blocks, None)
            if block is None:
                return False
            self._batch = block.batch()
        return True

    def take(self, count: int) -> pa.RecordBatch:
        """The next `count` rows, of those that are ready."""
        assert self._batch is not None
        taken, self._batch = self._batch.slice(0, count), self._batch.slice(count)
        return taken


def _sections(
    parts: Iterator[Part],
    on_text: Callable[[Text], None],
    emptied: Collection[TableName],
    on_emptied: Callable[[Block], None],
) -> Iterator[tuple[TableName, Iterator[Block]]]:
    """The blocks, table by table; texts and rows of tables that are to be emptied are handed over as they come."""

    def blocks() -> Iterator[Block]:
        for part in parts:
            if isinstance(part, Text):
                on_text(part)
            elif part.table in emptied:
                on_emptied(part)
            else:
                yield part

    return groupby(blocks(), key=lambda block: block.table)


def alone(watch: type[Watcher], plan: Plan, source: Reader, target: Reader) -> CheckResult:
    """One check with a pass of its own."""
    comparison = Comparison(plan, source, target)
    try:
        watcher = watch(comparison)
        comparison.walk([watcher])
        return watcher.result()
    finally:
        comparison.close()


PRIVATE_ADDRESSES = 1 << 16
"""Private networks are replaced within themselves; the smallest common one, 192.168.0.0/16, has so many addresses."""


_RISK = 1e-5


def chance_bound(expected: float) -> int:
    """The smallest number that a Poisson variable with this mean exceeds once in 100,000 times."""
    if expected < _RISK:
        return 0
    if expected > 100:
        return math.ceil(expected + 5 * math.sqrt(expected))
    probability = total = math.exp(-expected)
    bound = 0
    while 1 - total > _RISK:
        bound += 1
        probability *= expected / bound
        total += probability
    return bound


def outcome(
    check: str,
    promise: str,
    problems: Sequence[str],
    examined: int,
    notes: Sequence[str] = (),
    unseen: Sequence[str] = (),
) -> CheckResult:
    """FAILED with the problems, or NOT_VERIFIED with what could not be looked at, or PASSED with the notes."""
    if problems:
        return CheckResult(check, promise, Outcome.FAILED, tuple(problems), examined)
    if unseen:
        return CheckResult(check, promise, Outcome.NOT_VERIFIED, (*unseen, *notes), examined)
    return CheckResult(check, promise, Outcome.PASSED, tuple(notes), examined)
