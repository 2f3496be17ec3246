"""Values of any Arrow type as the text that a database prints for them, and back.

Text of each type: numbers in digits (decimals with all of theirs), `true` and `false`, dates and times in ISO form
(with their offset where the type has a zone), bytes as `\\x` and hexadecimal digits, a list of plain values as an array
literal `{a,"b c",NULL}`, other nested values as JSON. NaN has no text: it is nobody's value, and stays what it is.

A zoned time is written as the clock of its zone shows it, and read back by that clock, so that midnight stays midnight
on the other side of a change to summer time.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from anonymizer.model.schema import TypeFamily
from anonymizer.stores._arrow import nested
from anonymizer.stores._bytes import Misfit, from_hex, to_hex

__all__ = ["Misfit", "element_of", "family_of", "from_text", "to_text"]

_PLAIN_OF_VIEW = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
_OFFSET = r"(Z|[+-]\d\d(:?\d\d)?)$"


def family_of(kind: pa.DataType) -> TypeFamily | None:
    """What an Arrow type means to a replacement; None for a type that cannot be handled."""
    if isinstance(kind, pa.BaseExtensionType):
        named = {"arrow.uuid": TypeFamily.UUID, "arrow.json": TypeFamily.JSON}
        return named.get(kind.extension_name) or (TypeFamily.OTHER if family_of(kind.storage_type) else None)
    if kinds.is_dictionary(kind):
        family = family_of(kind.value_type)
        return None if family in (TypeFamily.ARRAY, TypeFamily.JSON) else family
    if nested.is_list(kind):
        plain = _PLAIN_FAMILIES.get(kind.value_type.id)
        return TypeFamily.ARRAY if plain else TypeFamily.JSON if nested.handles(kind) else None
    if kinds.is_struct(kind) or kinds.is_map(kind):
        return TypeFamily.JSON if nested.handles(kind) else None
    if kinds.is_decimal(kind) and kind.scale < 0:
        return TypeFamily.OTHER
    return _PLAIN_FAMILIES.get(kind.id) or _OTHER_FAMILIES.get(kind.id)


def element_of(kind: pa.DataType) -> TypeFamily | None:
    """The family of a list's elements."""
    return family_of(kind.value_type) if family_of(kind) is TypeFamily.ARRAY else None


_PLAIN_FAMILIES = {
    each.id: family
    for family, types in {
        TypeFamily.TEXT: (pa.string(), pa.large_string(), pa.string_view()),
        TypeFamily.INTEGER: (pa.int8(), pa.int16(), pa.int32(), pa.int64(),
                             pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        TypeFamily.NUMBER: (pa.float16(), pa.float32(), pa.float64(), pa.decimal128(9), pa.decimal256(40)),
        TypeFamily.BOOLEAN: (pa.bool_(),),
        TypeFamily.DATE: (pa.date32(), pa.date64()),
        TypeFamily.TIMESTAMP: (pa.timestamp("s"),),
        TypeFamily.TIME: (pa.time32("s"), pa.time64("us")),
        TypeFamily.BINARY: (pa.binary(), pa.large_binary(), pa.binary_view()),
    }.items()
    for each in types
}  # fmt: skip
_OTHER_FAMILIES = {
    pa.null().id: TypeFamily.TEXT,
    pa.duration("s").id: TypeFamily.OTHER,
    pa.binary(4).id: TypeFamily.OTHER,  # replaced bytes have another length
}
_DECIMALS = {getattr(pa, f"decimal{bits}")(5).id for bits in (32, 64) if hasattr(pa, f"decimal{bits}")}
_PLAIN_FAMILIES |= dict.fromkeys(_DECIMALS, TypeFamily.NUMBER)


# --- to text ----------------------------------------------------------------------------------------------------


def to_text(values: pa.Array) -> pa.Array:
    """Any array of a type that has a family -> `string`, null where it is null or NaN.

    Raises Misfit for text that is not UTF-8.
    """
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        text = to_text(values.storage)
        return _dashed(text) if kind.extension_name == "arrow.uuid" else text
    if kinds.is_dictionary(kind):
        text = to_text(values.dictionary)
        return text.take(values.indices)
    if _PLAIN_FAMILIES.get(kind.id) is TypeFamily.TEXT:
        return _sound(_from_start(values.cast(pa.string())))
    if _PLAIN_FAMILIES.get(kind.id) is TypeFamily.BINARY or kinds.is_fixed_size_binary(kind):
        return _hexadecimal(values)
    if kinds.is_null(kind):
        return pa.nulls(len(values), pa.string())
    if kinds.is_floating(kind):
        whole = values.cast(pa.float32()) if kinds.is_float16(kind) else values
        return pc.if_else(pc.is_nan(whole), pa.scalar(None, pa.string()), whole.cast(pa.string()))
    if kinds.is_decimal(kind):
        return _decimal_digits(values)
    if kinds.is_date(kind):
        return values.cast(pa.date32(), safe=False).cast(pa.string())
    if kinds.is_timestamp(kind):
        return _moments(values)
    if kinds.is_time(kind):
        return _without_noughts(values.cast(pa.string()))
    if kinds.is_duration(kind):
        return values.cast(pa.int64()).cast(pa.string())
    if family_of(kind) is TypeFamily.ARRAY:
        return nested.literals(values, to_text)
    if nested.is_nested(kind):
        return nested.to_json(values)
    return values.cast(pa.string())


def _from_start(text: pa.Array) -> pa.Array:
    """A slice of large strings is cast without moving its offsets to 0, which Arrow's own ASCII functions rely on."""
    return (
        pa.concat_arrays([text.slice(0, 1), text.slice(1)]) if len(text) > 1 else pa.array(text.to_pylist(), text.type)
    )


def _sound(text: pa.Array) -> pa.Array:
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        raise Misfit("holds text that is not UTF-8") from None
    return text


def _hexadecimal(values: pa.Array) -> pa.Array:
    if kinds.is_fixed_size_binary(values.type):
        values = values.cast(pa.binary())
    text = to_hex(pc.fill_null(values.cast(pa.binary()), b""))
    return pc.if_else(values.is_valid(), text, pa.scalar(None, pa.string()))


def _dashed(text: pa.Array) -> pa.Array:
    """`\\x` and 32 digits -> a UUID."""
    cuts = ((2, 10), (10, 14), (14, 18), (18, 22), (22, 34))
    return pc.binary_join_element_wise(*[pc.utf8_slice_codeunits(text, *cut) for cut in cuts], "-")


def _decimal_digits(values: pa.Array) -> pa.Array:
    """Arrow itself writes small numbers with an exponent, so the units are written, and the point put in."""
    kind = values.type
    wide = pa.decimal256 if kinds.is_decimal256(kind) else pa.decimal128
    values = values.cast(wide(kind.precision, kind.scale))
    most = 76 if kinds.is_decimal256(kind) else 38
    units = pa.Array.from_buffers(wide(most, 0), len(values), values.buffers(), offset=values.offset).cast(pa.string())
    if kind.scale <= 0:
        return units
    digits = pc.utf8_lpad(pc.utf8_ltrim(units, "-"), kind.scale + 1, "0")
    sign = pc.if_else(pc.starts_with(units, "-"), "-", "")
    whole, rest = (pc.utf8_slice_codeunits(digits, *cut) for cut in ((0, -kind.scale), (-kind.scale, None)))
    return pc.binary_join_element_wise(pc.binary_join_element_wise(sign, whole, ""), rest, ".")


def _moments(values: pa.Array) -> pa.Array:
    kind = values.type
    if kind.tz is None:
        return _spelled(values)
    plain = pa.timestamp(kind.unit)
    utc = values.cast(pa.timestamp(kind.unit, "UTC")).cast(plain)
    local = _clock(values)
    minutes = pc.divide(pc.subtract(local, utc).cast(pa.duration("s"), safe=False).cast(pa.int64()), 60)
    size = pc.abs(minutes)
    hours = pc.utf8_lpad(pc.divide(size, 60).cast(pa.string()), 2, "0")
    rest = pc.utf8_lpad(pc.subtract(size, pc.multiply(pc.divide(size, 60), 60)).cast(pa.string()), 2, "0")
    sign = pc.if_else(pc.less(minutes, 0), "-", "+")
    offset = pc.binary_join_element_wise(pc.binary_join_element_wise(sign, hours, ""), rest, ":")
    return pc.binary_join_element_wise(_spelled(local), offset, "")


def _clock(values: pa.Array) -> pa.Array:
    """Zoned timestamps -> as the clock of the zone shows them. Raises Misfit where the zone is not known."""
    try:
        return pc.local_timestamp(values)
    except pa.ArrowInvalid:
        raise Misfit("has a time zone that this machine does not know") from None


def _spelled(values: pa.Array) -> pa.Array:
    """Timestamps without a zone; whole seconds, as most are, need no second look."""
    seconds = values.cast(pa.timestamp("s"), safe=False)
    if seconds.cast(values.type).equals(values):
        return seconds.cast(pa.string())
    return _without_noughts(values.cast(pa.string()))


def _without_noughts(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.replace_substring_regex(text, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


# --- from text --------------------------------------------------------------------------------------------------


def from_text(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """`string` -> `kind`, null for null. Raises Misfit when a value is none of the type."""
    try:
        return _typed(text, kind)
    except (pa.ArrowException, ValueError, OverflowError, TypeError, AttributeError):
        raise Misfit(f"gets a value that is no {kind}") from None


def replaced(old: pa.Array, before: pa.Array, after: pa.Array) -> pa.Array:
    """`old` with those values changed whose text changed; `before` is `to_text(old)`. Raises Misfit."""
    changed = pc.fill_null(pc.not_equal(before, after), True)
    changed = pc.and_(changed, pc.or_(before.is_valid(), after.is_valid()))  # what has no text stays
    if not changed.true_count:
        return old
    if kinds.is_dictionary(old.type):
        return _encoded(old, after)
    new = from_text(after, old.type)
    if changed.true_count == len(old):
        return new
    order = pc.if_else(changed, pa.array(range(len(old), 2 * len(old))), pa.array(range(len(old))))
    if old.type in _PLAIN_OF_VIEW:  # Arrow takes nothing from views
        plain = _PLAIN_OF_VIEW[old.type]
        return pa.concat_arrays([old.cast(plain), new.cast(plain)]).take(order).cast(old.type)
    return pa.concat_arrays([old, new]).take(order)


def _encoded(old: pa.DictionaryArray, after: pa.Array) -> pa.DictionaryArray:
    """Only the new values become the dictionary, in the order that their originals had: unused ones are originals."""
    rows = pa.table({"place": old.indices.cast(pa.int64()), "value": after}).filter(after.is_valid())
    order = rows.group_by("value", use_threads=False).aggregate([("place", "min")]).sort_by("place_min")
    words = order["value"].combine_chunks()
    words = words if isinstance(words, pa.Array) else pa.concat_arrays(words.chunks)
    places = pc.index_in(after, value_set=words) if len(words) else pa.nulls(len(after), pa.int32())
    values = from_text(words, old.type.value_type)
    try:
        places = places.cast(old.type.index_type)
    except pa.ArrowInvalid:
        raise Misfit("gets more different values than its dictionary has room for") from None
    return pa.DictionaryArray.from_arrays(places, values, ordered=old.type.ordered)


def _typed(text: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            digits = pc.replace_substring_regex(text, r"[{}\-]", "")
            text = pc.binary_join_element_wise("\\x", digits, "")
        return pa.ExtensionArray.from_storage(kind, _typed(text, kind.storage_type))
    if kinds.is_dictionary(kind):
        return _encoded(pa.nulls(len(text), kind), text)
    if _PLAIN_FAMILIES.get(kind.id) is TypeFamily.BINARY or kinds.is_fixed_size_binary(kind):
        raw = from_hex(pc.fill_null(text, "\\x"))
        return pc.if_else(text.is_valid(), raw, pa.scalar(None, pa.binary())).cast(kind)
    if kinds.is_float16(kind):
        return text.cast(pa.float32()).cast(kind)
    if kinds.is_date(kind):
        return pc.utf8_slice_codeunits(text, 0, 10).cast(pa.date32()).cast(kind)
    if kinds.is_timestamp(kind):
        clock = pc.replace_substring_regex(text, _OFFSET, "") if kind.tz else text
        moments = clock.cast(pa.timestamp(kind.unit))
        return _zoned(moments, kind.tz) if kind.tz else moments
    if kinds.is_time(kind):
        days = pc.binary_join_element_wise("1970-01-01 ", text, "")
        return days.cast(pa.timestamp(kind.unit)).cast(kind)
    if kinds.is_duration(kind):
        return text.cast(pa.int64()).cast(kind)
    if kinds.is_null(kind):
        if text.null_count < len(text):
            raise Misfit("holds nothing but null, and gets a value")
        return pa.nulls(len(text))
    if family_of(kind) is TypeFamily.ARRAY:
        return nested.from_literals(text, kind, from_text)
    if nested.is_nested(kind):
        return nested.from_json(text, kind)
    if kinds.is_decimal(kind) and not kinds.is_decimal128(kind) and not kinds.is_decimal256(kind):
        return text.cast(pa.decimal128(kind.precision, kind.scale)).cast(kind)
    return text.cast(kind)


def _zoned(moments: pa.Array, zone: str) -> pa.Array:
    return pc.assume_timezone(moments, zone, ambiguous="earliest", nonexistent="earliest")
