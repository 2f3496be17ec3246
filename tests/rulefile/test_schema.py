"""Editors get a JSON Schema that takes every good file, and refuses nothing that the reader would take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from anonymizer import rulefile
from anonymizer.errors import RuleError
from tests.rulefile import test_packs, test_rules

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(rulefile.json_schema())


class _Yaml12(yaml.SafeLoader):
    """What an editor sees: the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own shape


for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "~|null|", ["~", "n", ""]),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*", "-+0123456789"),
):
    _Yaml12.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", __import__("re").compile(rf"(?:{_pattern})\Z"), list(_first)
    )


def refused(text: str) -> bool:
    data = yaml.load(text, Loader=_Yaml12)
    return not VALIDATOR.is_valid(data)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(rulefile.json_schema())


@pytest.mark.parametrize(
    "path", [*ROOT.glob("rules/*.yaml"), *ROOT.glob("fixtures/**/*.yaml")], ids=lambda path: path.name
)
def test_shipped_packs_and_examples_fit_the_schema(path: Path):
    assert not refused(path.read_text(encoding="utf-8"))


def test_what_is_written_fits_the_schema(tmp_path: Path):
    assert not refused(test_rules.GOOD)
    assert not refused(rulefile.write_rules(test_rules.read(tmp_path, test_rules.GOOD)))


RULES = [
    (good, bad) for good, bad, *_ in test_rules.SPOILT if "\t" not in bad and "!!" not in bad and "database" not in bad
]
PACKS = [
    ("version: 3", "version: 0"), ("version: 3\n", ""), ("recognise:", "recognize:"), ("  first_name: f", "  fist: f"),
    ("nl: [", "dutch: ["), ("types: [text]", "types: [txt]"), ("0.95", "95"), ("keep: true, why", "keep: true, wy"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad"), RULES)
def test_what_the_schema_refuses_in_a_rule_file_the_reader_refuses(tmp_path: Path, good: str, bad: str):
    spoilt = test_rules.GOOD.replace(good, bad, 1)
    if refused(spoilt):
        with pytest.raises(RuleError):
            test_rules.read(tmp_path, spoilt)
    else:
        assert good in test_rules.GOOD


@pytest.mark.parametrize(("good", "bad"), PACKS)
def test_what_the_schema_refuses_in_a_pack_the_reader_refuses(tmp_path: Path, good: str, bad: str):
    spoilt = test_packs.GOOD.replace(good, bad, 1)
    assert refused(spoilt)
    with pytest.raises(RuleError):
        test_packs.pack(tmp_path, spoilt)


def test_the_schema_finds_most_mistakes_while_one_types():
    found = [bad for good, bad in RULES if refused(test_rules.GOOD.replace(good, bad, 1))]
    assert len(found) >= 2 * len(RULES) // 3
