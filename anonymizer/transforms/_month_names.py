"""The names of the months in Dutch, French, German and English, in full and abbreviated.

Source: Unicode CLDR (https://cldr.unicode.org), month names wide and abbreviated; the Dutch abbreviations with a dot
are those of the Taalunie (https://taaladvies.net). The names of three letters are what databases and spreadsheets
print; for French and German the first three letters, which CLDR has for German alone.
"""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from anonymizer.pseudonyms.vocabulary import LANGUAGES
from anonymizer.pseudonyms.written_form import compact

FULL, SHORT, THREE = range(3)
"""Styles: in full, abbreviated as people write it, in three letters."""

_NAMES = {
    "nl": (
        "Januari Februari Maart April Mei Juni Juli Augustus September Oktober November December",
        "Jan Febr Mrt Apr Mei Juni Juli Aug Sept Okt Nov Dec",
        "Jan Feb Mrt Apr Mei Jun Jul Aug Sep Okt Nov Dec",
    ),
    "fr": (
        "Janvier Février Mars Avril Mai Juin Juillet Août Septembre Octobre Novembre Décembre",
        "Janv Févr Mars Avr Mai Juin Juil Août Sept Oct Nov Déc",
        "Jan Fév Mar Avr Mai Jun Jul Aoû Sep Oct Nov Déc",
    ),
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan Feb März Apr Mai Juni Juli Aug Sept Okt Nov Dez",
        "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    ),
    "en": (
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    ),
}
WRITTEN = pa.array([name for language in LANGUAGES for style in _NAMES[language] for name in style.split()])
"""At `place(language, style, month)`."""
LONGEST = max(len(name) for name in WRITTEN.to_pylist())


def place(language: int, style: int, month: int) -> int:
    """`language` counts as in LANGUAGES, `month` from 0."""
    return (language * 3 + style) * 12 + month


@cache
def known(order: tuple[str, ...], styles: tuple[int, ...]) -> tuple[pa.Array, pa.Array]:
    """All names as `compact` writes them, and the place of each.

    What several languages write alike is of the first of them in `order`; what several styles do, of the first style.
    """
    keys = compact(WRITTEN).to_pylist()
    found: dict[str, int] = {}
    for language in dict.fromkeys((*order, *LANGUAGES)):
        for style in styles:
            for month in range(12):
                at = place(LANGUAGES.index(language), style, month)
                found.setdefault(keys[at], at)
    return pa.array(list(found), pa.string()), pa.array(list(found.values()), pa.int64())
