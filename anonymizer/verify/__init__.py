"""Proves a written result: reads it and the source again, by readers of its own, and compares.

Nothing here knows how values are found or replaced; of the plan only the list of tables, columns, keys and actions is
believed. `check_*.py` are the checks, one promise each. `_comparison` is the one pass over source and target that they
share, `_scan` the one search through the target for what must not be there. Values are compared as fingerprints
(`_fingerprint`, `_tokens`, `_known`), and no message holds one.

    _reader          what all readers offer
    _pg_plain, _pg_archive, _sqlite, _sqlite_dump, _mysql_dump, _parquet, _csv      by kind of database
    _odbc                                                           what a live database says, by SQL of its own
    _sql_script, _copy_rows, _insert_rows, _mysql_rows, _csv_cells        what scripts and files are made of
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from anonymizer import registry
from anonymizer.contracts import Input
from anonymizer.errors import AnonymizerError, InternalError, SourceError
from anonymizer.model.plan import Plan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.schema import Schema, TableName
from anonymizer.verify import _converted
from anonymizer.verify._comparison import Comparison, Watcher
from anonymizer.verify._reader import Reader, Unreadable, open_reader

READABLE = "readable"
READABLE_PROMISE = "The result can be read from its first byte to its last."


def verify(plan: Plan, source: Input, target: Input, kind: str, work: Path | None = None) -> tuple[CheckResult, ...]:
    """All checks of a written result, in alphabetical order.

    `kind` is the NAME of the store that wrote it, `work` the run's private folder: what has to be copied to be read
    is copied there and nowhere else. A target that cannot be read is a failed check. Raises SourceError
    when the source cannot be read, InternalError when a check itself fails to work: then nothing is proved.
    """
    before, after = (open_reader(database, kind, plan.schema, work) for database in (source, target))
    try:
        return _checked(plan, before, after)
    except Unreadable as error:
        if error.reader is before:
            raise SourceError(f"{source.name}: the source {error}; the result is not verified") from None
        return (CheckResult(READABLE, READABLE_PROMISE, Outcome.FAILED, (f"the result {error}",)),)
    finally:
        before.close()
        after.close()


def verify_conversion(
    schema: Schema,
    names: Mapping[TableName, TableName],
    result: tuple[Input, str],
    converted: tuple[Input, str, Schema],
    work: Path | None = None,
) -> CheckResult:
    """That a verified result, given as input and kind, came over whole into a database of another kind and schema.

    `names`: each table, but for partitions, as the converted database names it.
    """
    before = open_reader(result[0], result[1], schema, work)
    after = open_reader(converted[0], converted[1], converted[2], work)
    try:
        single = ("real", "float4") if result[1].startswith("PostgreSQL") else ()
        return _converted.compare(schema, names, before, after, single)
    except Unreadable as error:
        return CheckResult("converted", _converted.PROMISE, Outcome.FAILED, (f"a database {error}",))
    finally:
        before.close()
        after.close()


def _checked(plan: Plan, source: Reader, target: Reader) -> tuple[CheckResult, ...]:
    """Checks that are watchers share one pass; any other one is called."""
    modules = registry.load("verify")
    comparison = Comparison(plan, source, target)
    try:
        watchers: dict[str, Watcher] = {
            name: module.Watch(comparison) for name, module in modules.items() if hasattr(module, "Watch")
        }
        comparison.walk(list(watchers.values()))
        results = [
            watchers[name].result() if name in watchers else _called(module, plan, source, target)
            for name, module in modules.items()
        ]
        readable = CheckResult(READABLE, READABLE_PROMISE, Outcome.PASSED)
        return (readable, *results)
    except (AnonymizerError, Unreadable):
        raise
    except Exception as error:  # noqa: BLE001 (whatever it was: a message of a library may quote data)
        raise InternalError(
            f"the verifier did not work ({type(error).__name__}); the result is not verified and must not be used"
        ) from None
    finally:
        comparison.close()


def _called(module: ModuleType, plan: Plan, source: Reader, target: Reader) -> CheckResult:
    result: CheckResult = module.check(plan, source, target)
    return result
