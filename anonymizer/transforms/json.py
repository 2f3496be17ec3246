"""Values inside JSON, where they stand: those of the named keys get pseudonyms, all else stays byte for byte.

Technique (ISO/IEC 20889): pseudonymization, by the transforms of the keys.

    payload: {as: json, values: "customer_id: permute domain crm.customer.id, contact.email: email", others: masked}

`values` lists names of keys, each with the transform of its values and, after the word `domain`, the domain in which
they map: that of the column whose values they repeat. A name counts at any depth; `contact.email` is the `email`
directly in an object called `contact`, lists in between aside; odd names stand in double quotes. A list or an object
under a named key is replaced with all that it holds. 123 and "123" map alike; true becomes false, null stays, and a
number whose pseudonym is no number becomes a string. What is no JSON object or list, or no longer fits its column,
becomes {} or [], or null, as with `masked`.

`others` says what happens to the values of all keys that are not named, also of new ones: `masked` gives each a value
of its type, `keep` leaves them as they are.

Example: {"customer_id": 4711, "total": 12.50} -> {"customer_id": 8260, "total": 12.50}

Never reached: with `others: keep`, a value under a key that is not named; so say why all else may stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from json import loads
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer import registry
from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily, split_name
from anonymizer.transforms import _json_text, _typed
from anonymizer.transforms._cells import refuse, visible
from anonymizer.transforms._json_text import COLON, PRIMITIVE, STRING, Flags, Ints, Tokens

NAME = "json"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {
    "values": 'which keys, and as what: "customer_id: permute domain crm.customer.id, contact.email: email"',
    "others": "what happens to the values of all other keys: masked or keep",
}
_OTHERS = ("masked", "keep")
_NARROWEST = 4
"""Room for `null`, which is what stays of values that are no JSON."""
_KEY = re.compile(
    r"""\s*(?P<path>(?:"(?:[^"]|"")*"|[^:,"\s])+)\s*:\s*(?P<transform>\w+)"""
    r"""(?:\s+domain\s+(?P<domain>(?:"(?:[^"]|"")*"|[^,"\s])+))?\s*(?:,|$)"""
)
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"


class _Named(NamedTuple):
    """One entry of `values`: the kernels of its strings and whole numbers, and of its other numbers."""

    path: tuple[str, ...]
    text: Kernel
    number: Kernel


_UNNAMED: tuple[str, ...] = ()
"""The path of the entry for all keys that are not named."""


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    if parameters.get("others") not in _OTHERS:
        return "say what happens to the values of all other keys: `others: masked`, or `others: keep`"
    entries = _entries(parameters)
    if entries is None:
        return 'write values as "customer_id: permute domain crm.customer.id, email: email"'
    paths = [_path(entry["path"]) for entry in entries]
    for entry, path in zip(entries, paths, strict=True):
        if not path:
            return f"{entry['path']} is no path of keys; write customer.email, and odd names in double quotes"
        if paths.count(path) > 1:
            return f"the key {entry['path']} stands there twice"
    known = registry.load("transforms")
    for entry in entries:
        if entry["transform"] not in known or entry["transform"] == NAME:
            return f"there is no transform called {entry['transform']} for a key; see `anonymizer list`"
    return None


def _path(text: str) -> tuple[str, ...]:
    """The keys of a path; none where it cannot be read."""
    try:
        return split_name(text)
    except ValueError:
        return ()


def _entries(parameters: Parameters) -> list[re.Match[str]] | None:
    """What `values` says of each key; None where that cannot be read."""
    text, found = str(parameters.get("values") or "").strip(), []
    position = 0
    while position < len(text) and (match := _KEY.match(text, position)):
        found.append(match)
        position = match.end()
    return found if found and position == len(text) else None


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for a column of another type, a key, and `values` that nobody can read."""
    if binding.column.family not in (TypeFamily.JSON, TypeFamily.TEXT):
        raise _wrong(binding, f"type {binding.column.type} holds no JSON; give it `masked`")
    if binding.domain.unique:
        raise _wrong(binding, "a column that is a key cannot be replaced in parts; give it `permute`")
    if binding.column.length is not None and binding.column.length < _NARROWEST:
        raise _wrong(binding, f"`json` needs {_NARROWEST} characters; give it `masked`")
    refuse(binding, mistake(binding.parameters))
    named = _named(binding)
    if binding.parameters.get("others") == "masked":
        named.append(_entry(binding, _UNNAMED, "masked", f"{binding.table.name}.{binding.column.name}"))
    width = binding.column.length

    def mapped(values: pa.Array) -> pa.Array:
        found = _json_text.tokens(values)
        result = _replaced(found, named)
        bad = pc.or_(pa.array(found.bad), pc.invert(pc.match_substring_regex(values, r"^\s*[{\[]")))
        if width is not None:
            bad = pc.or_(bad, pc.greater(pc.utf8_length(result), width))
        return pc.if_else(bad, _emptied(values), result) if bad.true_count else result

    return visible(mapped)


def _wrong(binding: Binding, says: str) -> RuleError:
    return RuleError(f"{binding.table.name}.{binding.column.name}: {says}")


def _named(binding: Binding) -> list[_Named]:
    named: list[_Named] = []
    for match in _entries(binding.parameters) or ():
        transform, domain = match["transform"], match["domain"]
        if domain and domain not in binding.domains:
            raise _wrong(binding, f"no column is replaced in domain {domain}; name the domain of the column it repeats")
        own = domain or (transform if transform not in ("permute", "masked") else
                         f"{binding.table.name}.{binding.column.name}.{match['path']}")  # fmt: skip
        named.append(_entry(binding, _path(match["path"]), transform, own))
    return named


def _entry(binding: Binding, path: tuple[str, ...], transform: str, domain: str) -> _Named:
    module = registry.load("transforms")[transform]
    inner = replace(
        binding,
        domain=binding.domains.get(domain, Domain(domain)),
        column=replace(binding.column, family=TypeFamily.TEXT, type="text", length=None, nullable=True),
        parameters={},
    )
    number = replace(inner, column=replace(inner.column, family=TypeFamily.NUMBER, type="numeric"))
    try:
        of_numbers = module.kernel(number)
    except RuleError:  # it makes words: a number is masked
        of_numbers = _typed.kernel(number)
    return _Named(path, module.kernel(inner), of_numbers)


def _emptied(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_ltrim_whitespace(values)
    return pc.if_else(
        pc.starts_with(trimmed, "{"), "{}", pc.if_else(pc.starts_with(trimmed, "["), "[]", "null")
    )  # fmt: skip


def _replaced(found: Tokens, named: list[_Named]) -> pa.Array:
    rule = _rules(found, [entry.path for entry in named])
    rule[found.bad[np.searchsorted(found.offsets, found.start, side="right") - 1]] = -1
    chosen = np.flatnonzero((rule >= 0) & np.isin(found.kind, (STRING, PRIMITIVE)) & ~found.is_key)
    if not len(chosen):
        return _json_text.with_tokens(found, chosen, pa.array([], pa.string()))
    strings = found.kind[chosen] == STRING
    texts = found.text(chosen)
    result = texts
    if strings.any():
        plain = _unescaped(found.text(chosen[strings], trim=1))
        result = pc.replace_with_mask(result, pa.array(strings), plain)
    literal = pc.is_in(texts, value_set=pa.array(["true", "false", "null"])).to_numpy(zero_copy_only=False)
    whole = pc.match_substring_regex(texts, r"^-?[0-9]+$").to_numpy(zero_copy_only=False)
    literal, whole = literal & ~strings, whole | strings
    for number, entry in enumerate(named):
        for rows, kernel in ((whole & ~literal, entry.text), (~whole & ~literal, entry.number)):
            mask = (rule[chosen] == number) & rows
            if mask.any():
                result = pc.replace_with_mask(result, pa.array(mask), kernel(pc.filter(result, pa.array(mask))))
    return _json_text.with_tokens(found, chosen, _written(result, strings, literal))


def _written(values: pa.Array, strings: Flags, literal: Flags) -> pa.Array:
    """Pseudonyms as JSON: quoted unless they stand for a number and are one; null for null, false for true."""
    number = pc.fill_null(pc.match_substring_regex(values, _NUMBER), False)
    bare = pc.and_(number, pa.array(~strings))
    escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
    if pc.any(pc.match_substring_regex(escaped, r"[\x00-\x1f]")).as_py():
        for code in range(32):
            escaped = pc.replace_substring(escaped, chr(code), f"\\u{code:04x}")
    written = pc.if_else(bare, values, pc.binary_join_element_wise('"', escaped, '"', ""))
    written = pc.if_else(
        pa.array(literal), pc.if_else(pc.equal(values, "null"), "null", "false"), written
    )  # fmt: skip
    return pc.fill_null(written, "null")


def _unescaped(values: pa.Array) -> pa.Array:
    """What JSON strings say. Those with escapes, which are few, one at a time, but each different one once."""
    slashed = pc.match_substring(values, "\\")
    if not slashed.true_count:
        return values
    encoded = pc.filter(values, slashed).dictionary_encode()
    said = [loads(f'"{text}"').encode("utf-8", "replace").decode() for text in encoded.dictionary.to_pylist()]
    return pc.replace_with_mask(values, slashed, pa.array(said, pa.string()).take(encoded.indices))


def _rules(found: Tokens, paths: list[tuple[str, ...]]) -> Ints:
    """For each token the entry that it falls under, or -1: that of the nearest key around it that is named."""
    count = len(found.kind)
    of = _keys_around(found)
    keys = np.flatnonzero(found.is_key & ~found.bad[np.searchsorted(found.offsets, found.start, side="right") - 1])
    encoded = _unescaped(found.text(keys, trim=1)).dictionary_encode()
    index = np.full(count, -1, np.int64)
    index[keys] = encoded.indices.to_numpy(zero_copy_only=False)
    numbered: Mapping[str, int] = {
        name: at
        for name in {name for path in paths for name in path}
        if (at := encoded.dictionary.index(name).as_py()) >= 0
    }
    rule = np.full(count, -1, np.int64)
    for number, path in sorted(enumerate(paths), key=lambda entry: len(entry[1])):
        if path == _UNNAMED:
            continue
        at, fits = keys, np.ones(len(keys), bool)
        for name in reversed(path):
            fits &= (at >= 0) & (index[np.maximum(at, 0)] == numbered.get(name, -2))
            at = np.where(at >= 0, of[np.maximum(at, 0)], -1)
        rule[keys[fits]] = number
    under, around = rule.copy(), of.copy()
    if paths[-1] == _UNNAMED:
        rest = len(paths) - 1
        return np.where((named := _nearest(under, around)) < 0, rest, named)
    return _nearest(under, around)


def _nearest(under: Ints, around: Ints) -> Ints:
    """For each token the rule of the nearest key around it that has one."""
    of, rule = around.copy(), under.copy()
    while ((under < 0) & (around >= 0)).any():
        open_ = np.flatnonzero((under < 0) & (around >= 0))
        under[open_] = rule[around[open_]]
        around[open_] = of[around[open_]]
    return under


def _keys_around(found: Tokens) -> Ints:
    """For each token the name of the member whose value it is or lies in, lists aside; of a name, that around it."""
    count = len(found.kind)
    own = np.full(count, -1, np.int64)
    behind = np.flatnonzero(found.kind[:-1] == COLON) + 1 if count else np.zeros(0, np.int64)
    own[behind] = behind - 2
    own[own < -1] = -1
    around = np.where(own >= 0, -1, found.container)
    while (around >= 0).any():
        open_ = np.flatnonzero(around >= 0)
        own[open_] = own[around[open_]]
        around[open_] = np.where(own[open_] >= 0, -1, found.container[around[open_]])
    return own


def capacity(domain: Domain) -> int | None:
    """As many as the transforms of the keys have; none is a key."""
    return None
