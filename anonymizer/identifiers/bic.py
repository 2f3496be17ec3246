"""Business identifier code (BIC, SWIFT code) of a bank.

Form: four letters of the institution, two of the country, two letters or digits of the place, and perhaps three of
the branch; in capitals.
Source: ISO 9362, https://www.swift.com/standards/data-standards/bic-business-identifier-code
Range: 0 as the second sign of the place, which marks codes for test and training that are not connected. The country
stays; the branch becomes XXX, the head office.

>>> is_valid(pa.array(["ZZZZBEA0XXX", "ZZZZ99A0"])).to_pylist()
[True, False]
>>> from_index(np.array([456_975], np.uint64), pa.array(["AAAABEBB"])).to_pylist()
['ZZZZBEA0']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "BIC"
CATEGORY = "bank_account"
CAPACITY = 26**4
SPACE = 26**4 * 36**2
REACHABLE = False

_SIGNS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_PLACE = np.zeros(256, np.uint64)
_PLACE[_SIGNS] = np.arange(36)
_COUNTRIES = (
    "AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM "
    "FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT "
    "JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN "
    "MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT "
    "PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL "
    "TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
_FORM = rf"^\s*[A-Z]{{4}}(?:{'|'.join(_COUNTRIES.split())})[A-Z0-9]{{2}}(?:[A-Z0-9]{{3}})?\s*$"


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.match_substring_regex(values, _FORM)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the institution and the country alone: places and branches are one bank."""
    read = characters.compact(values, 12)
    return characters.rows_as_text(read.codes[:, :6])


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: institution and place; country and branch are form."""
    codes = characters.compact(values, 12).codes
    result = np.zeros(len(codes), np.uint64)
    for place in (0, 1, 2, 3):
        result = result * np.uint64(26) + (codes[:, place] - ord("A"))
    for place in (6, 7):
        result = result * np.uint64(36) + _PLACE[codes[:, place]]
    return result


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    codes = characters.compact(like, 12).codes
    rest = index.astype(np.uint64)
    for place in (3, 2, 1, 0):
        rest, letter = np.divmod(rest, np.uint64(26))
        codes[:, place] = letter + ord("A")
    codes[:, 6:11] = np.frombuffer(b"A0XXX", np.uint8)
    return characters.write_characters(like, codes)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    codes = characters.compact(like, 12).codes
    rest = rank.astype(np.uint64)
    for place in (7, 6):
        rest, sign = np.divmod(rest, np.uint64(36))
        codes[:, place] = _SIGNS[sign.astype(np.int64)]
    for place in (3, 2, 1, 0):
        rest, letter = np.divmod(rest, np.uint64(26))
        codes[:, place] = letter + ord("A")
    return characters.write_characters(like, codes)
