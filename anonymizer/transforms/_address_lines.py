"""What stands around a street in an address: town, country, the name of somebody "care of", of a building.

An address is taken apart from its ends: `head`, what is left of it, `tail`. What is taken off maps as in a column of
its own, and the signs between stay, so that an address on one line or two agrees with one in several columns.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Kernel
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import LETTER, compact
from anonymizer.transforms._places import Places

_GAP = r"\s*[,;\n\r]\s*|\s+[-–|]\s+"
_TOWN_CODE = r"(?:[A-Za-z]{1,3}[- ])?[0-9]{4,5}(?:\s?[A-Z]{2}\b)?"
_COMPOSED = (
    rf"[,;\n|]|\s[-–]\s|[\s,;]{_TOWN_CODE}\s+[^\d\s]|^{_TOWN_CODE}\s|"
    r"(?i:^(?:c/o|p/a|a/s|attn|chez|t\.?a\.?v|z\.? ?h)\b)"
)
"""Only what has one of these can be more than a street with a number."""
_COUNTRY = rf"(?s)^(?P<core>.+?)(?P<gap>{_GAP})(?P<country>{LETTER}(?:{LETTER}|[ .'-])*)$"
_CODE_AND_TOWN = rf"(?s)^(?P<core>.+?)(?P<gap>{_GAP}|\s+)(?P<town>{_TOWN_CODE}\s+[^\d\s][^\d,;\n]*)$"
_ALONE = rf"^(?P<core>)(?P<gap>)(?P<town>{_TOWN_CODE}\s+(?P<name>[^\d\s][^\d,;\n]*))$"
_TOWN_AND_CODE = (
    rf"(?s)^(?P<core>.+?)(?P<gap>{_GAP})(?P<town>[^\d,;\n]*[^\d,;\n\s])(?P<between>[\s,]+)"
    r"(?P<state>[A-Z]{2}\s+)?(?P<code>[A-Z]{1,2}[0-9][A-Z0-9]?\s?[0-9][A-Z]{2}|[0-9]{5}(?:-[0-9]{4})?)$"
)
_TOWN = rf"(?s)^(?P<core>.*{LETTER}.*?)(?P<gap>{_GAP})(?P<town>[^\d,;\n]*[^\d,;\n\s])$"
_PERSON = (
    r"(?is)^(?P<word>(?:c/o|p/a|a/s|attn\.?|chez|à l'attention de|t\.?a\.?v\.?|z\.? ?hd?\.|z\.? ?h\.?)\s*:?\s+)"
    rf"(?P<name>[^\d,;\n]*[^\d,;\n\s])(?:(?P<gap>{_GAP})(?P<core>.+))?$"
)
_BUILDING = rf"(?s)^(?P<name>[^\d,;\n]*[^\d,;\n\s])(?P<gap>{_GAP})(?P<core>{LETTER}[^\d,;\n]*\s\d.*)$"

Mapped = Callable[[pa.Array], pa.Array]


class AddressLines:
    """Addresses of one column: visible text without nulls."""

    def __init__(self, places: Places, people: Kernel, buildings: Mapped) -> None:
        """`people` maps names of people, `buildings` those of buildings."""
        self._places, self._people, self._buildings = places, people, buildings
        countries = Vocabulary.load("countries").rows
        self._countries = compact(pa.array([name for row in countries for name in row]))

    def composed(self, values: pa.Array) -> pa.Array:
        """bool: whether there may be more than a street with a number."""
        return pc.match_substring_regex(values, _COMPOSED)

    def taken_apart(self, values: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Head and tail, replaced, and between them what is left: the street with its number, or nothing."""
        empty = pa.array([""] * len(values), pa.string())
        head, core, tail = empty, values, empty
        core, tail = self._behind(core, tail, _COUNTRY, self._country)
        with_town = tail
        for pattern, mapped in (
            (_ALONE, self._alone),
            (_CODE_AND_TOWN, self._town),
            (_TOWN_AND_CODE, self._town_and_code),
            (_TOWN, self._known),
        ):
            # One town only: what has lost one keeps the rest.
            rest = pc.equal(tail, with_town)
            core, tail = self._behind(core, tail, pattern, mapped, rest)
        for pattern, mapped in ((_PERSON, self._person), (_BUILDING, self._building)):
            core, head = self._before(core, head, pattern, mapped)
        return head, core, tail

    def _behind(
        self,
        core: pa.Array,
        tail: pa.Array,
        pattern: str,
        mapped: Callable[[pa.StructArray], pa.Array],
        rows: pa.Array | None = None,
    ) -> tuple[pa.Array, pa.Array]:
        """Takes off what `mapped` has a pseudonym for; null: it is left."""
        found = pc.match_substring_regex(core, pattern)  # far quicker than to extract
        found = found if rows is None else pc.and_(found, rows)
        if found.true_count == 0:
            return core, tail
        parts = pc.extract_regex(core.filter(found), pattern)
        new = mapped(parts)
        longer = pc.binary_join_element_wise(parts.field("gap"), new, tail.filter(found), "")
        core = pc.replace_with_mask(core, found, pc.if_else(new.is_valid(), parts.field("core"), core.filter(found)))
        return core, pc.replace_with_mask(tail, found, pc.coalesce(longer, tail.filter(found)))

    def _before(
        self, core: pa.Array, head: pa.Array, pattern: str, mapped: Callable[[pa.StructArray], pa.Array]
    ) -> tuple[pa.Array, pa.Array]:
        found = pc.match_substring_regex(core, pattern)
        if found.true_count == 0:
            return core, head
        parts = pc.extract_regex(core.filter(found), pattern)
        longer = pc.binary_join_element_wise(head.filter(found), mapped(parts), parts.field("gap"), "")
        return pc.replace_with_mask(core, found, parts.field("core")), pc.replace_with_mask(head, found, longer)

    def _country(self, parts: pa.StructArray) -> pa.Array:
        country = parts.field("country")
        return pc.if_else(pc.is_in(compact(country), value_set=self._countries), country, None)

    def _town(self, parts: pa.StructArray) -> pa.Array:
        return self._places.towns(parts.field("town"))

    def _alone(self, parts: pa.StructArray) -> pa.Array:
        """Without a street in front four digits may also be a house number."""
        return pc.if_else(self._places.lists(parts.field("name")), self._town(parts), None)

    def _known(self, parts: pa.StructArray) -> pa.Array:
        """A town without postcode is one only if it is listed."""
        town = parts.field("town")
        return pc.if_else(self._places.lists(town), self._places.towns(town), None)

    def _town_and_code(self, parts: pa.StructArray) -> pa.Array:
        town, code = self._places.towns(parts.field("town")), self._places.postcodes(parts.field("code"))
        return pc.binary_join_element_wise(town, parts.field("between"), parts.field("state"), code, "")

    def _person(self, parts: pa.StructArray) -> pa.Array:
        return pc.binary_join_element_wise(parts.field("word"), self._people(parts.field("name")), "")

    def _building(self, parts: pa.StructArray) -> pa.Array:
        return self._buildings(parts.field("name"))
