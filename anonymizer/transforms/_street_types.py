"""Words that streets are abbreviated by: "Kerkstr." is "Kerkstraat", "av. Louise" "avenue Louise", "St.-" "Sint-".

Under its words in full a street is one street however it is written; the pseudonym then gets the same kind of word
abbreviated, where it has a usual abbreviation. French ones are those of the standard NF Z 10-011 (all, av, bd, imp, pl,
rte, sq) and what else is in use in Belgium; the others are those in use.
"""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

ABBREVIATED = (
    r"(?:^|[ .'-])(?:st|ste|r|ave?|bd|blvd|bvd|bld|boul|ch|chee|chem|pl|all|imp|sq|rte|rd)(?:[ .-]|$)|"
    r"(?:str|stn?wg|stw|pln?|ln)\.?(?:[ -]|$)"
)
"""What the normal form of a street has that may be abbreviated."""

_Pairs = tuple[tuple[str, str], ...]
_IN_FULL: dict[str, _Pairs] = {
    "nl": (
        (r"\bst\b\.?[ -]?", "sint "),
        (r"str\b\.?", "straat"),
        (r"(?:stn?wg|stw)\b\.?", "steenweg"),
        (r"ln\b\.?$", "laan"),
        (r"pln?\b\.?$", "plein"),
    ),
    "fr": (
        (r"^r\b\.?", "rue"),
        (r"^ave?\b\.?", "avenue"),
        (r"^(?:bd|blvd|bvd|bld|boul)\b\.?", "boulevard"),
        (r"^(?:ch|chee)\b\.?", "chaussee"),
        (r"^chem\b\.?", "chemin"),
        (r"^pl\b\.?", "place"),
        (r"^all\b\.?", "allee"),
        (r"^imp\b\.?", "impasse"),
        (r"^sq\b\.?", "square"),
        (r"^rte\b\.?", "route"),
        (r"\bst\b\.?", "saint"),
        (r"\bste\b\.?", "sainte"),
    ),
    "de": ((r"\bst\b\.?", "sankt"), (r"str\b\.?", "strasse"), (r"pl\b\.?$", "platz")),
    "en": ((r"^st\b\.?", "saint"), (r"\bst\b\.?$", "street"), (r"\brd\b\.?$", "road"), (r"\bave\b\.?$", "avenue")),
}
_BEHIND = r"(?i)(?:str|stn?wg|stw|pln?|st|rd|ave)(?P<stop>\.?)$"
_BEFORE = r"(?i)^(?:ave?|bd|blvd|bvd|bld|boul|ch|chée|chee|chem|pl|all|imp|sq|rte|(?P<rue>r))\b(?P<stop>\.?)"
_SHORT: dict[str, _Pairs] = {
    "nl": ((r"straat$", "str"), (r"steenweg$", "stwg"), (r"plein$", "pl")),
    "fr": (
        (r"^avenue\b", "av"),
        (r"^boulevard\b", "bd"),
        (r"^chaussée\b", "ch"),
        (r"^chemin\b", "chem"),
        (r"^place\b", "pl"),
        (r"^allée\b", "all"),
        (r"^square\b", "sq"),
    ),
    "de": ((r"straße$", "str"), (r"platz$", "pl")),
    "en": ((r"Street$", "St"), (r"Road$", "Rd")),
}


def in_full(normal: pa.Array, language: str) -> pa.Array:
    """Streets in their normal form -> the same without abbreviations."""
    return reduce(lambda texts, pair: pc.replace_substring_regex(texts, *pair), _IN_FULL[language], normal)


def as_short(names: pa.Array, like: pa.Array, language: str) -> pa.Array:
    """Streets of the word lists, their kind abbreviated where that of the values beside them is, stop and all."""
    parts = pc.extract_regex(like, _BEFORE if language == "fr" else _BEHIND)
    stop = pc.fill_null(pc.struct_field(parts, "stop"), "")
    pairs = _SHORT[language]
    result = names
    for pattern, short in pairs:
        mine = pc.and_(parts.is_valid(), pc.match_substring_regex(names, pattern))
        if mine.true_count:
            marked = pc.replace_substring_regex(names, pattern, f"{short}\x00")
            plain, stopped = (pc.replace_substring(marked, "\x00", sign) for sign in ("", "."))
            result = pc.if_else(mine, pc.if_else(pc.equal(stop, "."), stopped, plain), result)
    if language == "fr":  # who writes "av." writes "rue"
        rue = pc.and_(pc.equal(pc.struct_field(parts, "rue"), "r"), pc.starts_with(names, "rue "))
        new = pc.binary_join_element_wise("r", stop, pc.utf8_slice_codeunits(names, 3), "")
        result = pc.if_else(pc.fill_null(rue, False), new, result)
    return result
