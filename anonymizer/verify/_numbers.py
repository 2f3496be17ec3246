"""Which numbers of a text are compared with the source's, and which are written in a form that is no chance."""

from __future__ import annotations

import numpy as np

from anonymizer.verify._fingerprint import I64
from anonymizer.verify._known import LONGEST, NUMBER_BINS, SHORTEST_NUMBER, Known
from anonymizer.verify._tokens import Mask, Tokens

_GROUPED = 9
"""Digits that a number in groups must have to be told from dates and amounts."""


def compared(known: Known, cut: Tokens) -> I64 | None:
    """How many numbers could have been equal to one of the source's, by `number_bins`; None for none."""
    if not known.bins or not len(cut):
        return None
    first = np.flatnonzero(cut.digits & (cut.end[cut.last] - cut.start >= SHORTEST_NUMBER))
    counts: I64 | None = None
    for more in range(LONGEST):
        first = first[first + more <= cut.last[first]]
        first = first[cut.digits[first + more]]
        if not len(first):
            break
        last = first + more
        fit = (cut.length(first, last) >= SHORTEST_NUMBER) & cut.one_number(first, last)
        if fit.any():
            found = np.bincount(known.number_bins(cut, first[fit], last[fit]), minlength=NUMBER_BINS)
            counts = found if counts is None else counts + found
    return counts


def written(cut: Tokens, first: I64, last: I64, telephones: Mask) -> Mask:
    """Which of some numbers are written as people write personal numbers: after a +, telephone numbers after a 0, or in
    groups that are no date, time, amount, fraction or address of a machine. Runs within longer codes are not."""
    formed = np.zeros(len(first), bool)
    for index, (start, stop, telephone) in enumerate(zip(first.tolist(), last.tolist(), telephones, strict=True)):
        formed[index] = _is_written(cut, start, stop, bool(telephone))
    return formed


def _is_written(cut: Tokens, start: int, stop: int, telephone: bool) -> bool:
    lengths = (cut.end[start : stop + 1] - cut.start[start : stop + 1]).tolist()
    signs, gaps = bytes(cut.sign[start + 1 : stop + 1]), cut.gap[start + 1 : stop + 1].tolist()
    glued = start > 0 and cut.cell[start - 1] == cut.cell[start] and cut.apart[start] == cut.apart[start - 1]
    follows = stop < cut.last[start] and cut.apart[stop + 1] == cut.apart[stop]
    if glued or follows or _is_date_or_time(lengths, signs):
        return False
    if cut.sign[start] == ord("+"):
        return True
    if telephone and cut.begins_with_zero(start) and lengths[0] > 1:
        return True
    thousands = lengths[0] <= 3 and set(lengths[1:]) == {3} and len(set(signs)) == 1
    machine = signs == b"..." and max(lengths) <= 3
    listed = bool(set(signs) & set(b",:;=|"))
    fraction = signs == b"." and gaps == [1]
    grouped = len(lengths) > 1 and sum(lengths) >= _GROUPED
    return grouped and not (thousands or machine or listed or fraction)


def _is_date_or_time(lengths: list[int], signs: bytes) -> bool:
    """By the lengths of the groups: 2024-01-15, 15.01.2024 and 10:23:45, whatever follows."""
    if len(lengths) < 3:
        return False
    year_first = lengths[0] == 4 and lengths[1] <= 2 and lengths[2] <= 2 and signs[:1] in (b"-", b"/", b".")
    year_last = lengths[0] <= 2 and lengths[1] <= 2 and lengths[2] == 4 and signs[0] == signs[1]
    return (
        (year_first and signs[0] == signs[1] and len(lengths) != 5 and signs != signs[:1] * 3)
        or (year_last and len(lengths) <= 6)
        or (lengths[0] <= 2 and b":" in signs)
    )
