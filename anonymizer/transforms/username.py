"""Logins: `first.last.token`, as the login itself tells, or a token alone.

Technique (ISO/IEC 20889): pseudonymization.

Names in a login map as names do ("jan.peeters", "j.peeters", "jpeeters"); the token, a keyed function of the whole
login, keeps different logins different. A login that is a mail address maps as that address does. Whole numbers become
other numbers of as many digits. In DOMAIN\\login the domain, a name of computers, stays. In a key of fewer than 10
characters each sign is permuted instead.

Example: jpeeters -> bbijhommellaere.k3f9a2xyqe

Never reached: nothing outside the copy.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.model.plan import Domain
from anonymizer.transforms import _mailbox, _permuted, _text
from anonymizer.transforms._cells import of_rows, part_domain

NAME = "username"
CATEGORIES: tuple[str, ...] = ("username",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
BY_ROW = True

_NUMBER = r"^[0-9]{1,19}$"
_ADDRESS = r"\S@\S"
_OF_DOMAIN = r"^(?P<domain>[A-Za-z0-9][A-Za-z0-9._-]*\\)(?P<login>[^\\@]+)$"
"""Source: Microsoft, "User Name Formats": down-level logon name."""


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, _build)


def _build(binding: Binding) -> Kernel:
    permuted = _permuted.kernel(binding.keys, binding.domain.name)
    steps: list[tuple[str, Kernel]] = [(_NUMBER, lambda values, salts: permuted(values))]
    width = binding.domain.width
    if width is None or width >= _mailbox.NARROWEST_ADDRESS:
        mail = part_domain(binding, "email")
        mail = replace(mail, width=width)
        steps.append((_ADDRESS, _mailbox.addresses(replace(binding, domain=mail))))
    login = _mailbox.logins(binding)
    if width is not None and width < _mailbox.NARROWEST_ADDRESS:
        steps += _too_long_for(width, binding, login)
    if width is None or width >= _mailbox.NARROWEST_LOGIN:
        steps.append((_OF_DOMAIN, _within_domain(login, width)))

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        rest = pa.array([True] * len(values))
        result = values
        for pattern, step in steps:
            rows = pc.match_substring_regex(values, pattern)
            if rows.true_count:
                chosen = of_rows(salts, rows.to_numpy(zero_copy_only=False))
                result = pc.replace_with_mask(result, rows, step(pc.filter(values, rows), chosen))
                rest = pc.and_not(rest, rows)
        if not rest.true_count:
            return result
        chosen = of_rows(salts, rest.to_numpy(zero_copy_only=False))
        return pc.replace_with_mask(result, rest, login(pc.filter(values, rest), chosen))

    return mapped


def _too_long_for(width: int, binding: Binding, login: Kernel) -> list[tuple[str, Kernel]]:
    """Addresses that the narrowest column of the domain cannot hold map as such where this column can: none agrees
    with a value of that one.
    """
    mail = part_domain(binding, "email")
    room = [each for each in (mail.width, binding.column.length) if each is not None]
    if room and min(room) < _mailbox.NARROWEST_ADDRESS:
        return []
    address = _mailbox.addresses(replace(binding, domain=replace(mail, width=min(room, default=None))))

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        long = pc.greater(pc.utf8_length(values), width)
        return (
            pc.if_else(long, address(values, salts), login(values, salts)) if long.true_count else login(values, salts)
        )

    return [(_ADDRESS, mapped)]


def _within_domain(login: Kernel, width: int | None) -> Kernel:
    """Logins behind the name of a domain; all of it is replaced where the result would be too long."""

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        parts = pc.extract_regex(values, _OF_DOMAIN)
        names = login(pc.struct_field(parts, "login"), salts)
        result = pc.binary_join_element_wise(pc.struct_field(parts, "domain"), names, "")
        if width is None or pc.max(pc.utf8_length(result)).as_py() <= width:
            return result
        return pc.if_else(pc.less_equal(pc.utf8_length(result), width), result, login(values, salts))

    return mapped


def capacity(domain: Domain) -> int | None:
    """As many as there are tokens; all logins of a form, where they are permuted."""
    if domain.unique and domain.width is not None and domain.width < _mailbox.NARROWEST_LOGIN:
        return None
    return _mailbox.capacity(domain)
