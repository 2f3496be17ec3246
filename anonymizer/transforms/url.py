"""Web addresses: an invented host under .example, and a token in place of path and query.

Technique (ISO/IEC 20889): pseudonymization of the host; suppression of user, port, path, query and fragment.

One host keeps one pseudonym, and it is the one that its mail addresses have. A path that is more than a slash becomes
a token of the whole address, so that two pages stay two; so does the path of a file without a host.

Example: https://www.shop.be/klant?id=17 -> https://www.albabex.example/k7x2m9pd; /img/jan.png -> /k3t8w2ra

Never reached: nothing; what is no web address counts as a host. .example is never registered (RFC 2606).
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
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _typed
from anonymizer.transforms._cells import first_fitting, part_domain
from anonymizer.transforms._text import words_kernel

NAME = "url"
CATEGORIES: tuple[str, ...] = ("url",)
TECHNIQUE = "pseudonymization, suppression"
PARAMETERS: Mapping[str, str] = {}

_TOKEN, _UNIQUE_TOKEN = 8, 12
_TOP = ".example"
_NARROWEST = 1 + len(_TOP)
_FILE = r"^\.{0,2}/(?:[^/]|$)"
_FRONT = r"(?i)^(?P<front>(?:[a-z][a-z0-9+.-]*://)?)(?:[^/?#@]*@)?(?P<www>(?:www\.)?)"
_PATH = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^/?#]*(?P<path>[/?#]?.?)"


def kernel(binding: Binding) -> Kernel:
    """Text; other types get a value of their type."""
    return words_kernel(binding, NAME, _build)


def capacity(domain: Domain) -> int | None:
    """The tokens of paths."""
    return 1 << (5 * (_UNIQUE_TOKEN if domain.unique else _TOKEN) - 1)


def _build(binding: Binding) -> Kernel:
    width, unique = binding.domain.width, binding.domain.unique
    size = _UNIQUE_TOKEN if unique else _TOKEN
    if width is not None and width < _NARROWEST + (1 + size if unique else 0):
        return _typed.kernel(binding)
    host_prf = Prf(binding.keys.derive("mail host", part_domain(binding, "email").name))
    path_prf = Prf(binding.keys.derive("url", binding.domain.name, "path"))
    words = Vocabulary.load("host_words")

    def mapped(values: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(values)
        token = tokens(path_prf(values if unique else trimmed)[:, 0], size)
        fronts = pc.extract_regex(trimmed, _FRONT)
        host = pc.binary_join_element_wise(
            words.pick(host_prf(pc.coalesce(url.compact(trimmed), trimmed))[:, 0]), _TOP, ""
        )
        site = pc.binary_join_element_wise(fronts.field("front"), fronts.field("www"), host, "")
        path = pc.extract_regex(trimmed, _PATH).field("path")
        with_path = pc.binary_join_element_wise("/", token, "")
        if unique:
            forms = [pc.binary_join_element_wise(part, with_path, "") for part in (site, host, "x" + _TOP)]
        else:
            end = pc.if_else(pc.equal(pc.utf8_length(path), 2), with_path, pc.if_else(pc.equal(path, ""), "", "/"))
            whole = pc.binary_join_element_wise(site, end, "")
            forms = [whole, site, host, pa.array(["x" + _TOP] * len(values))]
        is_file = pc.match_substring_regex(trimmed, _FILE)
        return pc.if_else(is_file, first_fitting([with_path, with_path], width), first_fitting(forms, width))

    return mapped
