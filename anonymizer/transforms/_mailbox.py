"""Mail addresses and logins: the names in them, a token, and an invented domain under .example (RFC 2606)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import tokens
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import LETTER, normalise, restore_case, without_unseen
from anonymizer.transforms import _full_name, _permuted
from anonymizer.transforms._cells import first_fitting, need_width, of_rows, seen
from anonymizer.transforms._local_part import LocalParts

TOP = ".example"
_SHORTEST_HOST = "@x" + TOP
_SHORT_TOKEN, _TOKEN = 6, 10
NARROWEST_ADDRESS = _SHORT_TOKEN + len(_SHORTEST_HOST)
NARROWEST_LOGIN = _TOKEN
"""A login in a key of a narrower column is permuted, sign by sign, instead."""
_ADDRESS = r"[^\s<>,;\"'()]+@[^\s<>,;\"'()]*[^\s<>,;\"'().]"
_ONE_ADDRESS = rf"^{_ADDRESS}$"
_WITH_SCHEME = rf"(?i)^(?P<before>\s*(?:mailto|smtp|e-?mail|mail)\s*:\s*)(?P<address>{_ADDRESS})(?P<after>\s*)$"
_WITH_NAME = rf"^(?P<before>\s*\"?)(?P<name>[^<>@\"]*?)(?P<between>\"?\s*<)(?P<address>{_ADDRESS})(?P<after>>\s*)$"
_SAID = rf"{LETTER}|[0-9]"


def capacity(domain: Domain) -> int:
    """The number of tokens."""
    room = domain.width if domain.width is not None else 100
    return 1 << (5 * min(_TOKEN, max(room - len(_SHORTEST_HOST), _SHORT_TOKEN)) - 1)


class _Tails:
    """The tokens behind names: a keyed function of the whole value."""

    def __init__(self, binding: Binding) -> None:
        self._prf = Prf(binding.own_key("mailbox", binding.domain.name))

    def __call__(self, values: pa.Array, width: int, salts: Salts | None) -> pa.Array:
        return tokens(self._prf.salted(self._prf(normalise(values)), salts)[:, 0], width)


def addresses(binding: Binding) -> Kernel:
    """Values are visible text; what is no address maps as a login."""
    need_width(binding, NARROWEST_ADDRESS, "email", "username")
    kernel = _Addresses(binding)
    # In a key the tokens, of the addresses as they stand, keep those apart that only look alike.
    return kernel if binding.domain.unique else seen(kernel)


class _Addresses:
    """Sorts values by their form."""

    def __init__(self, binding: Binding) -> None:
        self._width = binding.domain.width
        self._local_parts, self._tails = LocalParts(binding), _Tails(binding)
        self._hosts = Prf(binding.keys.derive("mail host", binding.domain.name))
        self._words = Vocabulary.load("host_words")
        self._login, self._people = logins(binding), _full_name.build(binding, None)

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        result, left = values, np.ones(len(values), bool)
        for pattern, step in (
            (_WITH_SCHEME, self._with_scheme),
            (_ONE_ADDRESS, self._one),
            (_WITH_NAME, self._with_name),
            (_ADDRESS, self._several),
            ("", self._login),
        ):
            rows = left & _flags(pc.match_substring_regex(values, pattern))
            if rows.all():
                return step(values, salts)
            if rows.any():
                mask = pa.array(rows)
                result = pc.replace_with_mask(result, mask, step(pc.filter(values, mask), of_rows(salts, rows)))
                left = left & ~rows
        return result

    def _one(self, values: pa.Array, salts: Salts | None) -> pa.Array:
        """Each value is one address."""
        width = self._width
        halves = pc.split_pattern(pc.utf8_trim_whitespace(values), "@", max_splits=1, reverse=True)
        normal = normalise(without_unseen(halves.flatten()))
        local, host = normal.take(_every_other(len(values), 0)), normal.take(_every_other(len(values), 1))
        names, last = self._local_parts(local, salts)
        tail = self._tails(values, _TOKEN, salts)
        named = pc.binary_join_element_wise(names, tail, ".", null_handling="skip")
        at = pc.binary_join_element_wise("@", self._words.pick(self._hosts(host)[:, 0]), TOP, "")
        forms = [pc.binary_join_element_wise(named, at, "")]
        if width is not None:
            shorter = pc.binary_join_element_wise(last, tail, ".", null_handling="skip")
            room = min(_TOKEN, width - len(_SHORTEST_HOST))
            shortest = pc.binary_join_element_wise(self._tails(values, room, salts), _SHORTEST_HOST, "")
            forms += [pc.binary_join_element_wise(part, at, "") for part in (shorter, tail)] + [shortest]
        return restore_case(first_fitting(forms, width), values)

    def _with_scheme(self, values: pa.Array, salts: Salts | None) -> pa.Array:
        before, address, after = pc.extract_regex(values, _WITH_SCHEME).flatten()
        new = self._one(address, salts)
        return first_fitting([pc.binary_join_element_wise(before, new, after, ""), new], self._width)

    def _with_name(self, values: pa.Array, salts: Salts | None) -> pa.Array:
        before, name, between, address, after = pc.extract_regex(values, _WITH_NAME).flatten()
        said = pc.match_substring_regex(name, _SAID)
        if said.true_count:
            chosen = of_rows(salts, _flags(said))
            name = pc.replace_with_mask(name, said, self._people(pc.filter(name, said), chosen))
        new = self._one(address, salts)
        return first_fitting([pc.binary_join_element_wise(before, name, between, new, after, ""), new], self._width)

    def _several(self, values: pa.Array, salts: Salts | None) -> pa.Array:
        """The addresses in each value, one after the other, separated as before; all other text goes."""
        separated = pc.replace_substring_regex(values, rf"[^,;]*?({_ADDRESS})[^,;]*", r"\1")
        lists = pc.split_pattern_regex(separated, r"[,;]")
        flat = pc.utf8_trim_whitespace(lists.flatten())
        is_one = pc.match_substring_regex(flat, _ONE_ADDRESS)
        row = pc.list_parent_indices(lists).to_numpy()[is_one.to_numpy(zero_copy_only=False)]
        flat = pc.replace_with_mask(flat, is_one, self._one(pc.filter(flat, is_one), of_rows(salts, row)))
        kept = pa.ListArray.from_arrays(lists.offsets, pc.if_else(is_one, flat, ""))
        separator = pc.if_else(pc.match_substring(values, ";"), ";", ",")
        joined = pc.binary_join(kept, separator)
        if self._width is None:
            return joined
        return first_fitting([joined, self._one(pc.binary_join_element_wise(values, "@", ""), salts)], self._width)


def logins(binding: Binding) -> Kernel:
    """Values are visible text. In a key too narrow for tokens, each sign is permuted."""
    width = binding.domain.width
    if binding.domain.unique and width is not None and width < NARROWEST_LOGIN:
        permuted = _permuted.kernel(binding.keys, binding.domain.name)
        return lambda values, salts=None: permuted(values)
    local_parts, tails = LocalParts(binding), _Tails(binding)
    narrow = min(_TOKEN, width or _TOKEN)

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        names, last = local_parts(normalise(without_unseen(values)), salts)
        tail = tails(values, narrow, salts)
        forms = [pc.binary_join_element_wise(names, tail, ".", null_handling="skip")]
        if width is not None:
            forms += [pc.binary_join_element_wise(last, tail, ".", null_handling="skip"), tail]
        return restore_case(first_fitting(forms, width), values)

    return mapped if binding.domain.unique else seen(mapped)


def _flags(values: pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def _every_other(count: int, first: int) -> pa.Array:
    return pa.array(np.arange(first, 2 * count, 2))
