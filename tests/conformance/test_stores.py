"""Every store keeps the promises of contracts.Source and contracts.Sink: one suite, run over the registry."""

from __future__ import annotations

import gzip
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymizer import registry, stores
from anonymizer.contracts import Rows, Source, Verbatim
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import TableName
from anonymizer.stores._input import spool_pipe
from anonymizer.workspace import Workspace
from tests.conformance.examples import BYTE_EXACT, COLUMNS, EXAMPLES, LIVE, ROWS

Contents = dict[str, list[tuple[str | None, ...]]]
Change = Callable[[Rows], Rows]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Examples that were made already."""
    return {"": tmp_path_factory.mktemp("examples")}


@pytest.fixture(params=sorted(registry.load("stores").keys() - LIVE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(name: str) -> ModuleType:
    return registry.load("stores")[name]


@pytest.fixture
def path(name: str, originals: dict[str, Path], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The store's example, alone in a folder of its own."""
    assert name in EXAMPLES, f"tests/conformance/examples.py has no example of the store {name}"
    if name not in originals:
        folder = originals[""] / name
        folder.mkdir()
        originals[name] = EXAMPLES[name](folder, request)
    copy = tmp_path / "source" / originals[name].name
    copy.parent.mkdir()
    return _copy(originals[name], copy)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "work").mkdir()
    with Workspace(tmp_path / "work" / "target") as opened:
        yield opened


@pytest.fixture
def source(path: Path, store: ModuleType, workspace: Workspace) -> Source:
    return store.open_source(stores.open_input(str(path), workspace))


def _copy(original: Path, copy: Path) -> Path:
    return Path(shutil.copytree(original, copy) if original.is_dir() else shutil.copy2(original, copy))


def everything(source: Source) -> dict[TableName, list[str]]:
    return {table.name: [c.name for c in table.columns if not c.generated] for table in source.schema().tables}


def contents(source: Source) -> Contents:
    """All rows of all tables, in order."""
    found: Contents = {table.name.name: [] for table in source.schema().tables}
    for part in source.parts(everything(source)):
        if isinstance(part, Rows):
            assert all(kind == pa.string() for kind in part.batch.schema.types)
            found[part.table.name] += zip(*(column.to_pylist() for column in part.batch.columns), strict=True)
    return found


def written(
    store: ModuleType,
    source: Source,
    target: Path,
    change: Change = lambda rows: rows,
    columns: dict[TableName, list[str]] | None = None,
) -> Source:
    """The result of a whole run, opened again."""
    sink = store.open_sink(source, target)
    for part in source.parts(everything(source) if columns is None else columns):
        sink.write(change(part) if isinstance(part, Rows) else part)
    sink.close()
    with Workspace() as workspace:
        reopened = stores.open_input(str(target), workspace)
        assert stores.recognise(reopened) is store
        return store.open_source(reopened)  # type: ignore[no-any-return]


def files(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def numbers_aside(table: str, row: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """A number as numbers compare: an amount of 1.50 is one of 1.5."""
    return tuple(
        str(float(cell)) if column == "amount" and cell is not None else cell
        for column, cell in zip(COLUMNS[table], row, strict=True)
    )


def comparable(found: Contents) -> Contents:
    return {table: [numbers_aside(table, row) for row in rows] for table, rows in found.items()}


def test_every_store_has_an_example_and_every_example_a_store():
    assert set(EXAMPLES) | LIVE == set(registry.load("stores"))


def test_a_source_is_recognised_by_one_store_alone(path: Path, store: ModuleType, workspace: Workspace):
    assert stores.recognise(stores.open_input(str(path), workspace)) is store


def test_the_schema_names_tables_columns_and_keys(source: Source):
    schema = source.schema()
    assert {table.name.name: tuple(c.name for c in table.columns) for table in schema.tables} == COLUMNS
    tables = {table.name.name: table for table in schema.tables}
    assert tables["customer"].primary_key == ("id",)
    assert tables["customer"].column("name").length == 60
    (key,) = tables["purchase"].foreign_keys
    assert (key.columns, key.references, key.referenced) == (("customer_id",), tables["customer"].name, ("id",))


def test_every_value_is_read_and_reading_can_be_repeated(source: Source):
    assert comparable(contents(source)) == comparable(ROWS)
    assert contents(source) == contents(source)
    assert list(map(_shown, source.sample(20))) == list(map(_shown, source.sample(20)))


def _shown(rows: Rows) -> tuple[TableName, dict[str, list[str | None]]]:
    return rows.table, rows.batch.to_pydict()


def test_only_the_wanted_columns_are_read_in_the_wanted_order(source: Source):
    (customer,) = (name for name in everything(source) if name.name == "customer")
    found = [part for part in source.parts({customer: ["note", "name"]}) if isinstance(part, Rows)]
    assert {part.table for part in found} == {customer}
    assert {tuple(part.batch.schema.names) for part in found} == {("note", "name")}
    assert [note for part in found for note in part.batch["note"].to_pylist()] == [row[4] for row in ROWS["customer"]]


def test_a_compressed_source_is_read_like_any_other(path: Path, store: ModuleType, workspace: Workspace):
    if path.is_dir():
        pytest.skip("not applicable: a folder is not compressed as a whole")
    packed = path.with_name("packed.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    opened = stores.open_input(str(packed), workspace)
    assert stores.recognise(opened) is store
    assert comparable(contents(store.open_source(opened))) == comparable(ROWS)


def test_a_pipe_is_read_like_any_other_source(path: Path, store: ModuleType, workspace: Workspace):
    if path.is_dir():
        pytest.skip("not applicable: a folder does not come through a pipe")
    opened = spool_pipe(io.BytesIO(path.read_bytes()), workspace)
    assert stores.recognise(opened) is store
    assert comparable(contents(store.open_source(opened))) == comparable(ROWS)


def test_a_sample_covers_a_table_from_its_beginning_to_its_end(source: Source):
    rows: dict[str, list[int]] = {}
    for part in source.sample(40):
        assert part.frame is None
        assert tuple(part.batch.schema.names) == COLUMNS[part.table.name]
        rows.setdefault(part.table.name, []).extend(map(int, part.batch["id"].to_pylist()))
    assert sorted(rows) == ["customer", "purchase"]
    seen = rows["customer"]
    assert 20 <= len(seen) <= 40
    assert len(set(seen)) == len(seen)
    assert min(seen) <= 15
    assert max(seen) >= 286
    assert any(100 < number < 200 for number in seen)
    assert rows["purchase"] == list(range(1, 41))


@pytest.mark.parametrize("all_columns", [False, True], ids=["copied", "decoded"])
def test_unchanged_parts_give_the_source_back(
    all_columns: bool, name: str, path: Path, store: ModuleType, source: Source, workspace: Workspace
):
    target = workspace.path / path.name
    result = written(store, source, target, columns=None if all_columns else {})
    assert contents(result) == contents(source)
    assert result.schema() == source.schema()
    if name in BYTE_EXACT:
        assert files(target) == files(path)


def upper_case_mail(rows: Rows) -> Rows:
    if rows.table.name != "customer":
        return rows
    place = rows.batch.schema.get_field_index("email")
    return Rows(rows.table, rows.batch.set_column(place, "email", pc.utf8_upper(rows.batch["email"])), rows.frame)


def test_a_changed_value_is_the_only_difference(path: Path, store: ModuleType, source: Source, workspace: Workspace):
    result = written(store, source, workspace.path / path.name, upper_case_mail)
    before = contents(source)
    changed = [(*row[:2], str(row[2]).upper(), *row[3:]) for row in before["customer"]]
    assert contents(result) == {**before, "customer": changed}
    assert result.schema() == source.schema()


def test_odd_characters_and_nulls_may_take_each_others_places(
    path: Path, store: ModuleType, source: Source, workspace: Workspace
):
    def turned(rows: Rows) -> Rows:
        if rows.table.name != "customer":
            return rows
        notes = rows.batch["note"].take(pa.array(range(rows.batch.num_rows - 1, -1, -1)))
        return Rows(rows.table, rows.batch.set_column(4, "note", notes), rows.frame)

    expected: list[str | None] = []
    for part in source.parts(everything(source)):
        if isinstance(part, Rows) and part.table.name == "customer":
            expected += reversed(part.batch["note"].to_pylist())
    result = written(store, source, workspace.path / path.name, turned)
    assert [row[4] for row in contents(result)["customer"]] == expected


def test_an_emptied_table_has_no_rows_and_the_others_all_of_theirs(
    path: Path, store: ModuleType, source: Source, workspace: Workspace
):
    def emptied(rows: Rows) -> Rows:
        return Rows(rows.table, rows.batch.slice(0, 0), rows.frame) if rows.table.name == "purchase" else rows

    result = written(store, source, workspace.path / path.name, emptied)
    assert contents(result) == {**contents(source), "purchase": []}


def test_the_source_and_its_folder_are_not_touched(path: Path, store: ModuleType, source: Source, workspace: Workspace):
    def state() -> dict[str, tuple[int, bytes]]:
        everywhere = [file for file in path.parent.rglob("*") if file.is_file()]
        return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in everywhere}

    before = state()
    list(source.sample(10))
    written(store, source, workspace.path / path.name, upper_case_mail)
    assert state() == before


def test_nothing_is_written_but_the_target_and_that_is_private(
    path: Path, store: ModuleType, source: Source, workspace: Workspace
):
    before = set(workspace.path.iterdir())
    target = workspace.path / path.name
    written(store, source, target)
    assert set(workspace.path.iterdir()) - before == {target}
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o077 == 0


def test_an_existing_target_is_not_overwritten(path: Path, store: ModuleType, source: Source, workspace: Workspace):
    target = workspace.path / "taken"
    target.write_text("precious")
    with pytest.raises(TargetError, match="taken"):
        store.open_sink(source, target)
    assert target.read_text() == "precious"


def test_a_result_that_was_not_closed_cannot_be_used(
    path: Path, store: ModuleType, source: Source, workspace: Workspace
):
    target = workspace.path / path.name
    sink = store.open_sink(source, target)
    parts = list(source.parts(everything(source)))
    for part in parts[: len(parts) // 2]:
        sink.write(part)
    sink.abort()
    sink.abort()
    with pytest.raises(SourceError):
        contents(_reopened(store, target, workspace))


def _reopened(store: ModuleType, path: Path, workspace: Workspace) -> Source:
    opened = stores.open_input(str(path), workspace)
    stores.recognise(opened)
    return store.open_source(opened)  # type: ignore[no-any-return]


def test_a_source_cut_off_in_its_rows_is_refused(path: Path, store: ModuleType, workspace: Workspace):
    largest = max([path, *path.rglob("*")], key=lambda file: file.stat().st_size if file.is_file() else 0)
    whole = largest.read_bytes()
    for share in (0.5, 0.6, 0.7):
        largest.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(SourceError) as refused:
            contents(_reopened(store, path, workspace))
        assert "firm-test" not in str(refused.value)


def test_a_damaged_source_never_ends_in_another_kind_of_error(path: Path, store: ModuleType, workspace: Workspace):
    for file in [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file()):
        whole = file.read_bytes()
        for cut in {0, 1, 5, 17, 100, *range(0, len(whole), len(whole) // 23 + 1), len(whole) - 1}:
            for damaged in (whole[:cut], whole[:cut] + bytes(range(7)) + whole[cut + 7 :]):
                file.write_bytes(damaged)
                with suppress(SourceError):
                    contents(_reopened(store, path, workspace))
        file.write_bytes(whole)


def test_what_no_store_knows_is_refused_and_the_known_kinds_are_named(store: ModuleType, workspace: Workspace):
    unknown = workspace.path / "letter.txt"
    unknown.write_text("Dear all,\nthis is a letter.\n")
    with pytest.raises(SourceError, match=r"letter\.txt") as refused:
        stores.recognise(stores.open_input(str(unknown), workspace))
    assert store.NAME in str(refused.value)


def test_a_copied_part_holds_bytes_or_a_place(source: Source):
    for part in source.parts({}):
        assert isinstance(part, Verbatim)
        assert memoryview(part.data).nbytes or part.place is not None
