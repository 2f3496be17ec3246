"""The shape of the house is a test: where things live, which way imports point, what every plug-in must have."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from anonymizer import registry

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "anonymizer"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PLUGINS = [(family, name) for family in registry.FAMILIES for name in registry.load(family)]
TOP_LEVEL = {"pyproject.toml", "anonymizer", "rules", "tests", "fixtures", "Makefile", "README.md", "LICENSE"}

FILE_LINES, FUNCTION_LINES = 400, 60


def test_imports_point_downwards_and_the_proof_stands_alone():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_top_level_holds_what_was_agreed():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\n")
    top = {line.split("/")[0] for line in tracked if line and not line.startswith(".")}
    assert top <= TOP_LEVEL | {"CHANGELOG.md"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    assert len(text.splitlines()) <= FILE_LINES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, node.name


def test_nothing_but_the_command_line_prints():
    for path in SOURCES:
        if "cli" not in path.relative_to(PACKAGE).parts:
            calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
            assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path


@pytest.mark.parametrize(("family", "name"), PLUGINS, ids=lambda value: str(value))
def test_every_plug_in_has_a_test_that_names_it(family: str, name: str):
    if (ROOT / "tests" / family / f"test_{name}.py").exists():
        return
    texts = [p.read_text(encoding="utf-8") for f in (family, "conformance") for p in (ROOT / "tests" / f).glob("*.py")]
    called = f'"{name.removeprefix("check_")}"' if family == "verify" else name  # as its results call it
    assert any(called in text for text in texts)


def test_a_plug_in_that_does_not_load_stops_the_program(tmp_path: Path):
    script = (
        "import anonymizer.report, sys; from pathlib import Path\n"
        f"folder = Path({str(tmp_path)!r}); (folder / 'broken.py').write_text('import nothing_like_it')\n"
        "anonymizer.report.__path__.append(str(folder))\n"
        "from anonymizer import registry, errors\n"
        "try:\n    registry.load('report')\n"
        "except errors.InternalError as error:\n    print(error); sys.exit(error.exit_code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 6
    assert b"broken.py does not load" in done.stdout


def test_help_answers_without_importing_anything_heavy():
    script = (
        "import sys; from anonymizer import cli\n"
        "try:\n    cli.commands.main(['--help'], standalone_mode=False)\nexcept SystemExit: pass\n"
        "print([m for m in ('pyarrow', 'numpy', 'pydantic', 'cryptography', 'sqlglot') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode().strip().endswith("[]")
