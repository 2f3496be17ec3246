"""International bank account number (IBAN).

Form: country, two check digits (ISO/IEC 7064 MOD 97-10), and the country's own account number, of a fixed length.
Source: ISO 13616-1; the IBAN registry,
https://www.swift.com/standards/data-standards/iban-international-bank-account-number
Range: Belgium: bank codes without a bank, see `be_bank_account`. Elsewhere the bank code is all zeros, or all X where
it is letters; no bank of a registered country is known to have it (not confirmed by the countries' issuers). Country
and length stay. National check digits are right for BE, BA, ES, FR, MC, ME, MK, PT, RS and SI, and of no meaning
elsewhere.

>>> is_valid(pa.array(["BE57 1510 0000 0535", "BE57 1510 0000 0536"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["BE15 1510 0000 0030"])).to_pylist()
['BE57 1510 0000 0535']
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers import be_bank_account

NAME = "IBAN"
CATEGORY = "iban"
CAPACITY = 10_000_000
"""That many where account numbers are shortest (Norway); an index beyond what account numbers hold wraps around."""
REACHABLE = False

_LONGEST = 34
_COUNTRIES = {
    row[:2]: (int(row[2:4]), int(row[5:]))
    for row in (
        "AD24:4 AE23:3 AL28:8 AT20:5 AZ28:4 BA20:3 BE16:3 BG22:4 BH22:4 BI27:5 BR29:8 BY28:4 CH21:5 CR22:4 CY28:3 "
        "CZ24:4 DE22:8 DJ27:5 DK18:4 DO28:4 EE20:2 EG29:4 ES24:4 FI18:3 FK18:2 FO18:4 FR27:5 GB22:4 GE22:2 GI23:4 "
        "GL18:4 GR27:3 GT28:4 HN28:4 HR21:7 HU28:3 IE22:4 IL23:3 IQ23:4 IS26:4 IT27:6 JO30:4 KW30:4 KZ20:3 LB28:4 "
        "LC32:4 LI21:5 LT20:5 LU20:3 LV21:4 LY25:3 MC27:5 MD24:2 ME22:3 MK19:3 MN20:4 MR27:5 MT31:4 MU30:4 NI28:4 "
        "NL18:4 NO15:4 OM23:3 PK24:4 PL28:8 PS29:4 PT25:4 QA29:4 RO24:4 RS22:3 RU33:9 SA24:2 SC31:4 SD18:2 SE24:3 "
        "SI19:5 SK24:4 SM27:6 SO23:4 ST25:4 SV28:4 TL23:3 TN24:2 TR26:5 UA29:6 VA22:3 VG24:4 XK20:4 YE30:4"
    ).split()
}
"""Country -> length of the IBAN, and how many signs name the bank (Italy and San Marino: with the check letter)."""
_SPANISH = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
_ZERO, _X = np.uint8(ord("0")), np.uint8(ord("X"))


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, _LONGEST + 1, " -.").without_prefix("IBAN")


def _rotated(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return characters.joined(codes[:, 4:], codes[:, :4])


def _countries(codes: NDArray[np.uint8]) -> Iterator[tuple[str, slice | NDArray[np.int64]]]:
    """The countries of a column, each with its rows: all of them, where there is one country."""
    pairs = codes[:, 0].astype(np.int64) * 256 + codes[:, 1]
    counts = np.bincount(pairs)
    for pair in np.flatnonzero(counts).tolist():
        rows = slice(None) if counts[pair] == len(pairs) else np.flatnonzero(pairs == pair)
        yield chr(pair // 256) + chr(pair % 256), rows


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool: registered country, its length, check digits, and for Belgium its own check digits too."""
    read = _read(values)
    valid = np.zeros(len(values), dtype=bool)
    for country, rows in _countries(read.codes):
        if country in _COUNTRIES:
            length, _ = _COUNTRIES[country]
            codes = read.codes[rows, :length]
            formed = (read.lengths[rows] == length) & (codes[:, 2] < ord("A")) & (codes[:, 3] < ord("A"))
            valid[rows] = formed & (characters.mod_97(_rotated(codes)) == 1)
            if country == "BE":
                digits = codes[:, 4:] - _ZERO
                check = be_bank_account.check_digits(characters.number(digits[:, :10]))
                valid[rows] &= (digits.max(axis=1) < 10) & (characters.number(digits[:, 10:]) == check)
    return characters.verdict(values, valid)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without spaces, in capitals."""
    return _read(values).text()


def belgian_accounts(values: pa.Array) -> tuple[characters.Flags, pa.Array]:
    """Valid values -> which are Belgian (bool [n]), and of those the twelve digits of the account number (string)."""
    codes = _read(values).codes
    belgian = (codes[:, 0] == ord("B")) & (codes[:, 1] == ord("E"))
    return belgian, characters.rows_as_text(codes[:, 4:16] if belgian.all() else codes[belgian, 4:16])


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    raw = characters.compact(like, _LONGEST + 1, " -.")
    read = raw.without_prefix("IBAN")
    codes = read.codes
    for country, rows in _countries(codes):
        length, bank = _COUNTRIES[country]
        old = codes[rows, :length]
        account = _account(country, bank, index[rows].astype(np.uint64), old[:, 4:])
        zeros = np.full((len(old), 2), _ZERO)
        check = 98 - characters.mod_97(characters.joined(account, old[:, :2], zeros))
        codes[rows, 2:4] = characters.decimal(check.astype(np.uint64), 2) + _ZERO
        codes[rows, 4:length] = account
    named = (raw.lengths != read.lengths)[:, None]
    if not named.any():
        return characters.write_characters(like, codes)
    word = np.tile(np.frombuffer(b"IBAN", np.uint8), (len(codes), 1))
    after_word, alone = np.concatenate([word, codes], axis=1), np.concatenate([codes, np.zeros_like(word)], axis=1)
    return characters.write_characters(like, np.where(named, after_word, alone))


def _account(country: str, bank: int, index: NDArray[np.uint64], old: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """ASCII codes [n, length]: bank code and account number number `index`; letters where `old` has letters."""
    if country == "BE":
        return be_bank_account.digits_of_index(index) + _ZERO
    is_digit = old < ord("A")
    new = np.where(is_digit, _ZERO, _X)
    end = old.shape[1] - (2 if country in _CHECKS else 0)
    rest = index
    for place in range(end - 1, bank - 1, -1):
        if country == "ES" and place in (8, 9):  # the check digits of Spain stand before the account
            continue
        digit = np.where(is_digit[:, place], rest % np.uint64(10), 0).astype(np.uint8)
        new[:, place] = np.where(is_digit[:, place], digit + _ZERO, _X)
        rest = np.where(is_digit[:, place], rest // np.uint64(10), rest)
    if country == "ES":
        parts = new - _ZERO
        for place, digits in ((8, parts[:, :8]), (9, parts[:, 10:])):
            sums = characters.weighted(digits, _SPANISH[10 - digits.shape[1] :])
            check = (11 - sums % 11) % 11
            new[:, place] = np.where(check == 10, 1, check).astype(np.uint8) + _ZERO
    elif country in _CHECKS:
        body = np.concatenate([new[:, :-2], np.full((len(new), 2), _ZERO)], axis=1)
        new[:, -2:] = characters.decimal((_CHECKS[country] - _rest(country, body)).astype(np.uint64), 2) + _ZERO
    return new


_CHECKS = {"FR": 97, "MC": 97} | dict.fromkeys(("BA", "ME", "MK", "PT", "RS", "SI"), 98)
"""Countries whose account numbers end in two check digits: this less the rest, times 100, modulo 97."""
_FRENCH = np.arange(256, dtype=np.uint8)
for _letter in range(26):  # A to I count as 1 to 9, J to R as 1 to 9, S to Z as 2 to 9
    _FRENCH[65 + _letter] = ord("0") + (_letter % 9 + 1 if _letter < 18 else _letter - 16)


def _rest(country: str, body: NDArray[np.uint8]) -> NDArray[np.int64]:
    return characters.mod_97(_FRENCH[body] if country in ("FR", "MC") else body)
