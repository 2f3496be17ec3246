"""Damaged scripts: refused with a sentence, or read by both readers alike and written back exactly.

ANONYMIZER_FUZZ sets how many damaged scripts are tried; 1500 by default.
"""

from __future__ import annotations

import os
import random
import re
from contextlib import suppress

import pytest

from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.stores import mysql_dump
from anonymizer.stores._mysql import insert as _mysql_insert
from anonymizer.verify._reader import Block, Unreadable, open_reader
from tests.stores.mysql_shapes import SHAPES
from tests.stores.test_mysql_dump import CRM, ROUTINES, TABLE, Script
from tests.stores.test_mysql_dump import SHAPES as ROWS

CASES = int(os.environ.get("ANONYMIZER_FUZZ", "1500"))
WHOLE = [text.encode() for text in SHAPES.values()]
WHOLE += [(TABLE + text).encode("utf-8", "surrogateescape") for name, text in ROWS.items() if "database" not in name]
WHOLE += [CRM.encode(), ROUTINES.encode()]
MARKS = b"'\"`\\;()#-/* \n,xX0N\xff\0_!"
TOLD = re.compile(r"line \d+|truncated|unlocked|t\.|klant|character set|make the dump|rows of|never")


def damaged(chance: random.Random) -> bytes:
    """One of the scripts with some bytes changed, lost, doubled, moved or cut off."""
    data = bytearray(chance.choice(WHOLE))
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.choice(MARKS)
            case 1:
                del data[at : at + chance.randint(1, 60)]
            case 2:
                data[at:at] = bytes([chance.choice(MARKS)])
            case _:
                data[at:at] = data[(start := chance.randrange(len(data))) : start + chance.randint(1, 200)]
    if chance.random() < 0.5:
        del data[chance.randrange(len(data)) :]
    return bytes(data)


def read(data: bytes) -> tuple[int, bytes]:
    """How many rows the store finds, and what its sink would write for unchanged values."""
    source = mysql_dump.open_source(Script(data))  # type: ignore[arg-type]
    wanted = {t.name: [c.name for c in t.columns if not c.generated] for t in source.schema().tables}
    count, written = 0, b""
    for part in source.parts(wanted):
        if isinstance(part, Rows):
            count += part.batch.num_rows
        written += _bytes(part)
    return count, written


def test_damage_is_told_or_changes_nothing():
    chance = random.Random(20240229)
    exact, told = 0, []
    for number in range(CASES):
        data = damaged(chance)
        try:
            rows, written = read(data)
        except SourceError as fault:
            told.append(str(fault))
            continue
        assert written == data, number
        schema = mysql_dump.open_source(Script(data)).schema()  # type: ignore[arg-type]
        with suppress(Unreadable):  # the verifier may refuse what the store takes, and withholds the result then
            parts = open_reader(Script(data), mysql_dump.NAME, schema).parts()  # type: ignore[arg-type]
            assert sum(part.count() for part in parts if isinstance(part, Block)) >= rows, number
        exact += 1
    assert [fault for fault in told if not TOLD.search(fault)] == []
    assert len(told) > CASES // 4
    assert exact > CASES // 10


ENDS = {
    "phpMyAdmin": b"COMMIT;",
    "HeidiSQL": b"/*!40111 SET SQL_NOTES=IFNULL(",
    "mysqldump 8": b"-- Dump completed",
    "Sequel Ace": b"/*!40111 SET SQL_NOTES=@OLD",
}
"""What these programs end with, so that a cut before it is noticed even between two statements."""


@pytest.mark.parametrize("tool", SHAPES)
def test_a_script_that_is_cut_off_loses_no_row_silently(tool: str):
    data = SHAPES[tool].encode()
    first, last = data.index(b"CREATE TABLE"), data.rindex(ENDS[tool]) if tool in ENDS else len(data)
    for end in range(len(data) - 1, first, -max(1, len(data) // 300)):
        try:
            source = mysql_dump.open_source(Script(data[:end]))  # type: ignore[arg-type]
            tables = [table.name for table in source.schema().tables]
            parts = list(source.parts({name: ["id"] for name in tables}))
        except SourceError:
            continue
        assert b"".join(_bytes(part) for part in parts) == data[:end]
        assert end >= last or tool not in ENDS, data[end - 40 : end]


def _bytes(part: Verbatim | Rows) -> bytes:
    return _mysql_insert.write(part.frame, part.batch).to_pybytes() if isinstance(part, Rows) else bytes(part.data)
