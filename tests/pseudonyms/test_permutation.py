"""What is unique stays unique: permutations are FF1 where FF1 is sound, and bijections everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.pseudonyms.permutation import LARGEST, Ff1, Permutation, ring

KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
# NIST, "FF1 samples" to SP 800-38G: bits of the key, radix, tweak, plaintext, ciphertext.
SAMPLES = [
    (128, 10, "", "0123456789", "2433477484"),
    (128, 10, "39383736353433323130", "0123456789", "6124200773"),
    (128, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (192, 10, "", "0123456789", "2830668132"),
    (192, 10, "39383736353433323130", "0123456789", "2496655549"),
    (192, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (256, 10, "", "0123456789", "6657667009"),
    (256, 10, "39383736353433323130", "0123456789", "1001623463"),
    (256, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


def written(number: int, radix: int, width: int) -> str:
    text = ""
    for _ in range(width):
        text = SIGNS[number % radix] + text
        number //= radix
    return text


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"AES-{sample[0]} radix {sample[1]} {sample[2] or '-'}")
def test_ff1_gives_the_samples_of_nist(sample: tuple[int, int, str, str, str]):
    bits, radix, tweak, plain, cipher = sample
    length, split = len(plain), len(plain) // 2
    ff1 = Ff1(bytes.fromhex(KEY)[: bits // 8], radix, length, bytes.fromhex(tweak))
    halves = [np.array([int(half, radix)], np.uint64) for half in (plain[:split], plain[split:])]
    left, right = ff1.halves(*halves)
    assert written(int(left[0]), radix, split) + written(int(right[0]), radix, length - split) == cipher


@pytest.mark.parametrize("size", [1, 2, 3, 10, 97, 1_000, 99_991, 999_999, 1_000_000, 1_048_577])
def test_every_number_below_the_size_comes_out_once(size: int):
    result = Permutation(bytes.fromhex(KEY)[:16], size)(np.arange(size, dtype=np.uint64))
    assert np.array_equal(np.sort(result), np.arange(size, dtype=np.uint64))


@settings(deadline=None, max_examples=50)
@given(st.integers(10**6, LARGEST), st.binary(min_size=16, max_size=16), st.data())
def test_large_permutations_stay_below_their_size_and_apart(size: int, key: bytes, data: st.DataObject):
    numbers = np.array(sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=50))), np.uint64)
    result = Permutation(key, size)(numbers)
    assert int(result.max()) < size
    assert len(set(result.tolist())) == len(numbers)
    assert np.array_equal(
        result, np.concatenate([Permutation(key, size)(numbers[i : i + 1]) for i in range(len(numbers))])
    )


def test_another_key_gives_another_permutation():
    numbers = np.arange(100, dtype=np.uint64)
    for size in (1_000, 10**9):
        assert not np.array_equal(Permutation(bytes(16), size)(numbers), Permutation(bytes(15) + b"\1", size)(numbers))


@pytest.mark.parametrize("size", [0, -1, LARGEST + 1])
def test_impossible_sizes_are_refused(size: int):
    with pytest.raises(ValueError, match="size"):
        Permutation(bytes(16), size)


def test_a_number_beyond_the_size_is_refused():
    with pytest.raises(ValueError, match="not below"):
        Permutation(bytes(16), 10)(np.array([10], np.uint64))


def test_no_number_is_preferred():
    """Each of ten results takes about a tenth of many keys' results (chi-squared, 9 degrees, far tail)."""
    counts = np.zeros(10)
    for number in range(2_000):
        counts[int(Permutation(number.to_bytes(16, "big"), 10)(np.array([3], np.uint64))[0])] += 1
    assert ((counts - 200) ** 2 / 200).sum() < 40


@pytest.mark.parametrize("size", [2, 3, 10, 3653])
def test_on_a_ring_every_number_is_reached_and_none_stays(size: int):
    following = ring(bytes(16), size)
    assert sorted(following.tolist()) == list(range(size))
    assert not (following == np.arange(size)).any()
    assert ring(bytes(16), 1).tolist() == [0]
