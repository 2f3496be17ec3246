"""Which words of a name are first names and which surname, told by their order and by what the word lists know.

A name is given as a pattern, one letter for each piece:

    F first name   S surname   B both   W neither   I initials   P particle   T title   U title unless alone
    f s b w ...    the same, written in capitals
    , - and space  what stands between words; a hyphen links two words to one

The roles come back as another letter for each piece:

    f first name   i initials   j initial of the surname   l surname   + belongs to the piece before
    p particle of the surname that stands apart ("AA, Jan van der")   = stays as it is   x nothing that a list knows
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

MOST_WORDS = 24
"""What is longer is no name: it maps as a whole."""


class _Unit(NamedTuple):
    """A word, or several that hyphens link."""

    kind: str
    places: tuple[int, ...]
    shouted: bool
    comma: bool


ORDERS = ("first_last", "last_first")


@lru_cache(4096)
def full_name(pattern: str, order: str | None = None) -> str:
    """The roles of a whole name; `order`, one of ORDERS, decides where its words do not.

    >>> full_name("F S"), full_name("s F"), full_name("S, F P P".replace(", ", ","))
    ('f=l', 'l=f', 'l=f=p++')
    >>> full_name("B B"), full_name("B B", "last_first"), full_name("F S", "last_first")
    ('f=l', 'l=f', 'f=l')
    """
    if not any(sign.isalpha() for sign in pattern):
        return "l" + "+" * (len(pattern) - 1) if pattern else ""
    if len(pattern) > 2 * MOST_WORDS:
        return "l" + "+" * (len(pattern) - 1)
    units = _units(pattern)
    titles = [unit.kind == "T" or (unit.kind == "U" and len(units) > 1) for unit in units]
    names = [unit for unit, title in zip(units, titles, strict=True) if not title]
    told = _told(names, order)
    if len(names) == 1 and len(units) > 1 and names[0].kind == "B":
        told = "l"
    return _spread(pattern, names, told)


@lru_cache(4096)
def local_part(pattern: str) -> str:
    """The roles of a login; where nothing is known, no piece has one.

    >>> local_part("I S"), local_part("S F"), local_part("W")
    ('i=l', 'l=f', 'x')
    """
    if not any(sign.isalpha() for sign in pattern) or len(pattern) > 2 * MOST_WORDS:
        return "x" * len(pattern)
    if "-" in pattern and " " not in pattern and not (pattern[0] == "S" and pattern[-1] == "S"):
        pattern = pattern.replace("-", " ")
    units = _units(pattern)
    kinds = "".join(unit.kind for unit in units)
    if kinds in ("W", "I", "P"):
        return "x" * len(pattern)
    if kinds == "II":
        return _spread(pattern, units, "ij")
    return _spread(pattern, units, _told(units))


def _units(pattern: str) -> list[_Unit]:
    units: list[_Unit] = []
    for place, sign in enumerate(pattern):
        if sign.isalpha():
            if units and pattern[place - 1] == "-" and units[-1].kind not in "TI":
                last = units[-1]
                kind = sign.upper() if last.kind == "P" else last.kind
                units[-1] = last._replace(places=(*last.places, place), kind=kind)
            else:
                units.append(_Unit(sign.upper(), (place,), sign.islower() and sign != "i", False))
        elif sign == "," and units:
            units[-1] = units[-1]._replace(comma=True)
    return units


def _told(units: list[_Unit], order: str | None = None) -> str:
    """A role for each unit: f, l or p; initials among the first names are found later."""
    kinds = "".join(unit.kind for unit in units)
    count = len(units)
    if count < 2:
        return "f" if kinds in ("F", "B", "I") else "l" * count
    comma = next((place for place, unit in enumerate(units) if unit.comma), count)
    if comma < count - 1:
        return "l" * (comma + 1) + "".join("p" if kind == "P" else "f" for kind in kinds[comma + 1 :])
    loud = "".join("u" if unit.shouted else "-" for unit in units)
    lead = count - len(loud.lstrip("u"))
    if 0 < lead < count and "u" not in loud[lead:] and "P" not in kinds[lead:]:
        return "l" * lead + "f" * (count - lead)
    if set(kinds) == {"I"}:
        return "f" * count
    behind = len(kinds) - len(kinds.rstrip("FBI"))
    particles = count - len(kinds.lstrip("P"))
    reverse = kinds[0] in "SWP" and (kinds[-1] in "IF" or (kinds[-1] == "B" and kinds[0] in "SP"))
    reverse |= kinds[0] == "B" and (kinds[-1] == "F" or not kinds[1:].strip("I"))
    if order is not None and len(set(loud)) == 1 and not _beyond_doubt(kinds):
        reverse = order == "last_first"
        behind = max(behind, 1) if reverse else behind
    trailing = min(behind, count - particles - 1)
    if reverse and trailing > 0:
        return "l" * (count - trailing) + "f" * trailing
    if kinds[0] == "P":
        return "l" * count
    given = 1
    while given < count - 1 and kinds[given] in "FBI":
        given += 1
    last = "j" if kinds[given:] == "I" else "l" * (count - given)
    return "f" * given + last


def _beyond_doubt(kinds: str) -> bool:
    """Whether the words tell the order whatever the column says: a surname or its particle at one end, a first name
    or initials at the other; or a particle in the middle, which begins the surname."""
    if kinds[0] == "I" or (kinds[0] in "SP" and kinds[-1] in "FI"):
        return True
    inside = "P" in kinds.lstrip("P")
    return (kinds[0] == "F" and (kinds[-1] == "S" or inside)) or (kinds[-1] in "SW" and inside)


def _spread(pattern: str, units: list[_Unit], told: str) -> str:
    """The units' roles, for each piece."""
    roles = ["="] * len(pattern)
    end, before = -2, ""
    for unit, role in zip(units, told, strict=True):
        first, last = unit.places[0], unit.places[-1]
        if role in "lp":
            joins = role == before and not any(pattern[place].isalpha() for place in range(end + 1, first))
            joins = joins and "," not in pattern[end + 1 : first]
            begin = end + 1 if joins else first
            roles[begin : last + 1] = ["+"] * (last + 1 - begin)
            if not joins:
                roles[first] = role
        else:
            for place in unit.places:
                roles[place] = "i" if role == "f" and pattern[place] in "Ii" else role
        end, before = last, role
    return "".join(roles)
