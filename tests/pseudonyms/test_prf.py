"""The keyed function under every pseudonym is AES-CMAC, for every length and however a column is cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.pseudonyms.prf import Prf

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
RFC_4493 = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}


def one(message: bytes) -> bytes:
    mac = CMAC(AES(KEY))
    mac.update(message)
    return mac.finalize()


@pytest.mark.parametrize("length", list(RFC_4493))
def test_it_gives_the_vectors_of_rfc_4493(length: int):
    words = Prf(KEY)(pa.array([MESSAGE[:length]], pa.binary()))
    assert words.astype("<u8").tobytes().hex() == RFC_4493[length]


def test_it_equals_the_library_s_cmac_for_every_length():
    messages = [bytes((7 * i + n) % 256 for i in range(n)) for n in [*range(201), 1023, 1024, 1025, 1040, 5000]]
    words = Prf(KEY)(pa.array(messages, pa.binary()))
    for message, word in zip(messages, words.astype("<u8"), strict=True):
        assert word.tobytes() == one(message)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.binary(max_size=50)), max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_slices_and_nulls_do_not_disturb_the_others(values: list[bytes | None], begin: int, length: int):
    column = pa.array(values, pa.binary()).slice(min(begin, len(values)), length)
    words = Prf(KEY)(column).astype("<u8")
    assert len(words) == len(column)
    for value, word in zip(column.to_pylist(), words, strict=True):
        if value is not None:
            assert word.tobytes() == one(value)


def test_text_counts_as_its_utf_8_bytes():
    prf = Prf(KEY)
    values = ["Zoë", "", "x" * 40]
    expected = prf(pa.array([value.encode() for value in values], pa.binary()))
    for kind in (pa.string(), pa.large_string(), pa.large_binary()):
        assert (prf(pa.array([value.encode() for value in values], pa.binary()).cast(kind)) == expected).all()


def test_other_columns_are_refused():
    with pytest.raises(TypeError):
        Prf(KEY)(pa.array([1, 2]))


def test_numbers_count_as_sixteen_bytes():
    words = Prf(KEY).of_numbers(np.array([0, 1, 2**63], np.uint64)).astype("<u8")
    for number, word in zip([0, 1, 2**63], words, strict=True):
        assert word.tobytes() == one(number.to_bytes(16, "little"))


def test_a_row_s_stream_depends_on_its_hash_alone():
    prf = Prf(KEY)
    hashes = prf(pa.array(["a", "b", "c"]))
    lengths = np.array([5, 0, 40])
    whole = prf.stream(hashes, lengths)
    assert len(whole) == 45
    assert (prf.stream(hashes[2:], lengths[2:]) == whole[5:]).all()
    assert (prf.stream(hashes[:1], np.array([3])) == whole[:3]).all()
    assert len(set(whole.tolist())) > 30


def test_it_shows_no_key():
    assert repr(Prf(KEY)) == "Prf(redacted)"
