"""What the command line does, as functions: detect, plan, explain, run, preview, lookup, verify.

Here the families meet: stores and servers read and write, detect finds, planning decides, pipeline replaces, verify
proves, report tells. Nothing here prints; every function raises the errors of `anonymizer.errors`.

    deciding   detect, plan, explain
    running    run
    looking    preview, lookup, verify
    opening    a source and its work folder
    targets    where a result goes
    tables     run_tables, verify_tables: DataFrames and Arrow tables instead of files
    memory     such tables as a source
    keys       where the key is from
"""

from __future__ import annotations

from anonymizer.api.deciding import SAMPLE_ROWS, Detection, detect, explain, plan
from anonymizer.api.keys import KEY_VARIABLE
from anonymizer.api.looking import lookup, preview, verify
from anonymizer.api.memory import Tables
from anonymizer.api.opening import Progress, Tick
from anonymizer.api.running import run
from anonymizer.api.tables import TablesResult, run_tables, verify_tables
from anonymizer.pseudonyms.secret import Secret

__all__ = [
    "KEY_VARIABLE",
    "SAMPLE_ROWS",
    "Detection",
    "Progress",
    "Secret",
    "Tables",
    "TablesResult",
    "Tick",
    "detect",
    "explain",
    "lookup",
    "plan",
    "preview",
    "run",
    "run_tables",
    "verify",
    "verify_tables",
]
