"""A value of the column's own type, whatever the type: what `masked` does, and any transform on a foreign type.

text        letters to letters, digits to digits; a UUID stays a UUID, a date with its year a date; the @ of mail
            addresses becomes _; one to one in a unique domain
integer     another number of as many digits and the same sign, one to one
number      the same, with the same decimals
boolean     false, in its written form
date, time  another day of the same decade, another moment of the day, one to one
uuid        another UUID, version 4
enum        another label, one to one; of two labels the same one for all
json        {} or [], as before; a single value becomes null
xml         <removed/>
binary      the smallest file of the same kind, or no bytes
network     an address of a range reserved for documentation, or a documentation hardware address
other       null, where the column allows it
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.permutation import Permutation, ring
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import (
    counts_per_row,
    digits_of,
    flat_bytes,
    from_matrix,
    normalise,
    restore_case,
    with_bytes,
    with_digits,
)
from anonymizer.transforms import _blobs, _dates, _nested, _permuted, _scrambled
from anonymizer.transforms._cells import by_distinct, visible

Build = Callable[[Binding], Kernel]

_UUID = r"^\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?$"
_MAIL = r"@[\pL\pN-]+\.[\pL\pN-]"
_HEXADECIMAL = np.array([byte in b"0123456789abcdefABCDEF" for byte in range(256)])
_LOWER_HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)
_FALSE = {"t": "f", "true": "false", "yes": "no", "on": "off", "1": "0", "y": "n", "b'1'": "b'0'", "\\x01": "\\x00"}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    family = binding.column.family
    if family is TypeFamily.ARRAY:
        return _nested.kernel(binding, kernel)
    build = _KERNELS.get(family, _nulled)
    return by_distinct(visible(build(binding)))


def nulls(values: pa.Array) -> pa.Array:
    """As many nulls."""
    return pa.nulls(len(values), pa.string())


def _nulled(binding: Binding) -> Kernel:
    if not binding.column.nullable:
        raise RuleError(
            f"{binding.table.name}.{binding.column.name}: type {binding.column.type} has no replacement, and the "
            "column does not allow null; keep it with a reason, or give it `set` with a value"
        )
    return nulls


def _emptied(empty: str) -> Build:
    """Null where the column allows it, else something empty of its type."""

    def build(binding: Binding) -> Kernel:
        return nulls if binding.column.nullable else lambda values: pa.array([empty] * len(values), pa.string())

    return build


def _text(binding: Binding) -> Kernel:
    domain = binding.domain.name
    uuids = _uuid(binding)
    other = _permuted.kernel(binding.keys, domain)
    if not binding.domain.unique:
        # Whole numbers are permuted all the same, so that a text and an integer column of one domain agree.
        numbers, letters = other, _dates.in_text(binding.keys, domain, _scrambled.kernel(binding.keys, domain))

        def other(values: pa.Array) -> pa.Array:
            return _split(values, r"^-?[0-9]{1,19}$", numbers, letters)

    return lambda values: _unmailable(_split(values, _UUID, uuids, other))


def _unmailable(values: pa.Array) -> pa.Array:
    """What still looks like a mail address could be somebody's: it loses its @."""
    mail = pc.match_substring_regex(values, _MAIL)
    return pc.if_else(mail, pc.replace_substring(values, "@", "_"), values) if mail.true_count else values


def _split(values: pa.Array, pattern: str, matching: Kernel, others: Kernel) -> pa.Array:
    """One kernel for the values that match, another for the rest."""
    rows = pc.match_substring_regex(values, pattern)
    if rows.true_count == 0:
        return others(values)
    if rows.true_count == len(values):
        return matching(values)
    result = pc.replace_with_mask(values, rows, matching(pc.filter(values, rows)))
    rest = pc.invert(rows)
    return pc.replace_with_mask(result, rest, others(pc.filter(values, rest)))


def _integer(binding: Binding) -> Kernel:
    return _permuted.kernel(binding.keys, binding.domain.name)


def _number(binding: Binding) -> Kernel:
    numbers = _permuted.Numbers(binding.keys, binding.domain.name)
    scrambled = _scrambled.kernel(binding.keys, binding.domain.name)

    def mapped(values: pa.Array) -> pa.Array:
        # The digits are permuted as one whole number, so that the value keeps its form and its place.
        return with_digits(values, digits_of(numbers(pc.replace_substring(values, ".", "")))[1])

    return lambda values: _split(
        values, r"^-?[0-9]+(\.[0-9]+)?$", lambda plain: _split(plain, r"^.{1,19}$", mapped, scrambled), _zero
    )


def _zero(values: pa.Array) -> pa.Array:
    return pa.array(["0"] * len(values), pa.string())


def _boolean(binding: Binding) -> Kernel:
    old, new = pa.array(list(_FALSE)), pa.array(list(_FALSE.values()))

    def mapped(values: pa.Array) -> pa.Array:
        return pc.coalesce(restore_case(new.take(pc.index_in(pc.utf8_lower(values), value_set=old)), values), values)

    return mapped


def _date(binding: Binding) -> Kernel:
    return _dates.kernel(binding.keys, binding.domain.name, _dates.DATE)


def _timestamp(binding: Binding) -> Kernel:
    return _dates.kernel(binding.keys, binding.domain.name, _dates.TIMESTAMP)


def _time(binding: Binding) -> Kernel:
    return _dates.kernel(binding.keys, binding.domain.name, _dates.TIME)


def _uuid(binding: Binding) -> Kernel:
    prf = Prf(binding.keys.derive("uuid", binding.domain.name))

    def mapped(values: pa.Array) -> pa.Array:
        """122 random bits by value: apart but for a chance of one in 10^18 for a billion of them."""
        data, offsets = flat_bytes(values)
        chosen = _HEXADECIMAL[data]
        digits = pc.replace_substring_regex(pc.ascii_lower(values), "[^0-9a-f]", "")
        drawn = prf(digits).astype("<u8").view(np.uint8).reshape(-1, 16)
        nibbles = np.stack([drawn >> 4, drawn & 15], axis=2).reshape(-1, 32)
        nibbles[:, 12] = 4
        nibbles[:, 16] = 8 | nibbles[:, 16] & 3
        new = data.copy()
        new[chosen] = _LOWER_HEXADECIMAL[nibbles].reshape(-1)
        lower = with_bytes(values, new)
        capital = counts_per_row((data >= ord("A")) & (data <= ord("F")), offsets) > 0
        return pc.if_else(pa.array(capital), pc.ascii_upper(lower), lower) if capital.any() else lower

    return lambda values: _split(values, _UUID, mapped, _other_uuid)


def _other_uuid(values: pa.Array) -> pa.Array:
    return pa.array(["00000000-0000-4000-8000-000000000000"] * len(values), pa.string())


def other_labels(labels: pa.Array, key: bytes, one_to_one: bool) -> pa.Array:
    """For each label the next one on a ring in keyed order, so that none stays.

    Two labels would merely change places, which anybody could undo: both become one of them, except in a key.
    """
    order = ring(key, len(labels))
    if len(labels) == 2 and not one_to_one:
        order = np.full(2, Permutation(key, 2)(np.zeros(1, np.uint64))[0])
    return labels.take(pa.array(order))


def _enum(binding: Binding) -> Kernel:
    labels = pa.array(binding.column.labels, pa.string())
    if len(labels) == 0:
        return _scrambled.kernel(binding.keys, binding.domain.name)
    following = other_labels(labels, binding.keys.derive("labels", binding.domain.name), binding.domain.unique)

    def mapped(values: pa.Array) -> pa.Array:
        known = following.take(pc.index_in(values, value_set=labels))
        return pc.fill_null(known, labels[0])  # what is no label (a MySQL SET) becomes the first one

    return mapped


def _json(binding: Binding) -> Kernel:
    def mapped(values: pa.Array) -> pa.Array:
        trimmed = pc.utf8_ltrim_whitespace(values)
        empty = pc.if_else(pc.starts_with(trimmed, "["), "[]", "null")
        return pc.if_else(pc.starts_with(trimmed, "{"), "{}", empty)

    return mapped


def _xml(binding: Binding) -> Kernel:
    return lambda values: pa.array(["<removed/>"] * len(values), pa.string())


def _network(binding: Binding) -> Kernel:
    """RFC 5737 (IPv4), RFC 3849 (IPv6) and RFC 7042 section 2.1.2 (hardware addresses for documentation)."""
    prf = Prf(binding.keys.derive("network", binding.domain.name))
    whole_network = binding.column.type.lower().startswith("cidr")

    def mapped(values: pa.Array) -> pa.Array:
        hashes = prf(normalise(values))
        hexadecimal = _hexadecimal(hashes[:, 0])
        low = pa.array(hashes[:, 0] & np.uint64(0xFF)).cast(pa.string())
        block = pa.array(["192.0.2.", "198.51.100.", "203.0.113."]).take(pa.array(hashes[:, 1] % np.uint64(3)))
        v4 = pc.binary_join_element_wise(block, "0" if whole_network else low, "")
        groups = [
            pc.utf8_lpad(pc.utf8_slice_codeunits(_hexadecimal(hashes[:, 0]), 4 * n, 4 * n + 4), 4, "0")
            for n in range(3)
        ]
        v6 = pc.binary_join_element_wise("2001:db8:", *groups, ":")
        v6 = pa.array(["2001:db8::"] * len(values)) if whole_network else v6
        mac = pc.binary_join_element_wise("00:00:5e:00:53:", pc.utf8_slice_codeunits(hexadecimal, 0, 2), "")
        suffix = pc.replace_substring_regex(values, r"^[^/]*", "")
        if whole_network:
            suffix = pc.if_else(pc.equal(suffix, ""), "", pc.if_else(pc.match_substring(values, ":"), "/64", "/24"))
        address = pc.if_else(pc.match_substring(values, "."), v4, v6)
        is_mac = pc.match_substring_regex(values, r"^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$")
        return pc.if_else(is_mac, mac, pc.binary_join_element_wise(address, suffix, ""))

    return mapped


def _hexadecimal(words: np.ndarray) -> pa.Array:
    """uint64 [n] -> string [n]: 16 hexadecimal digits."""
    shifts = np.arange(0, 64, 4, dtype=np.uint64)
    nibbles = ((words[:, None] >> shifts) & np.uint64(15)).astype(np.int64)
    return from_matrix(_LOWER_HEXADECIMAL[nibbles])


_KERNELS: dict[TypeFamily, Build] = {
    TypeFamily.TEXT: _text,
    TypeFamily.INTEGER: _integer,
    TypeFamily.NUMBER: _number,
    TypeFamily.BOOLEAN: _boolean,
    TypeFamily.DATE: _date,
    TypeFamily.TIMESTAMP: _timestamp,
    TypeFamily.TIME: _time,
    TypeFamily.UUID: _uuid,
    TypeFamily.ENUM: _enum,
    TypeFamily.JSON: _json,
    TypeFamily.XML: _xml,
    TypeFamily.BINARY: lambda binding: _blobs.binary,
    TypeFamily.NETWORK: _network,
    TypeFamily.SEARCH: _emptied(""),
    TypeFamily.INTERVAL: _emptied("00:00:00"),
}
