"""Folders of `mysqldump --tab`: the same files come out, mariadb-import loads them, and what is cut off is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import api
from anonymizer.errors import AnonymizerError, SourceError
from anonymizer.model.result import Outcome
from anonymizer.model.schema import TableName
from anonymizer.stores import mysql_tab_folder, open_input, recognise
from anonymizer.stores._mysql import tab_rows
from anonymizer.stores._mysql.literals import Kind
from anonymizer.workspace import Workspace
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb

FILES = {
    "klant.sql": "CREATE TABLE `klant` (`id` int NOT NULL, `naam` varchar(60), `nota` text, PRIMARY KEY (`id`))"
    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n-- Dump completed on 2026-01-01\n",
    "klant.txt": "1\tZoë Peeters\ta\\\tb\\\nc\\\\\n2\tJan Maes\t\\N\n",
    "leeg.sql": "CREATE TABLE `leeg` (`id` int) ENGINE=InnoDB;\n",
    "leeg.txt": "",
    "alle.sql": "CREATE VIEW `alle` AS SELECT `id` FROM `klant`;\n",
}
RULES = "format: 1\ntables:\n  klant: {columns: {naam: full_name}, keep: [id, nota]}\n  leeg: {keep: [id]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "winkel"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    return made


def run(folder: Path) -> dict[str, bytes]:
    beside = folder.parent
    result = api.run(folder, beside / "veilig", beside / "rules.yaml", beside / "key")
    assert {check.outcome for check in result.checks} <= {Outcome.PASSED, Outcome.NOT_APPLICABLE}
    return {path.name: path.read_bytes() for path in (beside / "veilig").iterdir()}


def test_the_same_files_come_out_and_only_the_names_in_the_rows_change(folder: Path):
    after = {name: data.decode() for name, data in run(folder).items()}
    assert after.keys() == FILES.keys()
    assert {name for name in FILES if FILES[name] != after[name]} == {"klant.txt"}
    assert not [name for name in ("Peeters", "Maes") if name in after["klant.txt"]]
    assert after["klant.txt"].startswith("1\t")
    assert "\ta\\\tb\\\nc\\\\\n2\t" in after["klant.txt"]
    assert after["klant.txt"].endswith("\t\\N\n")


def test_compressed_files_stay_compressed(folder: Path):
    (folder / "klant.txt.gz").write_bytes(gzip.compress((folder / "klant.txt").read_bytes()))
    (folder / "klant.txt").unlink()
    assert b"Maes" not in gzip.decompress(run(folder)["klant.txt.gz"])


def test_text_in_latin1_stays_latin1_beside_text_in_utf8(folder: Path):
    (folder / "klant.txt").write_bytes("1\tZoë Peeters\t".encode("cp1252") + "déjà vu €\n".encode())
    after = run(folder)["klant.txt"]
    assert after.endswith("\tdéjà vu €\n".encode())
    assert "Zoë".encode("cp1252") not in after


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("klant.txt", "1\tEls\tx\n2\tPiet\n", r"klant\.txt line 2: the row has not as many cells as those before"),
        ("klant.txt", "1,Els,x\n", r"klant\.txt line 1: the row has 1 cells and klant 3 columns"),
        ("klant.txt", "1\tEls\tx\n2\tPiet\t", r"klant\.txt line 2: the last row is cut off"),
        ("klant.txt", "1\tEls\tx\\\n", r"klant\.txt line 1: the last row is cut off"),
        ("andere.txt", "1\n", "andere.txt holds rows of a table that no script of the folder defines"),
        ("klant.csv", "1\n", r"klant\.csv is neither a script nor rows"),
        ("leeg.sql", "\nLOAD DATA INFILE 'x' INTO TABLE klant;\n", r"leeg\.sql line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_and_line(name: str, text: str, says: str, folder: Path):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        run(folder)
    assert not (folder.parent / "veilig").exists()


CELLS = st.lists(
    st.tuples(st.binary(max_size=8), st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8))),
    min_size=1,
    max_size=8,
)
READING = tab_rows.Reading(TableName("", "t"), ("raw", "said"), (Kind.BINARY, Kind.TEXT), {})


def written(raw: bytes | None) -> bytes:
    """As the manual says that a cell is written."""
    if raw is None:
        return b"\\N"
    return b"".join(b"\\0" if byte == 0 else b"\\" * (byte in b"\\\t\n") + bytes([byte]) for byte in raw)


def text_of(rows: list[tuple[bytes, str | None]]) -> bytes:
    return b"".join(
        written(raw) + b"\t" + written(None if said is None else said.encode()) + b"\n" for raw, said in rows
    )


class Stream:
    """Gives so many bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step = data, step

    def read(self, size: int) -> bytes:
        block, self.data = self.data[: self.step], self.data[self.step :]
        return block

    def close(self) -> None:
        pass


@given(CELLS, st.integers(1, 40))
def test_every_value_is_read_and_written_back_as_it_was(rows: list[tuple[bytes, str | None]], step: int):
    data = text_of(rows)
    blocks = list(tab_rows.blocks(Stream(data, step), "t.txt"))  # type: ignore[arg-type]
    assert b"".join(block.data for block in blocks) == data
    found, again = [], []
    for block in blocks:
        batch, frame = tab_rows.read(block, READING, ["said", "raw"])
        found += zip(batch["raw"].to_pylist(), batch["said"].to_pylist(), strict=True)
        other = pa.RecordBatch.from_pydict({"said": ["x\t"] * batch.num_rows, "raw": batch["raw"]})
        rewritten = tab_rows.write(frame, other).to_pybytes()
        cells = tab_rows.read(tab_rows.Rows(rewritten, *tab_rows._cells(rewritten)), READING, ["said", "raw"])[0]
        assert cells.to_pydict() == other.to_pydict()
        again.append(tab_rows.write(frame, batch).to_pybytes())
    assert found == [("\\x" + raw.hex(), said) for raw, said in rows]
    assert b"".join(again) == data


@given(CELLS, st.data())
def test_a_damaged_file_is_refused_or_read_for_what_it_says(rows: list[tuple[bytes, str | None]], data: st.DataObject):
    whole = text_of(rows)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        blocks = list(tab_rows.blocks(Stream(whole[:cut], 7), "t.txt"))  # type: ignore[arg-type]
    except AnonymizerError:
        return
    assert b"".join(block.data for block in blocks) == whole[:cut]
    assert all(block.starts.shape[1] == 2 for block in blocks)


TABLES = """
CREATE TABLE `klant` (`id` int NOT NULL PRIMARY KEY, `naam` varchar(60), `oud` varchar(40) CHARACTER SET latin1,
  `beeld` blob, `vlag` bit(12), `kort` varchar(80) AS (concat('x ', `naam`)) STORED, `nota` text, `plek` point,
  `dag` date, `bedrag` decimal(9,2)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `nota` (`id` int PRIMARY KEY, `klant_id` int, FOREIGN KEY (`klant_id`) REFERENCES `klant` (`id`));
CREATE TABLE `leeg` (`id` int);
INSERT INTO klant (id, naam, oud, beeld, vlag, nota, plek, dag, bedrag) VALUES
 (1, 'Zoë Peeters', 'Zoë Peeters', x'00090a5cff41', b'10100000001', 'a\\tb\\nc\\\\d', point(1, 2), '2020-01-31', 1.50),
 (2, 'Jan Maes', NULL, '', NULL, '', NULL, NULL, NULL), (3, NULL, 'Els Daems', NULL, b'0', '\\\\N', NULL, NULL, -1);
INSERT INTO nota VALUES (1, 1), (2, 3), (3, NULL);
"""
SERVER_RULES = """format: 1
tables:
  klant:
    columns: {naam: full_name, oud: full_name, kort: full_name}
    keep: [id, beeld, vlag, nota, plek, dag, bedrag]
  nota: {keep: [id, klant_id]}
  leeg: {keep: [id]}
"""


def test_what_mysqldump_writes_is_loaded_after_it_was_made_safe(mariadb: MariaDb, tmp_path: Path):
    shop = mariadb.fresh("tabs")
    shop.load(TABLES.encode())
    dumped = tmp_path / "tabs"
    dumped.mkdir(mode=0o777)
    dumped.chmod(0o777)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(parent.stat().st_mode | 0o011)
    mariadb.tool("mariadb-dump", "--tab", dumped, "tabs")
    (tmp_path / "rules.yaml").write_text(SERVER_RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    with Workspace(tmp_path) as work:
        assert recognise(open_input(str(dumped), work)) is mysql_tab_folder
    result = api.run(dumped, tmp_path / "veilig", tmp_path / "rules.yaml", tmp_path / "key")
    assert {check.outcome for check in result.checks} <= {Outcome.PASSED, Outcome.NOT_APPLICABLE}
    again = mariadb.fresh("tabs2")
    for script in sorted((tmp_path / "veilig").glob("*.sql")):
        again.load(b"SET foreign_key_checks = 0;\n" + script.read_bytes())
    rows = [path for path in (tmp_path / "veilig").glob("*.txt") if path.stat().st_size]
    mariadb.tool("mariadb-import", "--local", "--default-character-set=binary", "tabs2", *sorted(rows))
    before, after = shop.tables(), again.tables()
    assert before["nota"] == after["nota"]
    columns = before["klant"][0]
    same = [n for n, name in enumerate(columns) if name not in ("naam", "oud", "kort")]
    for old, new in zip(before["klant"][1], after["klant"][1], strict=True):
        assert [old[n] for n in same] == [new[n] for n in same]
    assert again.query("SELECT count(*) FROM klant WHERE kort = concat('x ', naam)") == [["2"]]
    assert again.query("SELECT naam = oud FROM klant WHERE id = 1") == [["1"]]
    assert not {b"Peeters", b"Maes", b"Daems"} & set(b" ".join(path.read_bytes() for path in rows).split())
