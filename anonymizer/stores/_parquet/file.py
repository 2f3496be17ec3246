"""One Parquet file: opened, read row group by row group, written again as it was.

What is written keeps the Arrow schema with all its metadata, the file's own key-value metadata, row groups, and of each
column compression, dictionary encoding and whether it has statistics. Statistics hold values, so they are made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from anonymizer.errors import SourceError, TargetError

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 65_536
_VERSIONS = ("1.0", "2.4", "2.6")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Whatever Arrow says of damaged bytes becomes a SourceError that quotes nothing."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, MemoryError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{name} is damaged or no whole Parquet file; make or copy it again") from None


def opened(stream: BinaryIO, name: str) -> pq.ParquetFile:
    """Raises SourceError for a file that is damaged, encrypted or compressed as a whole."""
    if not stream.seekable():
        raise SourceError(f"{name} is compressed as a whole; unpack it, since Parquet files are read from their end")
    if stream.read(4) == ENCRYPTED:
        raise SourceError(f"{name} is encrypted; write it again without encryption")
    stream.seek(0)
    with reading(name):
        file = pq.ParquetFile(stream, page_checksum_verification=True)
        file.schema_arrow  # noqa: B018 - whether it can be had at all
    return file


def batches(file: pq.ParquetFile, group: int, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of one row group, all columns, with the file's Arrow schema."""
    about = file.metadata.row_group(group)
    width = max(about.total_byte_size // max(about.num_rows, 1), 1)
    rows = min(max(_BATCH_BYTES // width, 256), _BATCH_ROWS)
    with reading(name):
        left = about.num_rows
        for batch in file.iter_batches(rows, row_groups=[group]):
            left -= batch.num_rows
            yield batch
        if left:
            raise SourceError(f"{name} holds fewer rows than it says; make or copy it again")


class Writer:
    """Writes one file like another one. Raises TargetError."""

    def __init__(self, original: pq.ParquetFile, group: int, stream: Any, replaced: Collection[str], name: str) -> None:
        """`group`: one that was read; pyarrow ends the program where the metadata of a damaged one makes no sense."""
        self._name = name
        self._stream = stream
        self._pairs = original.metadata.metadata or {}
        schema = original.schema_arrow.remove_metadata()
        with self._writing():
            self._writer = pq.ParquetWriter(stream, schema, **_options(original, group, replaced))

    def write(self, batches: list[pa.RecordBatch]) -> None:
        """One row group."""
        with self._writing():
            table = pa.Table.from_batches(batches)
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))

    def close(self) -> None:
        """The file is whole."""
        with self._writing():
            if self._pairs:  # that of Arrow's own schema is one of them
                self._writer.add_key_value_metadata(self._pairs)
            self._writer.close()
        self._stream.close()

    def abandon(self) -> None:
        """Let go of the file, which is of no use; never raises."""
        with suppress(Exception):
            self._writer.close()
        self._writer.is_open = False  # or it would be closed once more when it is forgotten

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, ValueError, TypeError, NotImplementedError) as error:
            raise TargetError(
                f"{self._name} cannot be written as Parquet with the schema that it had ({type(error).__name__});"
                " keep its columns with a reason, or write it again with pyarrow first"
            ) from None


def _options(file: pq.ParquetFile, read: int, replaced: Collection[str]) -> dict[str, Any]:
    """How ParquetWriter makes a file like this one."""
    about = file.metadata
    leaves = [file.schema.column(place) for place in range(about.num_columns)]
    physical = {leaf.physical_type for leaf in leaves if pa.types.is_timestamp(_leaf_type(file, leaf))}
    options: dict[str, Any] = {
        "version": about.format_version if about.format_version in _VERSIONS else "2.6",
        "store_schema": False,
        "use_deprecated_int96_timestamps": physical == {"INT96"},
        "use_compliant_nested_type": not any(".list.item" in leaf.path for leaf in leaves),
        "store_decimal_as_integer": any(
            leaf.logical_type.type == "DECIMAL" and leaf.physical_type in ("INT32", "INT64") for leaf in leaves
        ),
    }
    group = about.row_group(read)
    columns = [group.column(place) for place in range(group.num_columns)]
    options |= {
        "compression": {c.path_in_schema: _codec(c.compression) for c in columns},
        "use_dictionary": [c.path_in_schema for c in columns if _has_dictionary(c)] or False,
        "write_statistics": [c.path_in_schema for c in columns if c.is_stats_set] or False,
        "write_page_index": any(c.has_column_index for c in columns),
        "sorting_columns": _sorting(group, columns, replaced),
    }
    return options


def _leaf_type(file: pq.ParquetFile, leaf: Any) -> pa.DataType:
    place = file.schema_arrow.get_field_index(leaf.path)
    return file.schema_arrow.field(place).type if place >= 0 else pa.null()


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name


def _has_dictionary(column: Any) -> bool:
    return bool({"PLAIN_DICTIONARY", "RLE_DICTIONARY"} & set(column.encodings))


def _sorting(group: Any, columns: list[Any], replaced: Collection[str]) -> list[Any] | None:
    """By what the rows are sorted, as far as those values stay."""
    kept = []
    for each in group.sorting_columns:
        if columns[each.column_index].path_in_schema.split(".")[0] in replaced:
            break
        kept.append(each)
    return kept or None
