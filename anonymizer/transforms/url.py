"""Web addresses: an invented host under .example, and a token in place of path and query.

Technique: pseudonymization of the host, suppression of user, port, path, query and fragment. One host keeps one pseudonym
in its domain. A path that is more than a slash becomes a token of the whole address, so that two pages stay two.
Example: https://www.shop.be/klant?id=17 becomes https://www.qhwmzkda.example/k7x2m9pd, and /img/jan.png becomes /k3t8w2ra.
Never reaches: .example is never registered (RFC 2606). A host without scheme and www. is replaced too.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import url
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import tokens
from anonymizer.transforms import _numbered, _typed
from anonymizer.transforms._cells import first_fitting
from anonymizer.transforms._text import text_kernel

NAME = "url"
CATEGORIES: tuple[str, ...] = ("url",)
TECHNIQUE = "pseudonymization, suppression"
PARAMETERS: Mapping[str, str] = {}

_TOKEN, _UNIQUE_TOKEN = 8, 12
_HOST_WIDTH = 16
"""Characters of an invented host."""
_FILE_PATH = r"^\s*\.{0,2}/[^/]"


def kernel(binding: Binding) -> Kernel:
    """Text; other types get a value of their type."""
    return text_kernel(binding, _build)


def capacity(domain: Domain) -> int | None:
    """No bound."""
    return None


def _build(binding: Binding) -> Kernel:
    width, unique = binding.domain.width, binding.domain.unique
    if width is not None and width < _HOST_WIDTH + (_UNIQUE_TOKEN + 1 if unique else 0):
        return _typed.kernel(binding)
    index = _numbered.indices(binding, url)
    prf = Prf(binding.keys.derive("url", binding.domain.name, "path"))
    size = _UNIQUE_TOKEN if unique else _TOKEN

    def mapped(values: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(values)
        token = tokens(prf(values if unique else trimmed)[:, 0], size)
        hosts = pc.fill_null(url.compact(values), "")
        own = index(pc.if_else(pc.equal(hosts, ""), trimmed, hosts)) if False else _numbered_host(index, hosts, trimmed)
        return own, token

    def replaced(values: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(values)
        token = tokens(prf(values if unique else trimmed)[:, 0], size)
        site = url.from_index(index(values), trimmed)
        bare = pc.replace_substring_regex(site, r"^(?:[A-Za-z]+://)?(?:www\.)?|/$", "")
        with_path = pc.match_substring_regex(trimmed, r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?[^/?#]*[/?#].")
        if unique:
            long = pc.binary_join_element_wise(site, token, "")
            forms = [long, pc.binary_join_element_wise(bare, token, "/")]
        else:
            long = pc.if_else(with_path, pc.binary_join_element_wise(site, token, ""), _without_slash(site, trimmed))
            forms = [long, _without_slash(site, trimmed), bare]
        result = first_fitting(forms, width)
        return pc.if_else(
            pc.match_substring_regex(trimmed, _FILE_PATH), pc.binary_join_element_wise("", token, "/"), result
        )

    return replaced
