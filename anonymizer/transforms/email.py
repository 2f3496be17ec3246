"""Mail addresses: `first.last.token@invented.example`, as the address itself tells.

Technique (ISO/IEC 20889): pseudonymization.

What stands before the @ maps by the names in it (see `_local_part`) and ends in a token, a keyed function of the whole
address, so that different addresses stay different. The domain becomes an invented one under `.example`, the same
one for the same domain: RFC 2606 reserves it, so no mail can ever arrive. Case and spaces do not make another
address, except in a column that is a key. A name before the address ("Jan Peeters <jan@…>") maps as whole names do,
`mailto:` stays; lists map address by address, without what stands around them. Where the column is narrow, the forms
get shorter, down to `token@x.example` (16 characters).

Example: jan.peeters@bakkerijpeeters.be -> benjamin.bijhommellaere.k3f9a2@albabex.example

Never reached: what is no address maps as a login does.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _mailbox
from anonymizer.transforms._text import words_kernel

NAME = "email"
CATEGORIES = ("email",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
BY_ROW = True


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for a column of fewer than 16 characters, and for types that hold no words."""
    return words_kernel(binding, NAME, _mailbox.addresses)


def capacity(domain: Domain) -> int | None:
    """As many as there are tokens."""
    return _mailbox.capacity(domain)
