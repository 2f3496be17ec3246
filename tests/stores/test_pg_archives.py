"""PostgreSQL archives: custom, directory and tar, in every compression, as the real pg_dump and pg_restore see them."""

from __future__ import annotations

import gzip
import io
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.contracts import Rows, Source
from anonymizer.errors import SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores import pg_custom, pg_directory, pg_tar
from anonymizer.stores._input import FileInput, FolderInput
from anonymizer.stores._pg import rows as _pg_rows
from anonymizer.stores._pg import toc as _pg_toc
from anonymizer.stores._pg.codec import compressing, decompressed
from anonymizer.stores._pg.toc import Algorithm, DataState, Entry, Format, Header, Toc
from tests.fix_postgres import Database, programs

_SHOP = r"""
CREATE SCHEMA crm;
CREATE TYPE crm.mood AS ENUM ('glad', 'sad');
CREATE TABLE crm.customer (
    id serial PRIMARY KEY, name text NOT NULL, email varchar(80) UNIQUE, mood crm.mood, photo bytea, tags text[],
    twice int GENERATED ALWAYS AS (id * 2) STORED, note text);
INSERT INTO crm.customer (name, email, mood, photo, tags, note)
    SELECT 'Customer ' || i, 'c' || i || '@example.com', (ARRAY['glad', 'sad'])[i % 2 + 1]::crm.mood,
           decode(md5(i::text), 'hex'), ARRAY['a', NULL, 'x y'],
           (ARRAY[NULL, E'tab\there\nline\\back', 'é ü \.', ''])[i % 4 + 1]
    FROM generate_series(1, 600) i;
CREATE TABLE crm.empty (id int PRIMARY KEY, name text);
CREATE TABLE crm."Odd ""name.x" ("First, name" text, "b)" int);
INSERT INTO crm."Odd ""name.x" VALUES ('Anna', 1), ('Bob''s', 2), (NULL, 3);
CREATE TABLE orders (id int, customer_id int REFERENCES crm.customer (id), day date) PARTITION BY RANGE (day);
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO orders SELECT i, i % 600 + 1, date '2024-01-01' + i % 700 FROM generate_series(1, 900) i;
CREATE MATERIALIZED VIEW crm.summary AS SELECT count(*) FROM orders;
CREATE VIEW crm.names AS SELECT id, name FROM crm.customer;
CREATE FUNCTION crm.one() RETURNS int LANGUAGE sql AS $$ SELECT 1; -- INSERT INTO crm.empty VALUES (1, 'x');
$$;
COMMENT ON TABLE crm.customer IS 'people; really';
SELECT setval('crm.customer_id_seq', 1000);
"""
_CUSTOMER = TableName("crm", "customer")
_TABLES = ["crm.customer", "crm.empty", 'crm."Odd ""name.x"', "public.orders_2024", "public.orders_2025"]

_STORES = {"custom": pg_custom, "directory": pg_directory, "tar": pg_tar}
_WAYS: dict[str, tuple[str, ...]] = {
    **{f"custom {method}": ("-Fc", "-Z", method) for method in ("none", "gzip", "lz4", "zstd")},
    **{f"directory {method}": ("-Fd", "-Z", method) for method in ("none", "gzip", "lz4", "zstd")},
    "tar": ("-Ft",),
    "custom with inserts": ("-Fc", "--inserts"),
    "directory with column inserts": ("-Fd", "--column-inserts", "--rows-per-insert=7"),
    "tar with inserts": ("-Ft", "--inserts", "-Z", "none"),
    "custom through the partition root": ("-Fc", "--load-via-partition-root"),
    "custom in latin 1": ("-Fc", "--encoding=LATIN1"),
    "custom in no encoding": ("-Fc", "--encoding=SQL_ASCII"),
}


@dataclass(frozen=True)
class Shop:
    """A database and its archives, each in its own way."""

    database: Database
    archives: Mapping[str, Path]


@pytest.fixture(scope="session")
def shop(postgres: Database, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop, dumped in every way."""
    folder = tmp_path_factory.mktemp("archives")
    postgres.tool("psql", "-X", "-q", "-c", "CREATE DATABASE archive_shop TEMPLATE template0")
    database = postgres.sibling("archive_shop")
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", stdin=_SHOP.encode())
    archives = {way: database.dump(folder / way.replace(" ", "_"), *options) for way, options in _WAYS.items()}
    with (folder / "redirected").open("wb") as file:
        subprocess.run(database.command("pg_dump", "-Fc"), stdout=file, check=True)
    (folder / "piped").write_bytes(database.tool("pg_dump", "-Fc"))
    archives |= {"custom redirected": folder / "redirected", "custom piped": folder / "piped"}
    return Shop(database, archives)


_ALL_WAYS = [*_WAYS, "custom redirected", "custom piped"]
every_way = pytest.mark.parametrize("way", _ALL_WAYS)


def _opened(path: Path) -> Source:
    source = FolderInput(path) if path.is_dir() else FileInput(path)
    fitting = [store for store in _STORES.values() if store.recognises(source)]
    assert len(fitting) == 1
    return fitting[0].open_source(source)


def _all_columns(source: Source) -> dict[TableName, list[str]]:
    return {table.name: [c.name for c in table.columns if not c.generated] for table in source.schema().tables}


def _copied(
    source: Source, target: Path, columns: Mapping[TableName, list[str]], change: Any = lambda table, batch: batch
) -> Path:
    store = next(store for store in _STORES.values() if source.kind == store.NAME)
    sink = store.open_sink(source, target)
    for part in source.parts(columns):
        sink.write(Rows(part.table, change(part.table, part.batch), part.frame) if isinstance(part, Rows) else part)
    sink.close()
    return target


def _content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()} if path.is_dir() else {"": path.read_bytes()}


def _values(source: Source) -> dict[TableName, list[dict[str, Any]]]:
    rows: dict[TableName, list[dict[str, Any]]] = {}
    for part in source.parts(_all_columns(source)):
        if isinstance(part, Rows):
            rows.setdefault(part.table, []).extend(part.batch.to_pylist())
    return rows


def _restore_to_script(archive: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([programs() / "pg_restore", "-f", "-", archive], capture_output=True, check=False)


def _script(archive: Path) -> bytes:
    """The archive as SQL, without the random word that new versions put into it."""
    done = _restore_to_script(archive)
    assert done.returncode == 0, done.stderr
    return b"\n".join(
        line for line in done.stdout.split(b"\n") if not line.startswith((b"\\restrict", b"\\unrestrict"))
    )


def _rows_in(database: Database) -> dict[str, bytes]:
    return {table: database.tool("psql", "-X", "-q", "-c", f"COPY {table} TO STDOUT") for table in _TABLES}


# --- nothing changes --------------------------------------------------------------------------------------------


@every_way
def test_an_archive_of_which_nothing_is_wanted_is_copied_byte_for_byte(shop: Shop, way: str, tmp_path: Path):
    source = _opened(shop.archives[way])
    assert _content(_copied(source, tmp_path / "copy", {})) == _content(shop.archives[way])


@every_way
@pytest.mark.parametrize("block", [64, 4 << 20])
def test_rows_that_come_back_unchanged_give_the_same_archive_once_it_is_decompressed(
    shop: Shop, way: str, tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_pg_rows, "BLOCK", block)
    source = _opened(shop.archives[way])
    copy = _copied(source, tmp_path / "copy", _all_columns(source))
    assert _script(copy) == _script(shop.archives[way])
    if "none" in way or way == "tar":
        assert _opened(copy).schema() == source.schema()
        assert _values(_opened(copy)) == _values(source)
    if way in ("directory none", "tar", "tar with inserts"):
        assert _content(copy) == _content(shop.archives[way])


@every_way
def test_the_copy_lists_and_restores_as_its_source_does(shop: Shop, way: str, tmp_path: Path, database: Database):
    source = _opened(shop.archives[way])
    copy = _copied(source, tmp_path / "copy", _all_columns(source))
    listed = [database.tool("pg_restore", "-l", archive) for archive in (shop.archives[way], copy)]
    assert listed[0] == listed[1]
    database.restore_archive(copy)
    assert _rows_in(database) == _rows_in(shop.database)
    assert database.query("SELECT last_value FROM crm.customer_id_seq") == [["1000"]]


@pytest.mark.parametrize("way", ["custom gzip", "custom none", "directory zstd", "custom redirected"])
def test_several_jobs_restore_the_copy_at_once(shop: Shop, way: str, tmp_path: Path, database: Database):
    source = _opened(shop.archives[way])
    copy = _copied(source, tmp_path / "copy", _all_columns(source))
    database.tool("pg_restore", "--no-owner", "--exit-on-error", "-j", "2", copy)
    assert _rows_in(database) == _rows_in(shop.database)


@every_way
def test_every_way_of_dumping_reads_as_the_same_rows(shop: Shop, way: str):
    assert _values(_opened(shop.archives[way])) == _values(_opened(shop.archives["custom none"]))


@pytest.mark.parametrize("method", ["gzip", "lz4", "zstd"])
def test_the_copy_keeps_the_compression(shop: Shop, tmp_path: Path, method: str):
    custom, directory = shop.archives[f"custom {method}"], shop.archives[f"directory {method}"]
    copy = _copied(_opened(custom), tmp_path / "custom", _all_columns(_opened(custom)))
    assert copy.stat().st_size < 1.5 * custom.stat().st_size
    copy = _copied(_opened(directory), tmp_path / "directory", _all_columns(_opened(directory)))
    assert {file.name for file in copy.iterdir()} == {file.name for file in directory.iterdir()}


# --- something changes ------------------------------------------------------------------------------------------


@every_way
def test_a_changed_column_is_all_that_differs_after_restoring(shop: Shop, way: str, tmp_path: Path, database: Database):
    def change(table: TableName, batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([pc.utf8_upper(batch["name"])], names=["name"])

    copy = _copied(_opened(shop.archives[way]), tmp_path / "copy", {_CUSTOMER: ["name"]}, change)
    database.restore_archive(copy)
    after, before = _rows_in(database), _rows_in(shop.database)
    expected = before["crm.customer"].replace(b"\tCustomer ", b"\tCUSTOMER ")
    assert after == {**before, "crm.customer": expected}


@pytest.mark.parametrize("way", ["custom gzip", "directory none", "tar", "custom with inserts", "custom redirected"])
def test_longer_values_with_odd_characters_arrive(shop: Shop, way: str, tmp_path: Path, database: Database):
    odd = "O'Brien\t\\.\n\\N ; é" * 20

    def change(table: TableName, batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([pa.array([odd] * batch.num_rows)], names=["note"])

    copy = _copied(_opened(shop.archives[way]), tmp_path / "copy", {_CUSTOMER: ["note"]}, change)
    database.restore_archive(copy)
    answer = database.tool("psql", "-X", "-A", "-t", "-c", "SELECT DISTINCT note FROM crm.customer")
    assert answer.decode() == odd + "\n"


@every_way
def test_an_emptied_table_restores_without_rows_and_the_others_in_full(
    shop: Shop, way: str, tmp_path: Path, database: Database
):
    source = _opened(shop.archives[way])
    table = TableName("public", "orders_2024")
    columns = {table: ["id", "customer_id", "day"]}
    copy = _copied(source, tmp_path / "copy", columns, lambda table, batch: batch.slice(0, 0))
    database.restore_archive(copy)
    assert _rows_in(database) == {**_rows_in(shop.database), "public.orders_2024": b""}


@pytest.mark.parametrize("way", ["custom gzip", "tar"])
def test_a_target_whose_name_asks_for_it_is_compressed_as_a_whole(shop: Shop, way: str, tmp_path: Path):
    source = _opened(shop.archives[way])
    copy = _copied(source, tmp_path / "copy.gz", _all_columns(source))
    assert _values(_opened(copy)) == _values(source)
    plain = tmp_path / "plain"
    plain.write_bytes(gzip.decompress(copy.read_bytes()))
    assert _script(plain) == _script(shop.archives[way])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.gz", "plain"]


@pytest.mark.parametrize("way", ["custom gzip", "directory lz4", "tar"])
def test_nobody_else_may_read_the_copy(shop: Shop, way: str, tmp_path: Path):
    copy = _copied(_opened(shop.archives[way]), tmp_path / "copy", {_CUSTOMER: ["name"]})
    files = [*copy.iterdir()] if copy.is_dir() else [copy]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(copy.stat().st_mode) == (0o700 if copy.is_dir() else 0o600)


@pytest.mark.parametrize("way", ["custom lz4", "directory lz4", "directory zstd", "tar", "custom gzip"])
def test_an_archive_that_was_given_up_halfway_cannot_be_restored(shop: Shop, way: str, tmp_path: Path):
    source = _opened(shop.archives[way])
    store = next(store for store in _STORES.values() if source.kind == store.NAME)
    sink = store.open_sink(source, tmp_path / "copy")
    with closing(source.parts({_CUSTOMER: ["name"]})) as parts:
        for part in parts:
            sink.write(part)
            if isinstance(part, Rows):
                break
    sink.abort()
    assert _restore_to_script(tmp_path / "copy").returncode != 0


# --- looking ----------------------------------------------------------------------------------------------------


@every_way
def test_a_sample_is_spread_over_the_whole_table(shop: Shop, way: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_pg_rows, "BLOCK", 2000)
    found = {rows.table: rows.batch for rows in _opened(shop.archives[way]).sample(20)}
    assert TableName("crm", "empty") not in found
    assert found[TableName("crm", 'Odd "name.x')].num_rows == 3
    numbers = [int(value) for value in found[_CUSTOMER]["id"].to_pylist()]
    assert len(numbers) == 20
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    assert numbers[-1] > 560
    assert max(later - earlier for earlier, later in pairwise(numbers)) < 100


@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    rows=st.integers(1, 25),
)
def test_a_sample_has_as_many_rows_as_were_asked_for_if_there_are_so_many(sizes: list[int], rows: int):
    numbers = iter(range(sum(sizes)))
    batches = [
        pa.RecordBatch.from_arrays([pa.array([next(numbers) for _ in range(s)], pa.int64())], ["n"]) for s in sizes
    ]
    kept = _pg_rows.spread(batches, rows)
    chosen = [] if kept is None else kept["n"].to_pylist()
    assert len(chosen) == min(rows, sum(sizes))
    assert chosen == sorted(set(chosen))


def test_schema_knows_keys_types_and_partitions(shop: Shop):
    schema = _opened(shop.archives["custom gzip"]).schema()
    customer = schema.table(_CUSTOMER)
    assert [column.name for column in customer.columns if column.generated] == ["twice"]
    assert customer.primary_key == ("id",)
    assert customer.unique == (("email",),)
    assert customer.column("mood").labels == ("glad", "sad")
    assert schema.table(TableName("public", "orders_2024")).partition_of == TableName("public", "orders")


def test_a_custom_archive_may_be_called_tar_and_a_plain_folder_is_no_archive(shop: Shop, tmp_path: Path):
    shutil.copy(shop.archives["custom gzip"], tmp_path / "shop.tar")
    assert _opened(tmp_path / "shop.tar").kind == "PostgreSQL custom archive"
    folder = FolderInput(tmp_path)
    assert not any(store.recognises(folder) for store in _STORES.values())


# --- what must be refused ---------------------------------------------------------------------------------------


def _read_all(path: Path) -> None:
    source = _opened(path)
    source.schema()
    for _ in source.sample(5):
        pass
    for _ in source.parts({}):
        pass
    for _ in source.parts(_all_columns(source)):
        pass


def _cuts(size: int) -> Iterator[int]:
    yield from (0, 1, 4, 11, 12, 60, 511, 512, 600, 2000, size // 3, size // 2, size - 600, size - 30)
    yield from (size - 6, size - 5, size - 1)


@pytest.mark.parametrize("way", [way for way in _ALL_WAYS if not way.startswith(("directory", "tar"))])
def test_a_truncated_custom_archive_is_refused_wherever_it_ends(shop: Shop, way: str, tmp_path: Path):
    whole = shop.archives[way].read_bytes()
    for cut in _cuts(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:cut])
        for columns in ({}, {_CUSTOMER: ["name"]}):
            with pytest.raises(SourceError):
                for _ in pg_custom.open_source(FileInput(tmp_path / "cut")).parts(columns):
                    pass


@pytest.mark.parametrize("way", ["tar", "tar with inserts"])
def test_a_truncated_tar_archive_is_refused_wherever_it_ends(shop: Shop, way: str, tmp_path: Path):
    whole = shop.archives[way].read_bytes()
    for cut in (*_cuts(len(whole) - 1024), len(whole) - 1024):
        (tmp_path / "cut").write_bytes(whole[:cut])
        for columns in ({}, {_CUSTOMER: ["name"]}):
            with pytest.raises(SourceError):
                for _ in pg_tar.open_source(FileInput(tmp_path / "cut")).parts(columns):
                    pass


@pytest.mark.parametrize("way", [way for way in _WAYS if way.startswith("directory")])
def test_a_directory_with_a_truncated_or_missing_file_is_refused(shop: Shop, way: str, tmp_path: Path):
    for name in sorted(file.name for file in shop.archives[way].iterdir()):
        copy = tmp_path / name
        shutil.copytree(shop.archives[way], copy)
        whole = (copy / name).read_bytes()
        if not whole.strip(b"\n"):  # INSERT statements of an empty table
            continue
        for cut in (len(whole) // 2, len(whole) - (5 if whole.endswith(b"\n\n\n") else 1)):
            (copy / name).write_bytes(whole[:cut])
            with pytest.raises(SourceError):
                for _ in pg_directory.open_source(FolderInput(copy)).parts({}):
                    pass
        (copy / name).unlink()
        with pytest.raises(SourceError):
            for _ in pg_directory.open_source(FolderInput(copy)).parts({}):
                pass


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_refused_or_harmless_but_never_a_crash(
    shop: Shop, tmp_path_factory: Any, data: st.DataObject
):
    way = data.draw(st.sampled_from(["custom gzip", "custom none", "custom lz4", "custom zstd", "tar"]))
    damaged = bytearray(shop.archives[way].read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=3)):
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "archive"
    path.write_bytes(damaged)
    store = pg_tar if way == "tar" else pg_custom
    with suppress(SourceError):  # anything else is a crash
        source = store.open_source(FileInput(path))
        for columns in ({}, {_CUSTOMER: ["name", "note"]}):
            for _ in source.parts(columns):
                pass
        source.schema()


def _with_entries(archive: Path, target: Path, **changes: Any) -> Path:
    """The archive with one more entry of the given kind and without data."""
    whole = archive.read_bytes()
    toc = _pg_toc.read(io.BytesIO(whole))
    entry = replace(toc.entries[0], dump_id=99999, **changes)
    target.write_bytes(_pg_toc.write(replace(toc, entries=(*toc.entries, entry))) + whole[toc.size :])
    return target


@pytest.mark.parametrize(
    ("desc", "advice"),
    [
        (b"BLOB", "--no-blobs"),
        (b"BLOBS", "--no-blobs"),
        (b"BLOB METADATA", "--no-blobs"),
        (b"STATISTICS DATA", "--no-statistics"),
        (b"CRYSTAL BALL", "CRYSTAL BALL"),
        (None, "not understood"),
    ],
)
def test_an_entry_that_could_carry_values_and_is_not_understood_stops_the_run(
    shop: Shop, tmp_path: Path, desc: bytes | None, advice: str
):
    path = _with_entries(shop.archives["custom none"], tmp_path / "odd", desc=desc)
    with pytest.raises(SourceError, match=advice):
        _opened(path)


def test_a_known_kind_of_entry_that_claims_to_have_data_stops_the_run(shop: Shop, tmp_path: Path):
    path = _with_entries(
        shop.archives["custom none"], tmp_path / "odd", desc=b"VIEW", had_dumper=1, state=DataState.SET
    )
    with pytest.raises(SourceError, match="VIEW"):
        _opened(path)


def test_real_large_objects_stop_the_run(database: Database, tmp_path: Path):
    database.query("SELECT lo_from_bytea(0, 'abc')")
    with pytest.raises(SourceError, match="--no-blobs"):
        _opened(database.dump(tmp_path / "blobs", "-Fc"))


def test_data_without_definitions_stops_the_run(shop: Shop, tmp_path: Path):
    source = _opened(shop.database.dump(tmp_path / "data", "-Fc", "--data-only"))
    with pytest.raises(SourceError, match="not its definition"):
        source.schema()


def test_a_schema_without_data_is_an_archive_like_any_other(shop: Shop, tmp_path: Path):
    path = shop.database.dump(tmp_path / "schema", "-Fc", "--schema-only")
    source = _opened(path)
    assert source.schema() == _opened(shop.archives["custom none"]).schema()
    assert not list(source.sample(10))
    assert _copied(source, tmp_path / "copy", _all_columns(source)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["notes.txt", "9999.dat.gz", "toc.dat.old"])
def test_a_file_that_the_table_of_contents_does_not_name_stops_the_run(shop: Shop, tmp_path: Path, name: str):
    copy = tmp_path / "copy"
    shutil.copytree(shop.archives["directory gzip"], copy)
    (copy / name).write_bytes(b"anything")
    with pytest.raises(SourceError, match=name):
        list(_opened(copy).parts({}))


def test_a_table_of_contents_cannot_point_out_of_its_folder(shop: Shop, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(shop.archives["directory none"], copy)
    toc = _pg_toc.read(io.BytesIO((copy / "toc.dat").read_bytes()))
    entries = tuple(replace(e, file=b"../outside.dat") if e.file else e for e in toc.entries)
    (copy / "toc.dat").write_bytes(_pg_toc.write(replace(toc, entries=entries)))
    (tmp_path / "outside.dat").write_bytes(b"\\.\n\n\n")
    with pytest.raises(SourceError, match="missing"):
        list(_opened(copy).parts({}))


def test_a_tar_archive_that_holds_more_than_pg_dump_wrote_is_refused(shop: Shop, tmp_path: Path):
    path = tmp_path / "more.tar"
    shutil.copy(shop.archives["tar"], path)
    with tarfile.open(path, "a") as tar:
        tar.addfile(tarfile.TarInfo("more.txt"))
    with pytest.raises(SourceError, match="packed anew"):
        list(_opened(path).parts({}))


def test_rows_in_the_script_of_a_tar_archive_are_refused(shop: Shop, tmp_path: Path):
    original = shop.archives["tar"].read_bytes()
    path = tmp_path / "rows.tar"
    with tarfile.open(fileobj=io.BytesIO(original)) as old, tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as new:
        for member in old:
            content = old.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "restore.sql":
                content += b"INSERT INTO crm.empty VALUES (1, 'somebody');\n"
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    with pytest.raises(SourceError, match=r"restore\.sql holds rows"):
        list(_opened(path).parts({}))


# --- the table of contents --------------------------------------------------------------------------------------


@given(value=st.integers(-(2**31) + 1, 2**31 - 1), size=st.integers(4, 8))
def test_a_number_comes_back(value: int, size: int):
    codec = _pg_toc.IntCodec(size)
    assert codec.value(codec.number(value)) == value
    assert len(codec.number(value)) == codec.size


_text = st.none() | st.binary(max_size=20)
_number = st.integers(-(2**31) + 1, 2**31 - 1)


@st.composite
def _tocs(draw: st.DrawFn) -> Toc:
    minor = draw(st.integers(12, 16))
    kind = draw(st.sampled_from([Format.CUSTOM, Format.TAR]))
    header = Header(
        (1, minor, draw(st.integers(0, 255))),
        draw(st.integers(4, 8)),
        8,
        kind,
        draw(st.sampled_from(list(Algorithm))) if minor >= 15 else draw(st.integers(-1, 9)),
        tuple(draw(st.lists(_number, min_size=7, max_size=7))),
        *(draw(_text) for _ in range(3)),
    )
    entry = st.builds(
        Entry,
        _number,
        st.integers(0, 1),
        *[_text] * 4,
        st.integers(1, 4),
        *[_text] * 5,
        table_access_method=_text if minor >= 14 else st.none(),
        relation_kind=_number if minor >= 16 else st.just(0),
        owner=_text,
        with_oids=_text,
        dependencies=st.lists(st.binary(max_size=5), max_size=3).map(tuple),
        state=st.sampled_from(list(DataState)) if kind == Format.CUSTOM else st.just(DataState.NO_DATA),
        position=st.integers(0, 2**63) if kind == Format.CUSTOM else st.just(0),
        file=st.none() if kind == Format.CUSTOM else _text,
    )
    toc = Toc(header, tuple(draw(st.lists(entry, max_size=4))), 0)
    return replace(toc, size=len(_pg_toc.write(toc)))


@given(toc=_tocs(), tail=st.binary(max_size=10))
def test_a_table_of_contents_of_any_version_comes_back_and_ends_where_it_should(toc: Toc, tail: bytes):
    stream = io.BytesIO(_pg_toc.write(toc) + tail)
    assert _pg_toc.read(stream) == toc
    assert stream.read() == tail


@given(toc=_tocs(), data=st.data())
def test_a_truncated_table_of_contents_is_refused(toc: Toc, data: st.DataObject):
    whole = _pg_toc.write(toc)
    with pytest.raises(SourceError):
        _pg_toc.read(io.BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))]))


def test_an_archive_of_an_unknown_version_is_refused():
    with pytest.raises(SourceError, match=r"version 1\.17"):
        _pg_toc.read(io.BytesIO(b"PGDMP\x01\x11\x00\x04\x08\x01" + bytes(100)))


def test_an_archive_of_postgresql_9_whose_names_lack_their_schema_is_understood(tmp_path: Path):
    header = Header((1, 12, 0), 4, 8, Format.CUSTOM, 0, (0,) * 7, b"old", b"9.6", b"9.6")
    entry = Entry(1, 0, b"0", b"0", b"", b"ENCODING", 2, b"", b"", None, None, None, None, 0, b"", b"false", ())
    table = replace(entry, dump_id=2, desc=b"TABLE", tag=b"Person", namespace=b"crm")
    table = replace(table, defn=b'CREATE TABLE "Person" (\n    id integer NOT NULL,\n    name text\n);\n\n\n')
    data = replace(table, dump_id=3, desc=b"TABLE DATA", defn=b"", had_dumper=1, state=DataState.SET)
    data = replace(data, copy_stmt=b'COPY "Person" (id, name) FROM stdin;\n')
    entries = (replace(entry, defn=b"SET client_encoding = 'LATIN1';\n"), table, data)
    toc = Toc(header, entries, 0)
    toc = replace(toc, entries=(*entries[:2], replace(data, position=len(_pg_toc.write(toc)))))
    number = _pg_toc.IntCodec(4).number
    text = "1\tZoé\n2\t\\N\n\\.\n\n\n".encode("latin-1")
    path = tmp_path / "old.dump"
    path.write_bytes(_pg_toc.write(toc) + b"\x01" + number(3) + number(len(text)) + text + number(0))
    person = TableName("crm", "Person")
    assert [table.name for table in _opened(path).schema().tables] == [person]
    assert _values(_opened(path)) == {person: [{"id": "1", "name": "Zoé"}, {"id": "2", "name": None}]}
    assert _copied(_opened(path), tmp_path / "copy", {}).read_bytes() == path.read_bytes()


# --- compression and lines --------------------------------------------------------------------------------------


class _Kept(io.BytesIO):
    """Keeps its content when it is closed."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


@given(
    algorithm=st.sampled_from(list(Algorithm)),
    file=st.booleans(),
    pieces=st.lists(st.binary(min_size=1, max_size=300), max_size=10),
    step=st.integers(1, 50),
)
def test_compressed_data_comes_back_in_whatever_pieces_it_is_read(
    algorithm: Algorithm, file: bool, pieces: list[bytes], step: int
):
    kept = _Kept()
    writer = compressing(kept, algorithm, file)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    stored = [kept.content[at : at + step] for at in range(0, len(kept.content), step)]
    assert b"".join(decompressed(stored, algorithm, "x")) == b"".join(pieces)


@given(
    rows=st.lists(st.binary(max_size=30).map(lambda row: row.replace(b"\n", b"").replace(b"\\", b"")), max_size=20),
    step=st.integers(1, 40),
    block=st.integers(1, 100),
)
def test_rows_end_at_the_end_mark_wherever_the_text_is_cut(rows: list[bytes], step: int, block: int):
    lines = b"".join(row + b"\n" for row in rows)
    whole = lines + b"\\.\n\n\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pg_rows, "BLOCK", block)
        text = _pg_rows.CopyText([whole[at : at + step] for at in range(0, len(whole), step)], "t")
        blocks = list(text)
    assert b"".join(blocks) == lines
    assert all(part.endswith(b"\n") for part in blocks)
    assert text.tail == b"\\.\n\n\n"


@pytest.mark.parametrize("text", [b"", b"1\ta\n", b"1\ta", b"1\ta\n\\.", b"1\ta\n\\.\n2\tb\n"])
def test_copy_text_without_its_end_or_with_more_behind_it_is_refused(text: bytes):
    with pytest.raises(SourceError):
        list(_pg_rows.CopyText([text], "t"))


# --- archives of other people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["northwind/northwind_pgcustom.backup", "pagila/dvdrental_v1.16.dump"])
def test_a_real_archive_comes_back_unchanged_and_restores(samples: Path, name: str, tmp_path: Path, database: Database):
    path = samples / name
    source = _opened(path)
    assert _copied(source, tmp_path / "same", {}).read_bytes() == path.read_bytes()
    copy = _copied(source, tmp_path / "copy", _all_columns(source))
    assert _values(_opened(copy)) == _values(source)
    assert _script(copy) == _script(path)
