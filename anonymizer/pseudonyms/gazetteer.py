"""Towns and postcodes: which belong together, in which area and group; see fixtures/make_towns.py for the lists.

An *area* is some postcodes with their towns, a *group* the areas of one province, department or state. A *slot* is a
postcode of an area; a *row* is a town at a slot. Everything is told by number, so that whole columns move by NumPy:

    row -> slot -> area -> group
    postcode -> slot

The first row of each slot of an area is the same town: it goes with each of the area's postcodes.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from anonymizer.errors import InternalError
from anonymizer.pseudonyms.vocabulary import FOLDER
from anonymizer.pseudonyms.written_form import compact

SIZES = {"be": 4, "nl": 4, "lu": 4, "at": 4, "ch": 4, "fr": 5, "de": 5}
"""Countries whose postcodes are listed, and how many digits those have."""
PEERS = 10
"""Areas among which one is exchanged, at least, where its group has that many."""

Integers = NDArray[np.int64]


class Postcodes(NamedTuple):
    """Of one country, by the postcode as a number: its slot, or -1; and the slot of the listed one next below it."""

    listed: Integers
    nearest: Integers


class Gazetteer(NamedTuple):
    """All towns and postcodes."""

    names: pa.Array
    """Row -> the town's name in the language of its region, then, as many again, in the country's other language."""
    people: Integers
    """Row -> inhabitants in hundreds, 0 where not known."""
    country: pa.Array
    """Row -> two letters, in lower case."""
    slot_of_row: Integers
    first_row: Integers
    rows_in: Integers
    """Slot -> its first row, and how many it has."""
    code: Integers
    """Slot -> the postcode as a number; 0 where towns have none."""
    area_of_slot: Integers
    first_slot: Integers
    slots_in: Integers
    """Area -> its first slot, and how many it has."""
    group: Integers
    """Area -> number of its group."""
    peers: Integers
    """Area -> number of the few areas of its group, with about as many towns as it has, that it is exchanged among."""
    labels: pa.Array
    """Area -> what its place in the exchange is told from."""
    postcodes: dict[str, Postcodes]


def _read(name: str, columns: tuple[str, ...]) -> pa.Table:
    path = FOLDER / f"{name}.txt"
    types = {column: pa.int64() if column == "people" else pa.string() for column in columns}
    try:
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(column_names=columns, skip_rows=3, use_threads=False),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise InternalError(f"word list {path.name} cannot be read ({type(error).__name__}); install again") from error


def _listed() -> pa.Table:
    tables = []
    for country in (*SIZES, "world"):
        table = _read(f"towns.{country}", ("group", "area", "code", "name", "other", "people"))
        told = pc.utf8_slice_codeunits(table["group"], 0, 2) if country == "world" else [country.upper()] * len(table)
        tables.append(table.append_column("country", pa.chunked_array([told]) if isinstance(told, list) else told))
    return pa.concat_tables(tables).combine_chunks()


def _starts(*columns: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Where a run of equal values begins."""
    result = np.ones(len(columns[0]), bool)
    result[1:] = False
    for column in columns:
        codes = column.combine_chunks().dictionary_encode().indices.to_numpy()
        result[1:] |= codes[1:] != codes[:-1]
    return result


@cache
def gazetteer() -> Gazetteer:
    """Read once from the word lists: some 100 ms and 20 MB."""
    table = _listed()
    named = table.filter(pc.not_equal(table["name"], ""))
    alone = pc.equal(named["code"], "").to_numpy()
    new_area = _starts(named["country"], named["group"], named["area"]) | alone
    new_slot = _starts(named["code"]) | new_area
    slot_of_row = np.cumsum(new_slot) - 1
    area_of_slot = (np.cumsum(new_area) - 1)[new_slot]
    first_row, first_slot = np.flatnonzero(new_slot), np.flatnonzero(np.diff(area_of_slot, prepend=-1))
    rows_in, slots_in = np.bincount(slot_of_row), np.bincount(area_of_slot)
    heads = named.take(pa.array(first_row[first_slot]))
    group = pc.binary_join_element_wise(heads["country"], heads["group"], " ").combine_chunks().dictionary_encode()
    groups = group.indices.to_numpy().astype(np.int64)
    labels = pc.binary_join_element_wise(heads["country"], heads["group"], heads["area"], heads["name"], " ")
    code = pc.if_else(pa.array(alone), "0", named["code"]).cast(pa.int64()).to_numpy()[first_row]
    own = named["name"].combine_chunks()
    other = pc.if_else(pc.equal(named["other"], ""), named["name"], named["other"]).combine_chunks()
    country = pc.ascii_lower(named["country"]).combine_chunks()
    countries = country.take(pa.array(first_row))
    return Gazetteer(
        pa.concat_arrays([own, other]),
        named["people"].to_numpy(),
        country,
        slot_of_row,
        first_row,
        rows_in,
        code,
        area_of_slot,
        first_slot,
        slots_in,
        groups,
        _peers(groups, np.add.reduceat(rows_in, first_slot)),
        labels.combine_chunks(),
        {name: _postcodes(name, table, code, countries, area_of_slot, first_slot, slots_in) for name in SIZES},
    )


def _peers(groups: Integers, towns: Integers) -> Integers:
    """Areas of one group, from few towns to many, cut into runs of at least `PEERS`; lone areas are one run."""
    sizes = np.bincount(groups)
    groups = np.where(sizes[groups] == 1, len(sizes), groups)
    sizes = np.bincount(groups)
    order = np.lexsort((towns, groups))
    place = np.empty(len(groups), np.int64)
    place[order] = np.arange(len(groups))
    place -= (np.cumsum(sizes) - sizes)[groups]
    runs = np.maximum(sizes // PEERS, 1)
    return np.asarray((np.cumsum(runs) - runs)[groups] + place * runs[groups] // sizes[groups])


def _postcodes(
    country: str,
    table: pa.Table,
    code: Integers,
    countries: pa.Array,
    area_of_slot: Integers,
    first_slot: Integers,
    slots_in: Integers,
) -> Postcodes:
    slots = np.flatnonzero(pc.equal(countries, country).to_numpy(zero_copy_only=False))
    listed = np.full(10 ** SIZES[country], -1, np.int64)
    listed[code[slots]] = slots
    # Lines without a name: further postcodes of the area whose first postcode stands beside them.
    more = table.filter(pc.and_(pc.equal(table["name"], ""), pc.equal(table["country"], country.upper())))
    codes = pc.split_pattern(more["code"], " ").combine_chunks()
    further = codes.flatten().cast(pa.int64()).to_numpy()
    if len(further):
        area = area_of_slot[listed[more["area"].cast(pa.int64()).to_numpy()]][codes.value_parent_indices().to_numpy()]
        listed[further] = first_slot[area] + np.arange(len(further)) % slots_in[area]
    nearest = np.maximum.accumulate(np.where(listed >= 0, np.arange(len(listed)), -1))
    first = np.argmax(listed >= 0)
    return Postcodes(listed, listed[np.where(nearest < 0, first, nearest)])


class Aliases(NamedTuple):
    """Names of listed towns in further languages: their keys, countries, and the keys of the listed names."""

    keys: pa.Array
    country: pa.Array
    town_keys: pa.Array


@cache
def aliases() -> Aliases:
    """Read once."""
    table = _read("town_aliases", ("country", "name", "town")).combine_chunks()
    columns = (table[name].combine_chunks() for name in ("name", "country", "town"))
    name, country, town = columns
    return Aliases(compact(name), country, compact(town))


def large_towns(least: int, of: tuple[str, ...]) -> pa.Array:
    """Names, in both languages, of the towns of some countries with at least so many hundreds of inhabitants."""
    book = gazetteer()
    large = np.isin(book.country.to_numpy(zero_copy_only=False), of) & (book.people >= least)
    rows = np.flatnonzero(large)
    return pc.unique(book.names.take(pa.array(np.concatenate([rows, rows + len(book.people)]))))
