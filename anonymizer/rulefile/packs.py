"""Pack text -> `model.Pack`, and where packs lie: beside the rule file first, then those that are shipped."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import yaml

from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES, NOT_PERSONAL
from anonymizer.model.rules import Action, Decision, Pack, Recogniser
from anonymizer.model.schema import TypeFamily
from anonymizer.rulefile._yaml import Document, Entry, raise_all, suggestion
from anonymizer.rulefile.rules import decision

TOP = ("pack", "version", "about", "defaults", "recognise")
RECOGNISER = ("names", "tables", "types", "values", "confidence")
LANGUAGES = ("nl", "fr", "en", "de")
KNOWN_CATEGORIES = CATEGORIES + NOT_PERSONAL
TYPES = tuple(family.value for family in TypeFamily)


def _shipped() -> Path:
    """`rules/` of a checkout, or its copy inside an installed package."""
    package = Path(__file__).parent.parent
    installed = package / "_rules"
    return installed if installed.is_dir() else package.parent / "rules"


def shipped_packs() -> tuple[str, ...]:
    """Names of the packs that come with the program."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.yaml")))


def find_packs(names: Sequence[str], beside: Path | None = None) -> tuple[Pack, ...]:
    """The packs of these names, in this order; one that lies in the folder `beside` goes before a shipped one.

    Raises RuleError when there is no such pack, or with a line per mistake in one.
    """
    packs = []
    for name in names:
        places = [folder / f"{name}.yaml" for folder in (beside, _shipped()) if folder is not None]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise RuleError(f"there is no pack called {name}{suggestion(name, shipped_packs())}")
        packs.append(read_pack(path))
    return tuple(packs)


def read_pack(path: Path) -> Pack:
    """The pack at `path`. Raises RuleError with a line per mistake."""
    mistakes: list[str] = []
    document = Document(path, mistakes)
    raise_all(mistakes)
    entries = {entry.key: entry for entry in document.entries(document.root, TOP, "the pack")}
    name = document.text(entries["pack"].value, "pack") if "pack" in entries else path.stem
    version = int(document.number(entries["version"].value, "version")) if "version" in entries else 1
    defaults = _defaults(document, entries["defaults"]) if "defaults" in entries else {}
    recognisers = _recognisers(document, entries["recognise"]) if "recognise" in entries else []
    raise_all(mistakes)
    return Pack(name, version, str(path), tuple(recognisers), defaults)


def _is_category(document: Document, entry: Entry) -> bool:
    if entry.key in KNOWN_CATEGORIES:
        return True
    close = suggestion(entry.key, KNOWN_CATEGORIES)
    document.mistakes.append(f"{entry.place}: there is no category {entry.key}{close}")
    return False


def _defaults(document: Document, section: Entry) -> dict[str, Decision]:
    defaults = {}
    for entry in document.entries(section.value, None, "defaults"):
        if _is_category(document, entry):
            if isinstance(entry.value, yaml.ScalarNode):
                made = Decision(Action.REPLACE, document.text(entry.value, entry.key), place=entry.place)
            else:
                made = decision(document, entry, f"the default of {entry.key}")
            defaults[entry.key] = made
    return defaults


def _recognisers(document: Document, section: Entry) -> list[Recogniser]:
    return [
        _recogniser(document, entry.key, node)
        for entry in document.entries(section.value, None, "recognise")
        if _is_category(document, entry)
        for node in document.items(entry.value, f"recognise {entry.key}")
    ]


def _recogniser(document: Document, category: str, node: yaml.Node) -> Recogniser:
    what = f"an entry of {category}"
    entries = {entry.key: entry.value for entry in document.entries(node, RECOGNISER, what)}
    types = document.texts(entries["types"], "types") if "types" in entries else []
    for unknown in set(types) - set(TYPES):
        document.wrong(entries["types"], f"there is no type {unknown}{suggestion(unknown, TYPES)}")
    confidence = document.number(entries["confidence"], "confidence") if "confidence" in entries else 0.9
    if not 0 < confidence < 1:
        document.wrong(node, "confidence lies between 0 and 1")
    return Recogniser(
        category=category,
        phrases=_phrases(document, entries.get("names"), "names"),
        tables=_phrases(document, entries.get("tables"), "tables"),
        types=tuple(TypeFamily(name) for name in types if name in TYPES),
        values=tuple(document.texts(entries["values"], "values")) if "values" in entries else (),
        confidence=float(confidence),
        place=document.place(node),
    )


def _phrases(document: Document, node: yaml.Node | None, what: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            normal_phrase(text)
            for entry in document.entries(node, LANGUAGES, what)
            for text in document.texts(entry.value, f"{what} in {entry.key}")
        )
    )


def normal_phrase(text: str) -> str:
    """Lower-case words without accents, joined by single spaces.

    >>> normal_phrase("Prénom  usuel")
    'prenom usuel'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
