"""Looking at a result, before it is made and afterwards: `preview`, `lookup`, `verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from anonymizer import planning, rulefile, stores
from anonymizer import verify as proof
from anonymizer.api.deciding import decided
from anonymizer.api.keys import secret_of, stored_secret
from anonymizer.api.opening import database, opened
from anonymizer.contracts import ByRow
from anonymizer.errors import SettingError, SourceError, TargetError
from anonymizer.model.result import CheckResult
from anonymizer.model.rules import RuleFile
from anonymizer.model.schema import TableName
from anonymizer.pseudonyms.secret import KeyRing


def lookup(
    wanted: str, value: str, rules: Path | None = None, key_file: Path | None = None, source: str | Path | None = None
) -> str:
    """The pseudonym that `value` has under a key: "where is this customer in my copy?"

    `wanted` is a category or a domain, or TABLE.COLUMN when a source is given. With the source, its schema and its
    collisions count as they did in the run; without, what the rule file says of the domain. Nothing is logged here.
    Raises SettingError without a stored key, and where more than value and key decide.
    """
    secret = stored_secret(key_file)
    written = rulefile.read_rules(rules) if rules else RuleFile("(no rule file)", {})
    if written.irreversible:
        raise SettingError(f"{rules} asks for irreversible pseudonyms: no key was kept, and nothing can be looked up")
    keys = KeyRing(secret, written.scope, written.version)
    if source is None:
        return planning.pseudonym(planning.plan_of_one(written, wanted), wanted, value, keys)
    with opened(source) as (origin, _, _):
        made = decided(origin, rules, assume_masked=False)
        made, moves = planning.forecast(origin, made, keys, planning.bind(made, keys))
        return planning.pseudonym(made, wanted, value, keys, moves)


def preview(
    source: str | Path, rules: Path | None = None, key_file: Path | None = None, rows: int = 5
) -> Mapping[TableName, pa.RecordBatch]:
    """A few rows of each touched table as they will look: the replaced columns only, so nothing real is shown.

    Columns that nobody decided on yet are shown masked, so that a rule file can be looked at while it grows.
    """
    with opened(source) as (origin, _, _):
        made = decided(origin, rules, assume_masked=True)
        kernels = planning.bind(made, KeyRing(secret_of(key_file)[0], made.scope, made.version))
        shown: dict[TableName, pa.RecordBatch] = {}
        for part in origin.sample(rows):
            if part.table in shown or part.table not in kernels or made.tables[part.table].rows == "none":
                continue
            few = part.batch.slice(0, rows)
            columns = {
                name: kernel(few, name) if isinstance(kernel, ByRow) else kernel(few.column(name))
                for name, kernel in kernels[part.table].items()
            }
            shown[part.table] = pa.RecordBatch.from_pydict(columns)
        return shown


def verify(
    source: str | Path, target: str | Path, rules: Path | None = None, assume_masked: bool = False
) -> tuple[CheckResult, ...]:
    """The independent verifier alone: proves a result that was written earlier under the same rules."""
    with opened(source) as (origin, store, workspace):
        made = decided(origin, rules, assume_masked)
        try:
            with database(target, workspace) as written:
                other = stores.recognise(written).NAME
                if other == store.NAME:
                    return proof.verify(made, origin.input, written, store.NAME, workspace.path)
        except SourceError as error:
            raise TargetError(str(error)) from None
        raise SettingError(f"{target} is a {other} and {source} a {store.NAME}; a result has the kind of its source")
