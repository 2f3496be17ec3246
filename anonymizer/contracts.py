"""The promises that plug-ins keep. A plug-in is a module: its file name is its name, its docstring its manual.

Values travel as Arrow `string` columns: each value is the text that the database itself would print for it (a number
in digits, a date in ISO form, binary as `\\x` and lower-case hex digits, an array in the literal form of the store),
in UTF-8 and unescaped; SQL NULL is Arrow null. So one replacement serves every store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymizer.model.address import Address
from anonymizer.model.finding import Evidence
from anonymizer.model.plan import Domain, Plan
from anonymizer.model.result import CheckResult, RunResult
from anonymizer.model.rules import Pack, Scalar
from anonymizer.model.schema import Column, Schema, Table, TableName

Kernel = Callable[..., pa.Array]
"""Replaces one column of one batch: Arrow `string` in and out, same length, null exactly where the input is null
(the transform `null`, and masking of what has no other value, make nulls; the plan names them).

Pure and deterministic: no input or output, no clock, no state from one batch to the next. Kernels of transforms whose
`BY_ROW` is true take a second argument too, `Salts`, and then give one value other pseudonyms under other salts.
"""

Salts = npt.NDArray[np.uint64]
"""uint64 [n, 2]: one random-looking number for each row, as `Prf` gives them."""


@dataclass(frozen=True, slots=True)
class ByRow:
    """A kernel whose pseudonyms depend on the row too: on the value of the column `by`, or on the row's number."""

    kernel: Kernel
    by: str | None
    salts: Callable[[pa.Array], Salts]
    """From the values of `by`, or from the rows' numbers (uint64)."""

    def __call__(self, batch: pa.RecordBatch, column: str, first_row: int = 0) -> pa.Array:
        """string [n] -> string [n]; `batch` holds both columns, `first_row` is the number of its first row."""
        numbers = pa.array(np.arange(first_row, first_row + batch.num_rows, dtype=np.uint64))
        return self.kernel(batch.column(column), self.salts(batch.column(self.by) if self.by else numbers))


# --- stores -----------------------------------------------------------------------------------------------------


class Input(Protocol):
    """One database as it lies on disk or came through a pipe; read-only, and may be opened any number of times."""

    name: str
    """How messages and reports name it; never a password."""
    path: Path
    """Where it lies; for a pipe, a path that does not exist."""

    def head(self, size: int) -> bytes:
        """The first bytes, decompressed; b"" for a directory."""

    def open(self) -> BinaryIO:
        """A fresh, unbuffered-or-buffered stream from the first decompressed byte. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A piece of the source that goes into the result as it stands.

    `data` is empty or bytes-like; `place` is opaque: where the piece belongs, for the same store's sink.
    """

    data: Any = b""
    place: Any = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Some consecutive rows of one table.

    `batch` holds the asked columns only, in the asked order, each Arrow `string` as the module says. `frame` is
    opaque: all that the same store's sink needs to write the rest of these rows exactly as it stood; None when the
    rows were read for looking at only.
    """

    table: TableName
    batch: pa.RecordBatch
    frame: Any = None
    defaulted: Callable[[], tuple[str, ...]] = tuple
    """Which of the columns some of the rows leave to the database: not named in an INSERT, or DEFAULT. Null here."""


class Source(Protocol):
    """Reads one database. Every method may be called again and starts afresh.

    Every statement or entry is classified; one that could carry rows and is not understood raises SourceError, which
    names the line or entry, never its content. Memory stays bounded whatever the size.
    """

    kind: str
    input: Input

    def schema(self) -> Schema:
        """All base tables with their columns, keys and constraints. Raises SourceError for an unknown type."""

    def sample(self, rows: int) -> Iterator[Rows]:
        """About `rows` rows (at most) of each table, all columns, spread over the whole table, frame None.

        A table may come in several batches; a table without rows does not come at all.
        """

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """The whole database in the source's own order.

        Rows of a table in `columns` come as Rows with just those columns (partitions are named themselves); all else
        is Verbatim. Feeding every part unchanged to the same store's sink gives the source back: byte for byte for
        text dumps and uncompressed data, equal rows, order and structure for the others.
        """


class Sink(Protocol):
    """Writes one database, given the parts of a source of the same kind with other values in the batches.

    `write` takes parts in the order in which the source gave them; a Rows whose batch has no rows left writes no row
    of its frame. A value that the source's encoding cannot express is written without its accents, and if that does
    not help raises TargetError. `close` completes the file or folder; without it the result is unusable. `abort`
    lets go of everything open and never raises.
    """

    def write(self, part: Verbatim | Rows) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Store(Protocol):
    """A module of `stores/`: source and sink of one dump format or database."""

    NAME: str
    """As `anonymizer list` and reports print it."""

    def recognises(self, source: Input) -> bool:
        """Whether the content (not the name) is of this kind. At most one store may say yes."""

    def open_source(self, source: Input) -> Source:
        """Cheap; raises SourceError for what is damaged at first sight."""

    def open_sink(self, source: Source, target: Path) -> Sink:
        """Writes to `target`, a path inside the private work folder that does not exist yet."""

    # A store of scripts whose engine is at hand also has LOADED, the NAME of another store, and
    # load(source: Input, path: Path), which makes a database of that kind.


# --- servers ----------------------------------------------------------------------------------------------------


class WorkFolder(Protocol):
    """The private folder of one run, gone when the run ends, however it ends."""

    path: Path


class Target(Protocol):
    """Where one run puts its result. Others see nothing of it before `publish`; without it, all is taken back."""

    path: Path
    """What is being written, for showing progress; a path that does not exist where that is no file."""
    warnings: tuple[str, ...]
    """What the target could not take over, for the report; it may grow until `publish`."""

    def sink(self, store: Store, source: Source) -> Sink:
        """What the pipeline writes to."""

    def written(self) -> Input:
        """What was written and closed, to be read again: from the live database itself, if it is one."""

    def proofs(self) -> tuple[CheckResult, ...]:
        """What has to hold beside the checks of what was written."""

    def publish(self) -> None:
        """Rename or commit it. Raises TargetError."""


class Server(Protocol):
    """A module of `servers/`: one kind of live database, as a source and as a target.

    Errors are SourceError and TargetError with the server's error code; its message may quote data and stays inside.
    """

    NAME: str
    SCHEMES: tuple[str, ...]
    """What its addresses begin with, before `://`."""

    KINDS: tuple[str, ...]
    """The kinds of results that a target takes, as the stores name them; the first is what conversions make for it."""

    def open_source(self, address: Address, work: WorkFolder, rows: int | None = None) -> AbstractContextManager[Input]:
        """One consistent state of the database, read-only: an input that a store recognises.

        With `rows` a sample of about so many rows of each table will do: nothing but detection reads it.
        """

    def open_target(
        self, address: Address, source: Source, kind: str, work: WorkFolder
    ) -> AbstractContextManager[Target]:
        """A target for results of `kind`, one of KINDS; what was not published is dropped when the block ends.

        Raises TargetError for a database that is the source or not empty. Nothing is made before `Target.sink`.
        """


# --- pseudonyms -------------------------------------------------------------------------------------------------


class Keys(Protocol):
    """Derives independent keys from the one secret."""

    def derive(self, *labels: str) -> bytes:
        """16 bytes, a function of the secret, the scope, the algorithm's version and the labels alone."""


Parameters = Mapping[str, Scalar]
"""What a rule file says of a transform beside its name."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Everything a transform may know when it builds the kernel of one column."""

    keys: Keys
    domain: Domain
    column: Column
    table: Table
    parameters: Parameters
    domains: Mapping[str, Domain]
    """All domains of the plan: a composite (an e-mail) maps its parts in the domains of the parts."""
    locales: tuple[str, ...]
    variant: int = 0
    """0; or the number of the other pseudonyms that values get whose first ones others have, see `planning.apart`."""

    def own_key(self, *labels: str) -> bytes:
        """The key of what keeps the domain's values apart: another one in each variant."""
        return self.keys.derive(*labels, f"variant {self.variant}") if self.variant else self.keys.derive(*labels)


class Transform(Protocol):
    """A module of `transforms/`: what a rule file may name after `as:`.

    The docstring is the manual: what it does, its ISO/IEC 20889 technique, its parameters, an example of before and
    after as a doctest or in words, and what it never reaches.
    """

    NAME: str
    CATEGORIES: tuple[str, ...]
    """The categories it is the usual replacement of; may be empty."""
    TECHNIQUE: str
    """In the words of ISO/IEC 20889: pseudonymization, suppression, generalization, randomization …"""
    PARAMETERS: Mapping[str, str]
    """Parameter -> one sentence. A transform that cannot do without names in `REQUIRED` those of which it needs one."""
    MOVED: str
    """May be missing: what values lose that a key keeps apart from others (see `planning.apart`), after their count."""
    BY_ROW: bool
    """May be missing, which is False: whether its kernels take salts."""

    def mistake(self, parameters: Parameters) -> str | None:
        """What is wrong with values of PARAMETERS, whatever the column; may be missing where there are none."""

    def kernel(self, binding: Binding) -> Kernel:
        """Raises RuleError when the column's type, width or the parameters do not allow it: never per row."""

    def capacity(self, domain: Domain) -> int | None:
        """How many distinct pseudonyms there are; None: different values never have the same one."""


class Identifier(Protocol):
    """A module of `identifiers/`: one kind of number or code with a written form and, mostly, a checksum.

    Pure arithmetic over columns: no key and no state. The docstring gives the form, the official source, the range
    that is never issued with the source of that fact, and doctests.
    """

    NAME: str
    CATEGORY: str
    CAPACITY: int
    """How many different numbers the never-issued range holds."""
    REACHABLE: bool
    """True when no never-issued range is known, so that a pseudonym could be somebody's number: reports say so."""

    def is_valid(self, values: pa.Array) -> pa.Array:
        """string -> bool: form and checksum hold, spaces and punctuation aside; null stays null."""

    def from_index(self, index: np.ndarray, like: pa.Array) -> pa.Array:
        """Number `index` (uint64, below CAPACITY) of the never-issued range, in the written form of `like`.

        `like` holds valid values only (no nulls); the result has the same length, spaces, punctuation and prefix.
        Injective in `index` for one written form.
        """


class RankedIdentifier(Identifier, Protocol):
    """An identifier all of whose valid numbers are counted, so that columns of them can be mapped one to one.

    What a file's docstrings call form (a country, a branch) belongs to the written form: `from_rank` keeps it, and
    numbers are counted without it. Every identifier that can is one; the others have no `SPACE`.
    """

    SPACE: int
    """How many valid numbers there are, issued and never issued ones alike: at most 10^18."""

    def rank(self, values: pa.Array) -> np.ndarray:
        """Valid values -> uint64 [n] below SPACE: the same for two spellings of one number, else different."""

    def from_rank(self, rank: np.ndarray, like: pa.Array) -> pa.Array:
        """The inverse of `rank`, in the written form of `like` (valid values): may be somebody's number."""


# --- detection --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exhibit:
    """All that a detector may look at for one table."""

    schema: Schema
    table: Table
    sample: Mapping[str, pa.Array]
    """Column -> sampled values (`string`); a column without data is missing."""
    packs: tuple[Pack, ...]


class Detector(Protocol):
    """A module of `detect/` named `by_…`: one way of noticing personal data."""

    def examine(self, exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
        """Column -> evidence, without any data value in its words. Pure."""


# --- proof and reports ------------------------------------------------------------------------------------------


class Check(Protocol):
    """A module of `verify/` named `check_…`: one property of the written result.

    Shares no code with detection or replacement; trusts nothing but the plan's list of columns.
    """

    PROMISE: str

    def check(self, plan: Plan, source: Any, target: Any) -> CheckResult:
        """Compare; `source` and `target` are readers of `verify/`. Never raises for a difference."""


class Renderer(Protocol):
    """A module of `report/` named `…_report`: one output document."""

    SUFFIX: str

    def render(self, result: RunResult) -> str:
        """The whole document."""
