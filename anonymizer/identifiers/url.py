"""Address of a page or file on the web (URL).

Form: scheme http, https, ftp or ws, or www. in front, and a host name; perhaps port, path, query and fragment.
Source: RFC 3986
Range: hosts under .example, which RFC 2606 and RFC 6761 keep from ever being registered. Only the scheme and www.
stay.

>>> is_valid(pa.array(["https://www.shop.example/a?b=c", "www.shop.example", "shop"])).to_pylist()
[True, True, False]
>>> from_index(np.array([26], np.uint64), pa.array(["https://www.shop.example/a?b=c"])).to_pylist()
['https://www.aaaaaaba.example/']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers._characters import rows_as_text

NAME = "URL"
CATEGORY = "url"
_LETTERS = 8
CAPACITY = 26**_LETTERS
REACHABLE = False

_HOST = (
    r"(?:[^\s/?#@]+@)?(?:[A-Za-z0-9\x{80}-\x{10ffff}_-]+\.)+[A-Za-z\x{80}-\x{10ffff}][A-Za-z0-9\x{80}-\x{10ffff}-]+"
    r"(?::[0-9]+)?(?:[/?#]\S*)?"
)
_FORM = rf"(?i)^\s*(?:(?:https?|ftps?|wss?)://(?:{_HOST}|localhost\S*|[0-9.]+\S*|\[[0-9a-f:.]+\]\S*)|www\.{_HOST})\s*$"


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.match_substring_regex(values, _FORM)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the host in lower case, without www., user and port; null where there is none."""
    found = pc.extract_regex(
        pc.utf8_lower(values), r"^\s*(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@]*@)?(?P<host>[^/?#:\s]+)"
    )
    return pc.replace_substring_regex(pc.struct_field(found, [0]), r"^www\.", "")


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; the result ends after the host. Its length is 16 and the front's."""
    codes = np.empty((len(index), _LETTERS), np.uint8)
    rest = index.astype(np.uint64)
    for place in range(_LETTERS - 1, -1, -1):
        rest, letter = np.divmod(rest, np.uint64(26))
        codes[:, place] = letter + ord("a")
    front = pc.struct_field(pc.extract_regex(like, r"(?i)^\s*(?P<front>(?:[a-z]+://)?(?:[^/?#@]*@)?(?:www\.)?)"), [0])
    front = pc.replace_substring_regex(front, r"[^/@]*@", "")
    return pc.binary_join_element_wise(front, rows_as_text(codes), ".example/", "")
