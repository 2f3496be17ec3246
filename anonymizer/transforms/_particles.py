"""Particles of surnames, and what is left of a surname without them: the part that is replaced.

The core is told from the compact whole ("vandenberg"), so that a surname has one core however it is written: "van den
Berg", "Vandenberg", "vandenberg" in a mail address.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.pseudonyms.written_form import counts_per_row, flat_bytes, from_flat

PARTICLES = pa.array(
    "van vande vanden vander de den der het t 't te ten ter op in la le du des d di da von zu zum zur und y"
    " el al ait ould bou bel del della dello degli dal dalla dos das los las".split()
)
_ALONE = (
    "van vande vanden vander de den der het '?t '?s te ten ter op in la le du des d' da di del della dello degli dos"
    r" das von vom zu zum zur van[ ]?d\.? v\.?[ /]?d\.? v\."
)
PARTICLES_ALONE = rf"^\s*(?i:(?:{'|'.join(_ALONE.split(' '))})(?:\s+|$))+$"
"""A text of nothing else. Particles that are also somebody's name ("Al", "Do") are not among them."""
_ONSET = (
    "(?:[bcdfghjklmnpqrstvwz][aeiouy]|b[lr]|c[hlr]|d[hr]|f[lr]|g[hlr]|k[lnr]|p[hlr]|s[cklmnptw]|t[hr]|v[lr]|wr)[a-z]+"
)
"""How a name begins: so "desmet" is de and smet, but "dekker", "lambert" and "lemmens" are whole."""
_JOINED = "|".join(
    [
        "(?:vanden|vander|vd|mc)([a-z]{3,}|aa|ee)",  # "vd": v.d., v/d
        # with an apostrophe where they are written in two
        "[ot](brien|callaghan|con(?:nor|nell)|donnell|dwyer|farrell|grady|halloran|hara|keef+e|leary|malley|neill?|reilly"
        "|shea|sullivan|toole|hooft|jampens|kint|sas|serstevens)",
        f"(?:vande|vonder)({_ONSET})",
        "(?:van|von)([a-z]{3,})",
        "d(h[aeo][a-z]+|a(?:gostino|lessandro|mbrosio|mico|ngel[io]|nnunzio)|ellacqua)",
        f"(?:de|le|la|du|di)({_ONSET})",
        "(?:den|ten)([bcdfghklmprstvwz][a-z]{2,})",
        "(?:der|ter)([bcdfghklmnpstvwz][a-z]{2,})",
        "des([bdfgjrv][a-z]{2,})",
    ]
)
_CORE = rf"^(?:{_JOINED})$"
_GROUPS = "".join(rf"\{number}" for number in range(1, 10))
_WORD = np.array([byte >= 128 or chr(byte).isalnum() for byte in range(256)])


def cores(keys: pa.Array) -> pa.Array:
    """Surnames without particles: string [n] -> string [n], both as `compact` writes them.

    >>> cores(pa.array(["vandenberg", "desmet", "dekker", "dhondt", "peeters"])).to_pylist()
    ['berg', 'smet', 'dekker', 'hondt', 'peeters']
    """
    return pc.replace_substring_regex(keys, _CORE, _GROUPS)


def parted(written: pa.Array, letters: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Each surname as written, in two: up to its first `letters` letters and what follows them, and the rest."""
    data, offsets = flat_bytes(written)
    word = _WORD[data]
    running = np.cumsum(word)
    before = np.concatenate([[0], running])[offsets[:-1]]
    lengths = np.diff(offsets)
    front = (running - np.repeat(before, lengths) <= np.repeat(letters, lengths)) & np.repeat(letters > 0, lengths)
    in_front = np.concatenate([[0], np.cumsum(counts_per_row(front, offsets))])
    return from_flat(data[front], in_front), from_flat(data[~front], offsets - in_front)
