"""What a browser says of itself: the same for everybody.

Technique (ISO/IEC 20889): generalization.

Versions and plug-ins make a browser nearly unique, so nothing of them stays. In a key, a token tells the values apart.

Example: Mozilla/5.0 (X11; Linux x86_64) … -> Mozilla/5.0 (compatible)

Never reached: nothing is left.
"""

from __future__ import annotations

import pyarrow as pa

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _text

NAME = "user_agent"
CATEGORIES: tuple[str, ...] = ("user_agent",)
TECHNIQUE = "generalization"
PARAMETERS: dict[str, str] = {}

_AGENTS = ("Mozilla/5.0 (compatible)", "Mozilla/5.0", "Mozilla", "-")


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers."""
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    agent = next(agent for agent in _AGENTS if width is None or len(agent) <= max(width, 1))
    return lambda values: pa.array([agent] * len(values), pa.string())


def capacity(domain: Domain) -> int | None:
    """One; as many as there are tokens in a key."""
    return _text.capacity(domain, 1)
