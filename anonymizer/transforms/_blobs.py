"""Files in columns: each becomes the smallest one of its kind, the same for everybody.

Told by their first bytes (binary travels as `\\x` and hexadecimal digits) or, where a column holds a path, by the
ending of the name.
"""

from __future__ import annotations

import base64

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import tokens
from anonymizer.pseudonyms.written_form import normalise
from anonymizer.transforms import _permuted

_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AKp//2Q=="
)
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
_KINDS = {"89504e47": _PNG, "47494638": _GIF, "ffd8ff": _JPEG, "25504446": _PDF}
"""First bytes, in hexadecimal digits -> the smallest file of that kind."""
_ENDING = r"(?P<ending>\.[A-Za-z0-9]{1,5})$"
_TOKEN = 10
_BASE64 = r"^[A-Za-z0-9+/\r\n]{64,}={0,2}\s*$"


def binary(values: pa.Array) -> pa.Array:
    """`\\x` and hexadecimal digits -> the same: the smallest file of the kind, or no bytes at all."""
    result: pa.Array = pa.array(["\\x"] * len(values), pa.string())
    for start, file in _KINDS.items():
        kind = pc.starts_with(values, "\\x" + start)
        result = pc.if_else(kind, "\\x" + file.hex(), result)
    return result


def text(binding: Binding) -> Kernel:
    """Paths and names become an invented name with the same ending; base64 and data URLs become short ones."""
    prf = Prf(binding.keys.derive("file name", binding.domain.name))
    width, unique = binding.domain.width, binding.domain.unique
    if unique and width is not None and width < _TOKEN:
        return _permuted.kernel(binding.keys, binding.domain.name)

    def mapped(values: pa.Array) -> pa.Array:
        names = tokens(prf(values if unique else normalise(values))[:, 0], min(_TOKEN, width or _TOKEN))
        ending = pc.struct_field(pc.extract_regex(values, _ENDING), "ending")
        named = pc.binary_join_element_wise(names, pc.fill_null(ending, ""), "")
        if width is not None:
            named = pc.if_else(pc.less_equal(pc.utf8_length(named), width), named, names)
        encoded = pc.match_substring_regex(values, _BASE64)
        data_url = pc.starts_with(values, "data:")
        short = base64.b64encode(_GIF).decode()
        if not unique and (width is None or width >= len(short) + 22):
            named = pc.if_else(encoded, short, named)
            named = pc.if_else(data_url, "data:image/gif;base64," + short, named)
        return named

    return mapped
