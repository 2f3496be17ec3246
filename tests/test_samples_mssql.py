"""The whole way on real SQL Server files: what nobody asked to replace keeps its bytes, in every part of them.

They lie in the folder that ANONYMIZER_SAMPLES names; without it these tests are not verified.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anonymizer import api, stores
from anonymizer.contracts import Rows, Source
from anonymizer.model.result import Outcome
from anonymizer.stores import bacpac, mssql_folder, mssql_script
from anonymizer.stores._bacpac.rows import PartFrame
from anonymizer.stores._input import FileInput, FolderInput
from tests.fix_key import write_key

SCRIPTS = ["northwind/instnwnd.sql", "chinook/Chinook_SqlServer.sql", "form114/01_create.sql"]
PACKAGES = ["northwind/Northwind.bacpac", "yummi_bacpac/yummi.bacpac", "_unlabelled/disney.bacpac",
            "adventureworkslt_bacpac/AdventureWorksLT.bacpac"]  # fmt: skip
RUN = [*SCRIPTS, *PACKAGES[:2]]


def everything(source: Source) -> dict:
    return {table.name: [c.name for c in table.columns if not c.generated] for table in source.schema().tables}


@pytest.mark.parametrize("name", RUN)
def test_a_real_file_of_sql_server_comes_out_safe(name: str, samples: Path, tmp_path: Path):
    target = tmp_path / Path(name).name
    result = api.run(samples / name, target, assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is Outcome.FAILED] == []
    assert target.read_bytes() != (samples / name).read_bytes()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_real_script_that_is_taken_apart_and_put_together_is_the_same(name: str, samples: Path, tmp_path: Path):
    source = mssql_script.open_source(FileInput(samples / name))
    sink = mssql_script.open_sink(source, tmp_path / "same.sql")
    for part in source.parts(everything(source)):
        sink.write(part)
    sink.close()
    assert (tmp_path / "same.sql").read_bytes() == (samples / name).read_bytes()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_real_package_whose_every_value_is_written_anew_has_the_same_parts(name: str, samples: Path, tmp_path: Path):
    source, target = bacpac.open_source(FileInput(samples / name)), tmp_path / "same.bacpac"
    sink = bacpac.open_sink(source, target)
    for part in source.parts(everything(source)):
        if isinstance(part, Rows):
            assert isinstance(part.frame, PartFrame)
            other = [pa.array(["another" if v else None for v in c.is_valid().to_pylist()]) for c in part.batch.columns]
            before = pa.RecordBatch.from_arrays([c.cast(pa.string()) for c in other], names=part.batch.schema.names)
            frame = part.frame
            fields = (frame.block, frame.starts, frame.ends, frame.spans, frame.codecs, before, frame.table)
            part = Rows(part.table, part.batch, PartFrame(*fields))
        sink.write(part)
    sink.close()
    with zipfile.ZipFile(samples / name) as old, zipfile.ZipFile(target) as new:
        assert sorted(old.namelist()) == sorted(new.namelist())
        assert [member for member in old.namelist() if old.read(member) != new.read(member)] == []


def test_northwind_has_the_same_names_in_the_script_and_in_the_package(samples: Path):
    """Written by different people with different tools: one reader proves the other."""
    found = []
    for path, store in ((samples / SCRIPTS[0], mssql_script), (samples / PACKAGES[0], bacpac)):
        assert stores.recognise(FileInput(path)) is store
        source = store.open_source(FileInput(path))
        customers = next(table for table in source.schema().tables if table.name.name == "Customers")
        columns = [column.name for column in customers.columns]
        rows = [p.batch.to_pylist() for p in source.parts({customers.name: columns}) if isinstance(p, Rows)]
        found.append(sorted(tuple(row.values()) for batch in rows for row in batch))
    assert len(found[0]) == 91
    assert found[0] == found[1]


def test_a_real_delivery_of_two_scripts_in_two_encodings_comes_out_as_one_database(samples: Path, tmp_path: Path):
    made = tmp_path / "form114"
    made.mkdir()
    for path in (samples / "form114").glob("*.sql"):
        (made / path.name).write_bytes(path.read_bytes())
    run_folder(made, tmp_path / "safe")
    (tmp_path / "safe" / "01_create.sql").read_bytes().decode("utf-8")
    assert kept_alike(made, tmp_path / "safe") > 0


def test_a_real_script_that_loads_its_rows_from_files_comes_out_with_these_files(samples: Path, tmp_path: Path):
    made = tmp_path / "adventureworks"
    shutil.copytree(samples / "adventureworks" / "csv", made / "csv", copy_function=shutil.copyfile)
    script = (samples / "adventureworks/instawdb.sql").read_bytes()
    there = {path.name.lower() for path in (made / "csv").iterdir()}

    def known(statement: re.Match[bytes]) -> bytes:
        return statement[0] if statement[1].decode().lower() in there else b""  # some are not among the samples

    wanted = re.sub(rb"(?ims)^BULK INSERT [^;]*?\)(\w+\.csv)'.*?\);", known, script)
    (made / "instawdb.sql").write_bytes(wanted)
    run_folder(made, tmp_path / "safe")
    assert (tmp_path / "safe/instawdb.sql").read_bytes() == wanted
    assert kept_alike(made, tmp_path / "safe") > 20


def run_folder(source: Path, target: Path) -> None:
    result = api.run(source, target, key_file=write_key(source.parent / "key"), assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is Outcome.FAILED] == []
    before, after = ({p.relative_to(f): p.read_bytes() for f in [folder] for p in f.rglob("*") if p.is_file()}
                     for folder in (source, target))  # fmt: skip
    assert before.keys() == after.keys()
    assert before != after


def kept_alike(source: Path, target: Path) -> int:
    """Decoded again: as many rows in each table, as many NULLs or more (places on maps). -> tables with rows."""
    counted = []
    for folder in (source, target):
        store = mssql_folder.open_source(FolderInput(folder))
        cells: dict = {}
        for part in store.sample(1_000_000):
            counts = np.array([part.batch.num_rows, *(column.null_count for column in part.batch.columns)])
            cells[part.table] = cells.get(part.table, 0) + counts
        counted.append(cells)
    before, after = counted
    assert before.keys() == after.keys()
    assert all(before[table][0] == after[table][0] and (before[table] <= after[table]).all() for table in before)
    return len(before)
