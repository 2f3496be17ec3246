"""The verifier reads Parquet and tables in memory by itself, and sees what was done to them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymizer import api
from anonymizer.model.result import Outcome
from tests.fix_key import known_secret

MAILS = [f"zed.claes{n}@mail.be" for n in range(40)]
RULES = """\
format: 1
tables:
  customer: {columns: {email: email}, keep: [id, score, raw, tags]}
  visit: {keep: [id, day]}
"""


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Source, result and rules."""
    source, rules = tmp_path / "source", tmp_path / "rules.yaml"
    (source / "visit" / "day=1").mkdir(parents=True)
    customer = pa.table(
        {
            "id": range(40),
            "email": MAILS,
            "score": [float("nan"), None, *map(float, range(38))],
            "raw": [b"\0\1"] * 40,
            "tags": [["a", None]] * 40,
        }
    )
    pq.write_table(customer.replace_schema_metadata({"owner": "shop"}), source / "customer.parquet", row_group_size=9)
    pq.write_table(pa.table({"id": range(4)}), source / "visit" / "day=1" / "0.parquet")
    rules.write_text(RULES)
    api.run(source, tmp_path / "safe", rules)
    return source, tmp_path / "safe", rules


def failed(source: Path, safe: Path, rules: Path) -> set[str]:
    checks = api.verify(source, safe, rules)
    assert checks
    return {check.check for check in checks if check.outcome is not Outcome.PASSED}


def test_an_honest_result_passes(made: tuple[Path, Path, Path]):
    assert failed(*made) == set()


def edited(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def edit(safe: Path) -> None:
        path = safe / "customer.parquet"
        table = change(pq.read_table(path))
        pq.write_table(table, path, row_group_size=9)

    return edit


def put(column: str, values: list[object]) -> Callable[[Path], None]:
    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        field = table.schema.field(place)
        return table.set_column(
            place, field, pa.array([*values, *table[column].to_pylist()[len(values) :]], field.type)
        )

    return edited(change)


CRIMES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "an original that stayed": (put("email", MAILS[:1]), {"replaced", "survivors"}),
    "a null that was a value": (put("email", [None]), {"nulls"}),
    "a null that was no number": (put("score", [None]), {"kept_columns"}),
    "a number that was null": (put("score", [float("nan"), 1.5]), {"kept_columns"}),
    "other bytes": (put("raw", [b"\0\2"]), {"kept_columns"}),
    "another list": (put("tags", [["a", "NULL"]]), {"kept_columns"}),
    "rows left out": (edited(lambda table: table.slice(0, 39)), {"row_counts"}),
    "other metadata": (edited(lambda table: table.replace_schema_metadata({"owner": "x"})), {"structure"}),
    "a value in the metadata": (edited(lambda t: t.replace_schema_metadata({"owner": MAILS[5]})), {"structure"}),
    "a type of its own": (edited(lambda table: table.set_column(0, "id", table["id"].cast("int32"))), {"structure"}),
    "another partition": (lambda safe: shutil.move(safe / "visit" / "day=1", safe / "visit" / "day=2"), {"structure"}),
    "a file that is no table": (lambda safe: (safe / "more.csv").write_text("x"), {"readable"}),
    "a damaged file": (lambda safe: (safe / "customer.parquet").write_bytes(b"PAR1 and more"), {"readable"}),
    "a table left out": (lambda safe: shutil.rmtree(safe / "visit"), {"row_counts", "structure"}),
}


@pytest.mark.parametrize("crime", CRIMES)
def test_what_was_done_to_a_result_is_found(made: tuple[Path, Path, Path], crime: str):
    source, safe, rules = made
    act, expected = CRIMES[crime]
    act(safe)
    assert expected <= failed(source, safe, rules)


def test_an_original_that_only_the_statistics_hold_is_found(made: tuple[Path, Path, Path]):
    source, safe, rules = made
    put("email", [MAILS[5]])(safe)
    path = safe / "customer.parquet"
    pq.write_table(pq.read_table(path), path, compression="none", use_dictionary=False)
    data = path.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    path.write_bytes(data[:footer].replace(b"zed.claes", b"abc.defgh") + data[footer:])
    assert MAILS[5] not in pq.read_table(path)["email"].to_pylist()
    details = {check.check: check.detail for check in api.verify(source, safe, rules)}
    assert any("footer of customer.parquet: holds 1 values of customer.email" in line for line in details["structure"])


def test_an_original_that_no_row_but_an_unused_category_holds_is_found():
    frame = pd.DataFrame({"email": pd.Categorical(MAILS)})
    new = api.run_tables({"customer": frame}, key=known_secret()).tables["customer"]
    leaking = new.assign(email=new["email"].cat.add_categories([MAILS[3]]))
    found = [api.verify_tables({"customer": frame}, {"customer": result}) for result in (new, leaking)]
    honest, other = ({check.check for check in checks if check.outcome is Outcome.FAILED} for checks in found)
    assert honest == set()
    assert "structure" in other
