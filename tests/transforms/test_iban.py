"""Account numbers become accounts of banks that do not exist."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from stdnum import iban as public
from stdnum import numdb

from anonymizer.transforms import bank_account, iban
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(iban.kernel(bind("iban", **binding))(pa.array(values, pa.string())).to_pylist())


def belgian(body: int) -> str:
    bban = f"{body:010d}{body % 97 or 97:02d}"
    return f"BE{public.calc_check_digits('BE00' + bban)}{bban}"


def test_belgian_accounts_stay_valid_and_lose_their_bank():
    for number in mapped(*(belgian(1510000000 + 12_345 * step) for step in range(500))):
        assert public.is_valid(number, check_country=False)
        assert int(number[4:14]) % 97 in (int(number[14:]), 0)
        assert not numdb.get("be/banks").info(number[4:7])[0][1]


def test_written_forms_of_one_account_agree_and_stay():
    number = belgian(1510000005)
    spaced = " ".join(number[start : start + 4] for start in range(0, 16, 4))
    plain, grouped, small, named = mapped(number, spaced, number.lower(), f"IBAN {spaced}")
    assert grouped.replace(" ", "") == plain
    assert small == plain.lower()
    assert named == f"IBAN {grouped}"


def test_the_old_form_of_an_account_is_the_inside_of_the_new_one():
    number = belgian(1510000005)
    old = f"{number[4:7]}-{number[7:14]}-{number[14:]}"
    (new,) = mapped(number)
    (inside,) = bank_account.kernel(bind("bank_account"))(pa.array([old])).to_pylist()
    assert inside == f"{new[4:7]}-{new[7:14]}-{new[14:]}"
    assert mapped(old) == [inside]


def test_other_countries_keep_country_and_length():
    for before in ("DE89000000000000000005", "NL00XXXX0000000005", "FR7600000000000000000000597"):
        before = before[:2] + public.calc_check_digits(before) + before[4:]
        (after,) = mapped(before)
        assert after != before
        assert (after[:2], len(after)) == (before[:2], len(before))
        assert public.is_valid(after, check_country=False)


def test_a_mistyped_number_becomes_no_valid_one():
    wrong = [belgian(1510000005)[:-1] + digit for digit in "0123456789"]
    wrong = [number for number in wrong if not public.is_valid(number, check_country=False)]
    assert not any(public.is_valid(number, check_country=False) for number in mapped(*wrong))
