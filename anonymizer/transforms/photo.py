"""Photographs: the smallest file of the same kind, the same for everybody.

Technique (ISO/IEC 20889): suppression.

PNG, GIF, JPEG and PDF stay what they are, with nothing in them; other bytes become none. Text with base64 or a data URL
becomes a short picture; other text is taken for a path and becomes an invented name with the same ending. Null and
empty values stay.

Example: \\\\x89504e47… (a photograph) -> a PNG of one pixel; scans/peeters.pdf -> k3f9a2xyqe.pdf

Never reached: nothing is left but the kind of file.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _blobs, _text

NAME = "photo"
CATEGORIES: tuple[str, ...] = ("photo",)
TECHNIQUE = "suppression"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is neither text nor binary gets a value of its type."""
    return _text.text_kernel(binding, _blobs.text)


def capacity(domain: Domain) -> int | None:
    """Any number of names; one file of each kind."""
    return None
