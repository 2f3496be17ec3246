"""Relations that nobody declared, proposed for a person to confirm: by name, and by values that another key holds.

A name alone is enough where it says "the key of that table" and no value contradicts it; values alone are enough where
they can hardly agree by chance (see `_overlap`), and the other column is a key. At most one proposal for each column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from anonymizer.detect import _references
from anonymizer.detect._overlap import Fingerprints, Overlap
from anonymizer.model.finding import Finding, ProposedRelation
from anonymizer.model.rules import Relation
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName, TypeFamily

_COMPARABLE = (TypeFamily.INTEGER, TypeFamily.NUMBER, TypeFamily.TEXT, TypeFamily.UUID)
_NATURAL = frozenset(
    "email username phone national_id vat_number company_id iban bank_account credit_card mac_address".split()
)
"""Categories whose values point at one person or firm: natural keys."""
_FEWEST = 10
"""Different values below which equal ones prove nothing by themselves."""
_MOST = 100
"""A word to which more keys answer than these, as in a schema of numbered tables, names none of them."""
_ENOUGH, _AGREES = 0.9, 0.98


class _Key(NamedTuple):
    """A column that others may reference; `declared` as a key, or only found without doubles."""

    table: Table
    column: Column
    declared: bool

    @property
    def name(self) -> ColumnName:
        return ColumnName(self.table.name, self.column.name)


class _Match(NamedTuple):
    fit: int
    key: _Key
    overlap: Overlap | None


def propose(
    schema: Schema,
    samples: Mapping[TableName, Mapping[str, pa.Array]],
    findings: Sequence[Finding] = (),
    limit: int = 1 << 62,
) -> tuple[ProposedRelation, ...]:
    """The relations that names and samples speak for and the schema does not declare, in the order of the schema.

    `samples` may be empty; a sample of `limit` rows is taken for a part of its table. Pure but for the fingerprints'
    key, which the result does not depend on.
    """
    return tuple(_Search(schema, Fingerprints(samples, limit), findings).proposals())


class _Search:
    """What is known of all tables while each column is looked at."""

    def __init__(self, schema: Schema, prints: Fingerprints, findings: Sequence[Finding]) -> None:
        self._prints = prints
        self._tables = [table for table in schema.tables if table.partition_of is None]
        self._of = _references.entities(self._tables)
        self._categories = {finding.column: finding.category for finding in findings}
        self._declared = {
            ColumnName(schema.root(table.name).name, column)
            for table in schema.tables
            for key in table.foreign_keys
            for column in key.columns
        }
        self._keys = [key for table in self._tables for key in self._keys_of(table)]
        self._index: dict[str, list[_Key]] = {}
        for key in self._keys:
            for word in _references.answers_to(self._of[key.table.name.name], key.column.name):
                self._index.setdefault(word, []).append(key)

    def _keys_of(self, table: Table) -> Iterator[_Key]:
        declared = {key[0] for key in table.keys if len(key) == 1}
        for column in table.columns:
            name = ColumnName(table.name, column.name)
            if column.family not in _COMPARABLE:
                continue
            if column.name in declared:
                yield _Key(table, column, declared=True)
            elif self._prints.known(name) and self._prints.is_key(name):
                called = _references.taken_apart(column.name)
                is_own = called.stem == self._of[table.name.name] or not called.stem
                natural = self._categories.get(name) in _NATURAL and len(self._prints.of(name)) >= _FEWEST
                if natural or (called.key and is_own and not table.primary_key):
                    yield _Key(table, column, declared=False)

    def proposals(self) -> Iterator[ProposedRelation]:
        """Composite ones first: their columns are no references of their own."""
        for table in self._tables:
            taken: set[str] = set()
            first = self._of[table.name.name][0]
            found = sorted(self._composite(table), key=lambda match: self._of[match[0].name.name] != (first,))
            for referenced, columns in found:
                if not taken & set(columns):
                    taken |= set(columns)
                    yield self._proposed(table, columns, referenced, referenced.primary_key, "name")
            for column in table.columns:
                name = ColumnName(table.name, column.name)
                if column.family not in _COMPARABLE or column.name in taken or name in self._declared:
                    continue
                named = self._best(self._by_name(table, column))
                match, words = (named, "name") if named else (self._best(self._by_value(table, column)), "values")
                if match is not None:
                    yield self._proposed(table, (column.name,), match.key.table, (match.key.column.name,), words)

    def _proposed(
        self, table: Table, columns: tuple[str, ...], target: Table, referenced: tuple[str, ...], words: str
    ) -> ProposedRelation:
        seen = self._prints.overlap(_all(table, columns), _all(target, referenced))
        if seen is None:
            words += " alone"
        elif seen.shared is None:
            words += "; the samples cannot tell"
        else:
            words += f", {int(100 * seen.share)} % of {seen.values} values"
        return ProposedRelation(Relation(table.name, columns, target.name, referenced), words)

    # --- one column -----------------------------------------------------------------------------------------------

    def _by_name(self, table: Table, column: Column) -> Iterator[_Match]:
        """The keys that the column's name speaks of and its values do not contradict."""
        own = self._of[table.name.name]
        if _references.points_anywhere(column, table) or _references.numbers_itself(column, table, own):
            return
        words = _references.looked_up_by(column.name)
        answering = [self._index.get(word, []) for word in words]
        near = {key.name: key for keys in answering if len(keys) <= _MOST for key in keys}
        near |= {key.name: key for key in self._keys_of(table) if key.column.name in table.primary_key}
        for key in near.values():
            if key.name == ColumnName(table.name, column.name):
                continue
            fit, needs_values = _references.fit(column, table, key.column.name, self._of, key.table)
            if (
                not fit
                and key.table.name != table.name
                and _references.natural(column, key.column, self._of[key.table.name.name])
            ):
                fit, needs_values = 6, not key.declared
            seen = self._seen(table, column, key)
            if not fit or not _compatible(column, key.column, seen) or (seen is None and not key.declared):
                continue
            if seen is not None and seen.shared is not None and seen.share < _ENOUGH:
                continue
            needs_values = needs_values and not (key.declared and self._only_one(key))
            if needs_values and (seen is None or seen.shared is None or seen.share < _AGREES):
                continue
            yield _Match(fit, key, seen)

    def _only_one(self, key: _Key) -> bool:
        """Whether no other table's key has this name, which has two words at least."""
        words = _references.words_of(key.column.name)
        same = self._index.get(_references.joined(words), ())
        return len(words) > 2 and all(k.name == key.name or _references.words_of(k.column.name) != words for k in same)

    def _by_value(self, table: Table, column: Column) -> Iterator[_Match]:
        """The keys that hold the column's values, where these can hardly agree by chance."""
        name = ColumnName(table.name, column.name)
        if not self._prints.known(name) or len(self._prints.of(name)) < _FEWEST or not self._prints.are_telling(name):
            return
        for key in self._keys:
            if key.table.name == table.name or column.family is not key.column.family:
                continue
            seen = self._seen(table, column, key)
            if seen is not None and seen.shared is not None and seen.share >= _AGREES:
                yield _Match(1, key, seen)

    def _seen(self, table: Table, column: Column, key: _Key) -> Overlap | None:
        return self._prints.overlap((ColumnName(table.name, column.name),), (key.name,))

    def _best(self, matches: Iterator[_Match]) -> _Match | None:
        """The one that fits best; none where several do and nothing tells them apart."""
        ranked = sorted(matches, key=_rank, reverse=True)
        if not ranked or (len(ranked) > 1 and _rank(ranked[0]) == _rank(ranked[1])):
            return None
        return ranked[0]

    # --- several columns ------------------------------------------------------------------------------------------

    def _composite(self, table: Table) -> Iterator[tuple[Table, tuple[str, ...]]]:
        """Tables whose composite primary key this one repeats, with the columns that repeat it."""
        for target in self._tables:
            key = target.primary_key
            if target.name == table.name or len(key) < 2 or not self._owns(target):
                continue
            columns = tuple(self._counterpart(table, target, column) for column in key)
            if not all(columns) or any(ColumnName(table.name, column) in self._declared for column in columns):
                continue
            seen = self._prints.overlap(_all(table, columns), _all(target, key))
            if seen is None or seen.shared is None or seen.share >= _ENOUGH:
                yield target, columns

    def _owns(self, target: Table) -> bool:
        """Whether a column of the composite key is named after the table itself, or numbers its rows."""
        entity = self._of[target.name.name]
        for column in target.primary_key:
            name = _references.taken_apart(column)
            if (
                ColumnName(target.name, column) not in self._declared
                and name.key
                and (not name.stem or name.stem == entity)
            ):
                return True
        return False

    def _counterpart(self, table: Table, target: Table, column: str) -> str:
        """The column of `table` that is called like a key column of `target`, with the table's name before or not."""
        entity = _references.joined(self._of[target.name.name])
        name = _references.taken_apart(column)
        own = not name.stem and bool(name.key)
        wanted = {entity + _references.joined(_references.words_of(column))}
        if not own:
            wanted.add(_references.joined(_references.words_of(column)))
        families = target.column(column).family
        found = [
            other.name
            for other in table.columns
            if _references.joined(_references.words_of(other.name)) in wanted and other.family is families
        ]
        return found[0] if len(found) == 1 else ""


def _rank(match: _Match) -> tuple[int, bool, bool]:
    return match.fit, match.overlap is not None and match.overlap.shared is not None, match.key.declared


def _all(table: Table, columns: tuple[str, ...]) -> tuple[ColumnName, ...]:
    return tuple(ColumnName(table.name, column) for column in columns)


def _compatible(column: Column, key: Column, seen: Overlap | None) -> bool:
    """Whether the types can join: alike, both numbers, or text whose values were seen to."""
    numbers = (TypeFamily.INTEGER, TypeFamily.NUMBER)
    alike = column.family is key.family or (column.family in numbers and key.family in numbers)
    return alike or (seen is not None and seen.share >= _AGREES and TypeFamily.TEXT in (column.family, key.family))
