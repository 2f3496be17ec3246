"""What a column's name says it points at: `customer_id`, `id_client`, `fk_klant`, `cust_email`, `parent_id`.

A name is taken apart into a stem, which names a table, and a key word, which names a kind of key. Four languages.

>>> taken_apart("id_client"), taken_apart("klantNr"), taken_apart("fk_customer_code")
(Name(stem=('client',), key='id'), Name(stem=('klant',), key='no'), Name(stem=('customer',), key='code'))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from anonymizer.detect._words import split
from anonymizer.model.schema import Column, Table

_KEY_WORDS = {
    "id": "id uid guid uuid key pk ref sleutel cle schluessel schlussel kennung ident identifier identifiant",
    "no": "no nr num nbr number nummer numero",
    "code": "code kode cod",
}
KEYS = {word: kind for kind, words in _KEY_WORDS.items() for word in words.split()}
"""Word -> the kind of key that it names."""
_MARKS = frozenset("fk ref fkey".split())
"""Words before a name that say "this points at" and nothing else."""
_TABLE_MARKS = frozenset("tbl tab tb t dim fact dbo".split())


class Name(NamedTuple):
    """A column's name: words of a table's name, and the kind of key ("" where none is named)."""

    stem: tuple[str, ...]
    key: str


def singular(word: str) -> str:
    """A word without a plural's ending, and without an `e` at its end; only for comparing words treated alike."""
    for ending, instead, least in (("ies", "y", 2), ("sses", "ss", 1), ("ches", "ch", 1), ("xes", "x", 1),
                                   ("eaux", "eau", 1), ("en", "", 4), ("s", "", 3), ("x", "", 4)):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith(("ss", "us", "is")):
            word = word[: len(word) - len(ending)] + instead
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _singulars(words: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words.split())


UPWARDS = _singulars(
    "parent prev previous next original supersedes report ouder bovenliggend bovenliggende vorige hoofd precedent "
    "superieur eltern vorgaenger vorganger uebergeordnet ubergeordnet related"
)
"""Stems that point at another row of the same table."""
_PEOPLE = _singulars("user gebruiker utilisateur benutzer account person persoon personne member")
_ROLES = _singulars(
    "author creator owner editor sender recipient receiver subscriber follower approver reviewer assignee assigner "
    "moderator uploader modifier revoker granter requester reporter reported auteur proprietaire eigenaar maker "
    "afzender ontvanger ersteller eigentuemer eigentumer besitzer absender empfaenger empfanger"
)
_ACTS = _singulars("created updated modified changed deleted resolved approved assigned closed reviewed")


_PEOPLE_WANTED = frozenset({*_ROLES, "by"})


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, each in the singular, key words that are glued to its end apart."""
    words = list(split(name))
    last = words[-1] if words else ""
    for glued in ("id", "nr", "no", "code", "nummer"):
        if last.endswith(glued) and len(last) - len(glued) >= 3 and last not in KEYS:
            words[-1:] = [last[: -len(glued)], glued]
            break
    return tuple(singular(word) for word in words)


def taken_apart(name: str) -> Name:
    """Stem and key word of a column's name."""
    words = list(words_of(name))
    marked = bool(words) and words[0] in _MARKS and len(words) > 1
    while len(words) > 1 and words[0] in _MARKS:
        words.pop(0)
    if len(words) > 1 and words[-1] in ("fk", "fkey"):
        marked = bool(words.pop())
    if len(words) > 1 and words[-1] in KEYS:
        return Name(tuple(words[:-1]), KEYS[words[-1]])
    if len(words) > 1 and words[0] in KEYS:
        return Name(tuple(words[1:]), KEYS[words[0]])
    if len(words) == 1 and words[0] in KEYS:
        return Name((), KEYS[words[0]])
    return Name(tuple(words), "id" if marked else "")


def entities(tables: Iterable[Table]) -> dict[str, tuple[str, ...]]:
    """Table name -> the words of what its rows are; a word that many tables begin with says nothing."""
    split_up = {table.name.name: words_of(table.name.name) for table in tables}
    starts: dict[str, int] = {}
    for words in split_up.values():
        if len(words) > 1:
            starts[words[0]] = starts.get(words[0], 0) + 1
    common = {word for word, count in starts.items() if count >= 5 and count >= 0.6 * len(split_up)}
    return {
        name: words[1:] if len(words) > 1 and (words[0] in common or words[0] in _TABLE_MARKS) else words
        for name, words in split_up.items()
    }


def joined(words: Iterable[str]) -> str:
    """Words as one, so that `orderline` is `order_line`."""
    return "".join(words)


def looked_up_by(name: str) -> set[str]:
    """The words under which a column's name may be found among those of `answers_to`."""
    stem, words = taken_apart(name).stem, words_of(name)
    begun = {_begun(joined(words[:cut]), joined(words[cut:])) for cut in range(1, len(words))}
    return {joined(words), *begun, *(joined(stem[start:]) for start in range(len(stem)))} - {""}


def _begun(entity: str, key: str) -> str:
    """A key, with the first letters of the table's name before it: `cust_email`."""
    return f"{entity[:3]}~{key}"


def answers_to(entity: tuple[str, ...], key: str) -> set[str]:
    """The words by which the key column of a table may be named elsewhere."""
    name = joined(words_of(key))
    found = {name, joined(taken_apart(key).stem), *(joined(entity[n:]) for n in range(len(entity)))}
    found |= {_begun(joined(entity), name), *(_begun(word, name) for word in entity[-1:])}
    return (found | (set(_PEOPLE_WANTED) if entity[-1:] and entity[-1] in _PEOPLE else set())) - {""}


class Strength(NamedTuple):
    """How well a name fits; larger is better, 0 does not fit. Values have to agree where `needs_values`."""

    fit: int
    needs_values: bool = False


_NOT = Strength(0)


def fit(column: Column, table: Table, key: str, of: Mapping[str, tuple[str, ...]], target: Table) -> Strength:
    """How well `column` of `table` names the column `key` of `target`; `of` is what `entities` gives."""
    entity, own = of[target.name.name], of[table.name.name]
    name, wanted = taken_apart(column.name), taken_apart(key)
    if target.name == table.name:
        upward = bool(set(name.stem) & UPWARDS) and column.name != key and (key,) == target.primary_key
        return Strength(6) if upward and set(name.stem) <= {*UPWARDS, *entity, *wanted.stem, "to"} else _NOT
    if name.stem and words_of(column.name) == words_of(key) and (wanted.key or (key,) == target.primary_key):
        exact, close = joined(wanted.stem) == joined(entity), _names(wanted.stem, entity)
        return Strength(9 if exact else 6 if close else 4, needs_values=not close)
    kind = wanted.key or ("id" if joined(wanted.stem) == joined(entity) else "")
    if name.key and name.stem and kind == name.key:
        if joined(name.stem) == joined(entity) or (name.stem == wanted.stem and _names(wanted.stem, entity)):
            return Strength(8)
        if len(name.stem) > 1 and (_ends_with(name.stem, entity) or name.stem[-1:] == wanted.stem):
            return Strength(7)
        if len(entity) > 1 and _ends_with(entity, name.stem):
            return Strength(5, needs_values=False) if entity[0] != own[0] else Strength(6)
    return _person(name, entity, (key,) == target.primary_key)


def numbers_itself(column: Column, table: Table, own: tuple[str, ...]) -> bool:
    """Whether a column of the primary key is named after its own table: it numbers its rows, and references none."""
    stem, entity = joined(taken_apart(column.name).stem), joined(own)
    return (
        column.name in table.primary_key
        and bool(stem)
        and (entity == stem or (len(table.primary_key) == 1 and (entity.endswith(stem) or entity.startswith(stem))))
    )


def _names(stem: tuple[str, ...], entity: tuple[str, ...]) -> bool:
    """Whether the stem, or what it abbreviates, is the table."""
    together, table = joined(stem), joined(entity)
    return bool(stem) and (table.startswith(together) or _ends_with(entity, stem))


def _ends_with(words: tuple[str, ...], ending: tuple[str, ...]) -> bool:
    together = joined(ending)
    return bool(ending) and (words[-len(ending) :] == ending or (len(together) >= 4 and words[-1] == together))


def _person(name: Name, entity: tuple[str, ...], primary: bool) -> Strength:
    """`author_id`, `created_by`: a role of whoever uses the program."""
    if len(entity) != 1 or entity[0] not in _PEOPLE or not name.stem or not primary:
        return _NOT
    role = name.key == "id" and name.stem[-1] in _ROLES
    act = name.stem[-1] == "by" and len(name.stem) == 2 and name.stem[0] in _ACTS
    return Strength(2) if role or act else _NOT


def natural(column: Column, key: Column, entity: tuple[str, ...]) -> bool:
    """Whether `cust_email` names the column `email` of the table `customers`: the table, or its beginning, before."""
    words, wanted = words_of(column.name), words_of(key.name)
    if len(words) <= len(wanted) or words[-len(wanted) :] != wanted:
        return False
    before, whole = joined(words[: -len(wanted)]), joined(entity)
    return before == whole or (len(before) >= 3 and (whole.startswith(before) or entity[-1].startswith(before)))


def points_anywhere(column: Column, table: Table) -> bool:
    """Whether another column says which table is meant: `record_id` beside `record_type`."""
    stem = taken_apart(column.name).stem
    kinds = {joined(words_of(other.name)) for other in table.columns}
    return bool(stem) and any(joined(stem) + kind in kinds for kind in ("type", "class", "tabl", "table", "kind"))
