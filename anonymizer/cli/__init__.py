"""The command line: options in, sentences out, exit codes as documented in `anonymizer.errors`.

The only package that prints. Everything heavy is imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from anonymizer.cli import detect, lookup, rules, run  # noqa: F401 - each adds its commands
from anonymizer.cli._group import commands
from anonymizer.errors import AnonymizerError

__all__ = ["commands", "main"]


def main() -> None:
    """Run the command line; every end is an exit code and, when it is not 0, one clear sentence."""
    from anonymizer.workspace import Interrupted, signals_as_exceptions

    try:
        with signals_as_exceptions():
            code = commands.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AnonymizerError as error:
        click.echo(f"anonymizer: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as stop:  # click makes its own of ours
        click.echo("anonymizer: interrupted; a target that is there was verified, any other was withheld", err=True)
        asked = stop if isinstance(stop, Interrupted) else stop.__cause__
        sys.exit(asked.exit_code if isinstance(asked, Interrupted) else 130)
    except BrokenPipeError:
        sys.exit(4)
    except Exception as error:  # noqa: BLE001 - its message or traceback could quote a value
        click.echo(
            f"anonymizer: internal error, {_where(error)}; a target that is there was verified, any other was withheld",
            err=True,
        )
        sys.exit(6)


def _where(error: BaseException) -> str:
    """Kind and place of a defect, without its message."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "anonymizer" in file.parts:
            place = f" at {file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place
