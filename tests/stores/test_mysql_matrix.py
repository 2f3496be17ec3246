"""Tables of any types and values, dumped by the server's own tool under any switches: what is read is what is there.

ANONYMIZER_FUZZ sets how many databases are tried, a seventy-fifth of it; 20 by default.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fix_mariadb import MariaDb
from tests.stores.test_mysql_dump import cells, proved, rewritten

CASES = int(os.environ.get("ANONYMIZER_FUZZ", "1500")) // 75
ALL = "aé'\"\\\n\r\t\0%_;,()#-/*`\x1aN漢 €ß😀bZ\u00a0\x08"
WESTERN = "aé'\"\\\n\tß;`ü€ "
NAMES = ["a", "b c", "Naam", "é", "x`y", "d.e", "f(g", "h,i", 'j"k', "l'm", "VALUES (", "n;o"]


def text(alphabet: str, most: int = 12) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(alphabet), max_size=most).map(
        lambda s: f"CONVERT(X'{s.encode().hex()}' USING utf8mb4)"
    )


def raw(most: int) -> st.SearchStrategy[str]:
    return st.binary(max_size=most).map(lambda b: f"X'{b.hex()}'")


def number(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(str)


TYPES: dict[str, st.SearchStrategy[str]] = {
    "tinyint": number(-128, 127),
    "smallint unsigned": number(0, 65535),
    "int(8) zerofill": number(0, 9999),
    "bigint": number(-(2**63), 2**63 - 1),
    "decimal(20,6)": st.decimals(-(10**9), 10**9, places=6).map(str),
    "double": st.floats(-1e300, 1e300).map(repr),
    "bit(1)": number(0, 1),
    "bit(9)": number(0, 511),
    "bit(64)": number(0, 2**64 - 1),
    "boolean": number(0, 1),
    "char(20)": text(ALL),
    "varchar(40)": text(ALL),
    "varchar(40) CHARACTER SET latin1": text(WESTERN),
    "varchar(40) CHARACTER SET ucs2": text(WESTERN),
    "varchar(40) CHARACTER SET gbk": text("a漢\\'字"),
    "longtext": text(ALL, 60),
    "tinytext COLLATE utf8mb4_bin": text(ALL),
    "enum('a','it''s','é','x\\\\y')": number(1, 4),
    "set('a','b','c d')": number(0, 7),
    "date": st.sampled_from(["'0000-00-00'", "'2024-02-29'", "'1000-01-01'", "'2024-00-00'"]),
    "datetime(6)": st.sampled_from(["'2024-01-02 03:04:05.000600'", "'0000-00-00 00:00:00'"]),
    "time(3)": st.sampled_from(["'-838:59:59.000'", "'00:00:00.007'"]),
    "year": st.sampled_from(["0", "1999", "2155"]),
    "binary(6)": raw(6),
    "varbinary(20)": raw(20),
    "blob": raw(40),
    "varchar(30) CHARACTER SET binary": raw(20),
    "json": st.sampled_from(['\'{"a": "é\\\'"}\'', "'[1, null]'"]),
    "uuid": st.uuids().map(lambda u: f"'{u}'"),
    "inet4": number(0, 255).map(lambda n: f"'10.0.0.{n}'"),
    "inet6": number(1, 9999).map(lambda n: f"'::{n}'"),
    "point": number(-9, 9).map(lambda n: f"POINT({n},{n}.5)"),
}
SWITCHES = (
    "--hex-blob --skip-extended-insert --complete-insert --insert-ignore --replace --delayed-insert --no-autocommit"
    " --order-by-primary --skip-comments --databases --skip-add-locks --net-buffer-length=4096 --skip-opt --compact"
    " --skip-disable-keys --routines --compatible=ansi --skip-set-charset --no-tablespaces --skip-tz-utc --tz-utc"
).split()


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def shown(name: str, kind: str) -> str:
    """SQL that gives a column as the contracts say, in hexadecimal behind a letter."""
    cell = quoted(name)
    if any(word in kind for word in ("binary", "blob", "point")):
        value = f"CONCAT('b', HEX({cell}))"
    else:
        value = f"CONCAT('t', HEX(CONVERT({cell + '+0' if 'bit' in kind else cell} USING utf8mb4)))"
    return f"IF({cell} IS NULL, '-', {value})"


def meant(cell: str) -> str | None:
    if cell == "-":
        return None
    return "\\x" + cell[1:].lower() if cell[0] == "b" else bytes.fromhex(cell[1:]).decode()


@settings(max_examples=CASES)
@given(st.data())
def test_what_is_read_from_a_dump_is_what_the_server_holds(mariadb: MariaDb, data: st.DataObject):
    database = mariadb.fresh("matrix")
    kinds = data.draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=6, unique=True))
    names = data.draw(st.permutations(NAMES))[: len(kinds)]
    table = data.draw(st.sampled_from(["t", "odd `n", "T;2", "klant", "values"]))
    computed = data.draw(st.sampled_from(["", ", g varchar(300) AS (hex(`id`)) VIRTUAL"]))
    columns = ", ".join(f"{quoted(n)} {k} COMMENT 'it''s; `x` -- y'" for n, k in zip(names, kinds, strict=True))
    rows = data.draw(st.lists(st.tuples(*(st.just("NULL") | TYPES[kind] for kind in kinds)), max_size=4))
    listed = ", ".join(map(quoted, names))
    script = f"SET sql_mode='';CREATE TABLE {quoted(table)} (id int NOT NULL PRIMARY KEY, {columns}{computed});"
    for place, row in enumerate(rows):
        script += f"INSERT INTO {quoted(table)} (id, {listed}) VALUES ({place}, {', '.join(row)});"
    database.load(script.encode(), "--binary-mode")
    switches = data.draw(st.lists(st.sampled_from(SWITCHES), max_size=4, unique=True))
    mixed = any("CHARACTER SET" in kind for kind in kinds)
    charset = data.draw(st.sampled_from(["utf8mb4"] if mixed else ["utf8mb4", "binary"]))
    dump = database.dump(*switches, f"--default-character-set={charset}")
    wanted = ", ".join(shown(name, kind) for name, kind in zip(names, kinds, strict=True))
    held = [
        {"id": str(place), **{name: meant(cell) for name, cell in zip(names, row, strict=True)}}
        for place, row in enumerate(database.query(f"SELECT {wanted} FROM {quoted(table)} ORDER BY id"))
    ]
    assert cells(dump) == proved(dump) == held
    assert rewritten(dump, Path(mariadb.socket.parent)) == dump
