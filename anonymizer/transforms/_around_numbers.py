"""Text around telephone numbers: words that say what a number is for stay, everything else keeps its look only.

"tel. 02/…", "0470 … (gsm)", "… na 18u", "ext 12", "tel:+32…": the words come from a closed list (Dutch, French, German,
English), so that no name ever stays. A time of day stays beside a number, other digits change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Kernel
from anonymizer.pseudonyms.written_form import compact
from anonymizer.transforms._pieces import Flags, Pieces, cut

_WORDS = """
tel telefoon telefoonnummer telnr telefax fax nr nrs nummer num numero no mobiel gsm gsmnr toestel tst intern lokaal
doorkies doorkiesnummer thuis werk kantoor bureau zaak winkel magazijn prive vast vaste lijn na voor vanaf tot tussen
en of om enkel alleen bij met zonder noodgeval nood dringend overdag dag avond avonds s morgens ochtend middag
namiddag voormiddag nacht week weekend werkdag werkdagen maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
niet geen wel onbekend moeder vader ouders mama papa echtgenoot echtgenote partner man vrouw zoon dochter buur buurman
buurvrouw school creche onthaal receptie secretariaat algemeen direct rechtstreeks bellen oud nieuw ook het de in uur
u telephone portable mobile fixe domicile maison travail poste interne ligne directe apres avant a partir entre et ou
le la les soir soiree matin midi jour nuit semaine lundi mardi mercredi jeudi vendredi samedi dimanche pas sans
inconnu mere pere parents mari femme fils fille voisin voisine ecole accueil secretariat urgence heure heures h
appeler ancien nouveau phone telephone cell home work office private extension ext x local after before from until
till to between and or only evening evenings morning mornings afternoon weekends mother father husband wife son
daughter neighbour neighbor reception emergency line switchboard unknown old new hrs am pm call telefon handy mobil
festnetz buro privat arbeit zuhause durchwahl apparat app nst nach vor bis und oder nur abends morgens nachmittags
tagsuber mutter vater eltern uhr alt neu callto sms sip whatsapp viber signal mailto
"""
_KNOWN = pa.array(sorted(set(_WORDS.split())))
_HOURS = pa.array(["u", "uur", "h", "heure", "heures", "uhr", "hrs", "am", "pm"])
_HOUR = r"(?:^|[^0-9])(?:[01]?[0-9]|2[0-4]) ?$"
_MINUTES = r"^[0-5][0-9](?:[^0-9]|$)"
_CLOCK = r"^[^0-9]*(?:[01]?[0-9]|2[0-3]):[0-5][0-9][^0-9]*$"
_IN_WORD = np.array([byte >= 128 or chr(byte).isalpha() for byte in range(256)])
_MARKS = r"[\x01\x02]"


def around(values: pa.Array, scrambled: Kernel, times: bool) -> pa.Array:
    """Text without nulls; `scrambled` keeps the look of what is no known word. `times`: times of day stay too."""
    old = cut(values, _IN_WORD)
    known = _flags(pc.is_in(compact(old.texts), value_set=_KNOWN)) & old.is_word
    hidden = scrambled(values)
    new = cut(hidden, _IN_WORD)
    # Pieces stand side by side but where the look has changed too, as that of what has the form of a UUID.
    alike = (np.diff(old.rows) == np.diff(new.rows)) & (np.add.reduceat(np.append(known, False), old.rows[:-1]) > 0)
    alike &= np.diff(old.rows) > 0
    if not alike.all():
        if not alike.any():
            return hidden
        mask = pa.array(alike)
        return pc.replace_with_mask(hidden, mask, around(values.filter(mask), lambda _: hidden.filter(mask), times))
    kept = known | _times(old, known) if times else known
    return old.joined(pc.if_else(pa.array(kept), old.texts, new.texts))


def _times(pieces: Pieces, known: Flags) -> Flags:
    """Digits before a word for hours, minutes behind it, and a time with a colon."""
    hour_word = known & _flags(pc.is_in(compact(pieces.texts), value_set=_HOURS))
    first = np.zeros(len(known), bool)
    first[pieces.rows[:-1]] = True
    followed = np.append(hour_word[1:] & ~first[1:], False)
    hours = followed & _flags(pc.match_substring_regex(pieces.texts, _HOUR)) & ~pieces.is_word
    after = np.append(False, hour_word[:-1] & np.append(False, hours[:-2])) & ~first
    minutes = after & _flags(pc.match_substring_regex(pieces.texts, _MINUTES))
    return hours | minutes | _flags(pc.match_substring_regex(pieces.texts, _CLOCK))


def each_number(values: pa.Array, pattern: str, numbers: Kernel, texts: Kernel) -> pa.Array:
    """`numbers` replaces what matches `pattern`, `texts` what stands around it."""
    marked = pc.replace_substring_regex(pc.replace_substring_regex(values, _MARKS, " "), f"({pattern})", "\x01\\1\x02")
    lists = pc.split_pattern_regex(marked, _MARKS)
    flat = lists.flatten()
    offsets = lists.offsets.to_numpy() - lists.offsets[0].as_py()
    place = np.arange(len(flat)) - np.repeat(offsets[:-1], np.diff(offsets))
    for chosen, kernel in ((place % 2 == 1, numbers), (place % 2 == 0, texts)):
        flat = _changed(flat, chosen & (pc.utf8_length(flat).to_numpy() > 0), kernel)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat), "")


def _changed(values: pa.Array, rows: Flags, kernel: Callable[[pa.Array], pa.Array]) -> pa.Array:
    mask = pa.array(rows)
    return pc.replace_with_mask(values, mask, kernel(values.filter(mask))) if rows.any() else values


def _flags(values: pa.Array) -> Flags:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
