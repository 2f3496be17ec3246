"""pandas DataFrames as Arrow tables, and back in their own types. pandas is imported when the first frame comes.

Levels of an index are columns too, but for a RangeIndex without a name. What is missing stays so in its own
way: None, NaN, NaT or NA. Kept columns are never converted: they come back as copies of the originals.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import ColumnName, TableName

if TYPE_CHECKING:
    import pandas as pd


def is_frame(value: object) -> bool:
    """Whether it is a DataFrame; does not import pandas for anything else."""
    return any(
        base.__name__ == "DataFrame" and base.__module__.partition(".")[0] == "pandas" for base in type(value).__mro__
    )


def to_arrow(frame: pd.DataFrame, name: TableName) -> pa.Table:
    """Raises SourceError for names that are no texts, and for columns whose values Arrow has no one type for."""
    fields, columns = [], []
    for label, values in _named(frame, name):
        where = ColumnName(name, label)
        try:
            column = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
            raise SourceError(
                f"{where} holds values of several types, or of one that Arrow does not know; make it one type first"
            ) from None
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        plain = isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub"
        fields.append(pa.field(label, column.type, nullable=not plain))
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def described(frame: pd.DataFrame) -> str:
    """Names and types, without any value."""
    labels = [f"{label} {values.dtype.name}" for label, values in _named(frame, TableName("", ""))]
    return "\n".join(labels)


def emptied(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame without rows, and without the categories and levels that they left behind."""
    import pandas as pd

    result = frame.iloc[:0].copy()
    result.attrs = {}
    for label in result.columns:
        if isinstance(result[label].dtype, pd.CategoricalDtype):
            result[label] = result[label].cat.remove_unused_categories()
    if isinstance(result.index, pd.MultiIndex):
        result.index = result.index.remove_unused_levels()
    elif isinstance(result.index, pd.CategoricalIndex):
        result.index = result.index.remove_unused_categories()
    return result


def back(frame: pd.DataFrame, name: TableName, new: pa.Table, replaced: Collection[str]) -> pd.DataFrame:
    """`frame` with the replaced columns of `new`, each in the type and with the index that it had.

    `attrs` are left out: nobody looked at them. Raises TargetError.
    """
    import pandas as pd

    result = frame.copy()
    result.attrs = {}
    old = dict(_named(frame, name))
    fresh: dict[str, Any] = {}
    for label in replaced:
        try:
            fresh[label] = _series(old[label], new.column(label).combine_chunks())
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            raise TargetError(
                f"{ColumnName(name, label)} gets a value that is no {old[label].dtype.name}; change its rule"
            ) from None
    if set(fresh) - set(frame.columns):
        levels = [pd.Index(_of_type(fresh.get(label, old[label]), old[label])) for label in _level_names(frame)]
        if isinstance(frame.index, pd.MultiIndex):
            result.index = pd.MultiIndex.from_arrays(levels, names=frame.index.names)
        else:
            result.index = levels[0].rename(frame.index.name)
    for label, values in fresh.items():
        if label in result.columns:
            result[label] = _of_type(values, old[label]).set_axis(result.index)
    return result


def _named(frame: pd.DataFrame, name: TableName) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Levels of the index, then columns, as series under their names."""
    import pandas as pd

    labels = [*_level_names(frame), *frame.columns]
    if not all(isinstance(label, str) and label for label in labels) or len(set(labels)) < len(labels):
        raise SourceError(f"{name}: columns and levels of the index need names that are texts, each another one")
    for number, label in enumerate(_level_names(frame)):
        yield label, frame.index.get_level_values(number).to_series(index=pd.RangeIndex(len(frame)))
    for label in frame.columns:
        yield label, frame[label]


def _level_names(frame: pd.DataFrame) -> list[str]:
    import pandas as pd

    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return []
    names: list[Any] = list(frame.index.names)
    if len(names) == 1:
        return ["index" if names[0] is None else names[0]]
    return [f"level_{number}" if label is None else label for number, label in enumerate(names)]


def _series(old: pd.Series[Any], new: pa.Array) -> Any:
    """Values in the type of `old`, without an index."""
    import pandas as pd

    if isinstance(old.dtype, pd.CategoricalDtype):
        words = pd.Index(_plain(new.dictionary)).astype(old.dtype.categories.dtype)
        codes = new.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return pd.Categorical.from_codes(codes, categories=words, ordered=old.dtype.ordered)
    if isinstance(old.dtype, np.dtype) and old.dtype == object:
        values, missing = _plain(new), old.isna().to_numpy()
        values[missing] = old.to_numpy()[missing]
        return values
    if isinstance(old.dtype, np.dtype):
        return new.to_numpy(zero_copy_only=False).astype(old.dtype)
    return old.dtype.__from_arrow__(pa.chunked_array([new]))  # type: ignore[attr-defined]


def _of_type(values: Any, old: pd.Series[Any]) -> pd.Series[Any]:
    """A series of the type that `old` has; categories are new ones."""
    import pandas as pd

    return pd.Series(values, dtype=None if isinstance(old.dtype, pd.CategoricalDtype) else old.dtype)


def _plain(values: pa.Array) -> np.ndarray:
    """As Python's own values, in an array of objects."""
    result = np.empty(len(values), object)
    texts = pa.types.is_string(values.type) or pa.types.is_binary(values.type) or pa.types.is_large_string(values.type)
    result[:] = values.to_numpy(zero_copy_only=False) if texts else values.to_pylist()
    return result
