"""`anonymizer rules`, `key` and `list`: what a run needs, made and checked."""

from __future__ import annotations

import json
from pathlib import Path

import click

from anonymizer.cli._group import EXIT_CODES, commands
from anonymizer.errors import FindingsError, SettingError


@commands.group()
def rules() -> None:
    """Check and lay out rule files."""


@rules.command(epilog=EXIT_CODES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def lint(files: tuple[Path, ...]) -> None:
    """Say every mistake of rule files, each with its line; exit 3 when there is one, 1 when columns are undecided."""
    from anonymizer import registry, rulefile
    from anonymizer.errors import RuleError
    from anonymizer.model.rules import Action
    from anonymizer.model.schema import ColumnName

    grammar = rulefile.Grammar.of(registry.load("transforms"))
    mistakes: list[str] = []
    undecided: list[str] = []
    for file in files:
        try:
            read, wrong = rulefile.read_as_far_as_possible(file)
            mistakes += wrong.lines()
            packs = rulefile.find_packs(read.packs, file.parent)
        except RuleError as error:
            mistakes.append(str(error))
            continue
        mistakes += rulefile.lint(read, *grammar)
        mistakes += rulefile.lint_packs(packs, *grammar, known_identifiers=registry.load("identifiers"))
        undecided += [
            f"{decision.place}: {ColumnName(table.table, column)} is undecided"
            for table in read.tables.values()
            for column, decision in table.columns.items()
            if decision.action is Action.UNDECIDED
        ]
    if mistakes:
        raise RuleError("\n".join(mistakes))
    if undecided:
        raise FindingsError("\n".join((f"{len(undecided)} columns are undecided; decide them:", *undecided)))
    click.echo(f"{len(files)} rule files are valid")


@rules.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the file would change.")
def fmt(file: Path, check: bool) -> None:
    """Lay a rule file out in the canonical way, keeping its comments."""
    from anonymizer import rulefile

    try:
        before = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingError(f"{file} is not UTF-8; save it as that") from None
    after = rulefile.format_rules(before, str(file))
    if check and after != before:
        raise FindingsError(f"{file} is not laid out canonically; run: anonymizer rules fmt {file}")
    if after != before:
        file.write_text(after, encoding="utf-8")
        click.echo(f"laid out {file}")


@rules.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from anonymizer import rulefile

    click.echo(json.dumps(rulefile.json_schema(), indent=2))


@commands.group()
def key() -> None:
    """Make keys."""


@key.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Make a new key in FILE, readable by you alone. Whoever has it can find a pseudonym's original: guard it."""
    from anonymizer.pseudonyms.secret import Secret

    Secret.fresh().write(file)
    click.echo(f"wrote a new key to {file}; keep it away from every copy that you make with it")


@commands.command(name="list")
@click.argument("family", required=False)
def list_plugins(family: str | None) -> None:
    """List the plug-ins of every family (or of FAMILY): what each one is, and its file."""
    from anonymizer import registry

    if family is not None and family not in registry.FAMILIES:
        raise SettingError(f"there is no family called {family}; families are {', '.join(registry.FAMILIES)}")
    for name in registry.FAMILIES if family is None else (family,):
        click.echo(name)
        for plugin, module in registry.load(name).items():
            first = (module.__doc__ or "").strip().splitlines()[0]
            click.echo(f"  {plugin:26} {first}  (anonymizer/{name}/{plugin}.py)")
