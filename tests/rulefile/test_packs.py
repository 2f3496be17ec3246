"""Packs hold reviewed knowledge: found by name, a project's own first, and refused with a line per mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import registry, rulefile
from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.rules import Action, Pack
from anonymizer.model.schema import TypeFamily

GOOD = """\
pack: own
version: 3
about: "what we know of our own product"
defaults:
  first_name: first_name
  other_personal: {as: masked, why: "nobody knows"}
  gender: {keep: true, why: "one of three"}
recognise:
  first_name:
    - names: {nl: [Voornaam, v.naam], fr: [Prénom-usuel], en: [voornaam]}
      types: [text]
      confidence: 0.95
    - {names: {en: [name]}, tables: {en: [Sales_Person]}, values: [be_national_number]}
"""


def pack(folder: Path, text: str, name: str = "own") -> Pack:
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return rulefile.find_packs([name], folder)[0]


def test_a_pack_says_how_columns_are_recognised_and_what_happens_to_them(tmp_path: Path):
    own = pack(tmp_path, GOOD)
    assert (own.name, own.version) == ("own", 3)
    first, second = own.recognisers
    assert first.phrases == ("voornaam", "v naam", "prenom usuel")
    assert (first.types, first.confidence) == ((TypeFamily.TEXT,), 0.95)
    assert (second.tables, second.values, second.confidence) == (("sales person",), ("be_national_number",), 0.9)
    assert str(second.place).endswith("own.yaml:13")
    assert own.defaults["other_personal"].transform == "masked"
    assert own.defaults["gender"].action is Action.KEEP
    assert own.defaults["first_name"].category == "first_name"


@pytest.mark.parametrize(
    ("good", "bad", "line", "says"),
    [
        ("version: 3", "version: 0", 2, "whole number"),
        ("version: 3\n", "", 1, "needs the key version"),
        ("recognise:", "recognize:", 8, "did you mean recognise?"),
        ("  first_name: first_name", "  fist_name: first_name", 5, "did you mean first_name?"),
        ("  first_name:\n", "  fist_name:\n", 9, "did you mean first_name?"),
        ("nl: [Voornaam", "dutch: [Voornaam", 10, "is no language"),
        ("v.naam", "'...'", 10, "no letter or digit"),
        ("types: [text]", "types: [txt]", 11, "did you mean text?"),
        ("confidence: 0.95", "confidence: 95", 12, "between 0 and 1"),
        ("names: {en: [name]}, tables", "tabels", 13, "did you mean tables?"),
        ("keep: true, why", "keep: true, wy", 7, "did you mean why?"),
        ('"what we know of our own product"', "", 3, "about must be a text"),
    ],
)
def test_a_packs_mistake_is_told_with_its_line(tmp_path: Path, good: str, bad: str, line: int, says: str):
    assert good in GOOD
    with pytest.raises(RuleError) as caught:
        pack(tmp_path, GOOD.replace(good, bad, 1))
    assert any(f"own.yaml:{line}: " in one and says in one for one in str(caught.value).split("\n")), caught.value


def test_an_unknown_pack_is_named_with_the_one_that_was_meant(tmp_path: Path):
    with pytest.raises(RuleError, match=r"no rule pack called belgum; did you mean belgium\?"):
        rulefile.find_packs(["belgum"])
    with pytest.raises(RuleError, match=r"no rule pack called \.\./own"):
        rulefile.find_packs(["../own"], tmp_path)


def test_the_mistakes_of_all_packs_are_told_at_once(tmp_path: Path):
    (tmp_path / "one.yaml").write_text("pack: one\n", encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        rulefile.find_packs(["one", "nowhere"], tmp_path)
    assert {"one.yaml:1", "there is"} <= {part for line in str(caught.value).split("\n")
                                          for part in (line.split("/")[-1].split(": ")[0], line[:8])}  # fmt: skip


def test_a_projects_own_pack_goes_before_a_shipped_one(tmp_path: Path):
    own = pack(tmp_path, GOOD.replace("pack: own", "pack: belgium"), "belgium")
    assert own.version == 3
    assert rulefile.find_packs(["belgium"])[0].recognisers != own.recognisers


def test_a_file_and_its_pack_have_one_name(tmp_path: Path):
    with pytest.raises(RuleError, match=r"calls itself own"):
        pack(tmp_path, GOOD, "other")


def test_every_shipped_pack_is_valid_and_every_category_has_something_happen_to_it():
    packs = rulefile.find_packs(rulefile.shipped_packs())
    assert {"personal", "belgium", "credentials"} <= {pack.name for pack in packs}
    assert set(CATEGORIES) <= {category for pack in packs for category in pack.defaults}
    for one in packs:
        assert one.file == f"rules/{one.name}.yaml", "a report names the pack, not where the program is installed"


def test_shipped_packs_name_only_transforms_and_identifiers_that_exist():
    packs = rulefile.find_packs(rulefile.shipped_packs())
    grammar = rulefile.Grammar.of(registry.load("transforms"))
    assert rulefile.lint_packs(packs, *grammar, known_identifiers=registry.load("identifiers")) == []


def test_lint_names_unknown_transforms_and_identifiers_of_a_pack(tmp_path: Path):
    own = pack(tmp_path, GOOD)
    told = rulefile.lint_packs([own], ("first_names", "masked"), known_identifiers=("be_national_numbers",))
    assert [line.split("own.yaml")[1] for line in told] == [
        ":5: the default of first_name is replaced as first_name, which does not exist; did you mean first_names?",
        ":13: there is no identifier called be_national_number; did you mean be_national_numbers?",
    ]
