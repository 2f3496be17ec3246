"""Rule packs: reviewed knowledge of how columns are recognised and what happens to them. Read here, found by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import yaml

from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES, NOT_PERSONAL
from anonymizer.model.rules import Decision, Pack, Recogniser
from anonymizer.model.schema import TypeFamily
from anonymizer.rulefile._decisions import read_decision
from anonymizer.rulefile._yaml import Document, Mistakes, read_text, suggestion

PACK_KEYS = ("pack", "version", "about", "defaults", "recognise", "abbreviations")
RECOGNISER_KEYS = ("names", "tables", "types", "values", "confidence", "then")
PACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")

_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_WORD = re.compile(r"[a-z0-9]+")


def normalise(phrase: str) -> str:
    """Lower-case words without accents, joined by single spaces: as column names read once they are split.

    >>> normalise("Prénom-usuel"), normalise("N° d'ordre")
    ('prenom usuel', 'n d ordre')
    """
    plain = unicodedata.normalize("NFKD", phrase.lower().replace("ß", "ss").replace("°", " "))
    return " ".join(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


# --- finding ----------------------------------------------------------------------------------------------------


def shipped_packs() -> tuple[str, ...]:
    """Names of the packs that come with the program, in alphabetical order."""
    return tuple(sorted(path.stem for path in _shipped().glob("*.yaml")))


def find_packs(names: Sequence[str], beside: Path | None = None) -> tuple[Pack, ...]:
    """The packs of these names, in their order: a project's own in the folder `beside` before the shipped ones.

    Raises RuleError, with a line per mistake of all packs.
    """
    found: list[Pack] = []
    mistakes: list[str] = []
    for name in names:
        folders = (beside, _shipped()) if beside is not None else (_shipped(),)
        files = [folder / f"{name}.yaml" for folder in folders] if PACK_NAME.match(name) else []
        file = next((file for file in files if file.is_file()), None)
        try:
            if file is None:
                known = shipped_packs()
                near = suggestion(name, known) or f"; packs that come with the program are {', '.join(known)}"
                raise RuleError(f"there is no rule pack called {name}{near}")
            pack = read_pack(file)
            if pack.name != name:
                raise RuleError(f"{file}: calls itself {pack.name}; give the file and the pack the same name")
            found.append(pack)
        except RuleError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise RuleError("\n".join(mistakes))
    return tuple(found)


def _shipped() -> Path:
    """The folder of the shipped packs: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_rules"
    return installed if installed.is_dir() else package.parent / "rules"


# --- reading ----------------------------------------------------------------------------------------------------


def read_pack(path: Path) -> Pack:
    """One pack. Raises RuleError with a line per mistake."""
    mistakes = Mistakes()
    shown = f"rules/{path.name}" if path.parent == _shipped() else str(path)
    document = Document(shown, read_text(path), mistakes)
    if document.root is None:
        raise RuleError(f"{shown}: is empty; a pack begins with `pack:` and its name")
    fields = document.fields(document.root, "the pack", PACK_KEYS, required=("pack", "version", "about"))
    name = document.text(fields.get("pack"), "pack") or ""
    if name and not PACK_NAME.match(name):
        document.wrong(fields["pack"], "a pack's name has letters, digits, _ and - only")
    version = document.whole(fields.get("version"), "version", 1)
    document.text(fields.get("about"), "about")
    defaults = _defaults(document, fields.get("defaults"))
    recognisers = tuple(_recognisers(document, fields.get("recognise")))
    abbreviations = _abbreviations(document, fields.get("abbreviations"))
    mistakes.refuse()
    return Pack(name, version, shown, recognisers, defaults, abbreviations)


def _defaults(document: Document, node: yaml.Node | None) -> dict[str, Decision]:
    defaults: dict[str, Decision] = {}
    if node is not None:
        for category, key, value in document.items(node, "defaults"):
            decision = read_decision(document, value, f"the default of {category}", document.place(key), category)
            if _is_category(document, key) and decision is not None:
                defaults[category] = decision
    return defaults


def _is_category(document: Document, key: yaml.Node) -> bool:
    known = (*CATEGORIES, *NOT_PERSONAL)
    if key.value in known:
        return True
    document.wrong(key, f"there is no category called {key.value}", close_to=key.value, known=known)
    return False


def _recognisers(document: Document, node: yaml.Node | None) -> list[Recogniser]:
    found: list[Recogniser] = []
    if node is None:
        return found
    for category, key, entries in document.items(node, "recognise"):
        if _is_category(document, key):
            for entry in document.elements(entries, f"recognise {category}"):
                found.append(_recogniser(document, entry, category))
    return found


def _recogniser(document: Document, node: yaml.Node, category: str) -> Recogniser:
    fields = document.fields(node, f"an entry of {category}", RECOGNISER_KEYS)
    phrases = _phrases(document, fields.get("names"), "names")
    if isinstance(node, yaml.MappingNode) and not {"names", "tables", "values"} & set(fields):
        document.wrong(node, f"an entry of {category} needs names, tables or values, else it fits every column")
    types = []
    for name, place in document.names(fields.get("types"), "types"):
        if name in set(TypeFamily):
            types.append(TypeFamily(name))
        else:
            document.wrong(place, f"there is no type called {name}", close_to=name, known=list(TypeFamily))
    return Recogniser(
        category=category,
        phrases=phrases,
        tables=_phrases(document, fields.get("tables"), "tables"),
        types=tuple(types),
        values=tuple(name for name, _ in document.names(fields.get("values"), "values")),
        confidence=_confidence(document, fields.get("confidence")),
        place=document.place(node),
        then=read_decision(document, fields["then"], f"an entry of {category}", document.place(node), category)
        if "then" in fields
        else None,
    )


def _phrases(document: Document, node: yaml.Node | None, what: str) -> tuple[str, ...]:
    """The words of all languages, each phrase once (many are the same in two languages)."""
    found: dict[str, None] = {}
    if node is None:
        return ()
    for language, key, words in document.items(node, what):
        if not _LANGUAGE.match(language):
            document.wrong(key, f"{what} has a key {language} that is no language; write two letters, such as nl")
        for word in document.elements(words, f"{what} in {language}"):
            phrase = document.name(word, f"an entry of {what} in {language}")
            normal = normalise(phrase) if phrase else ""
            if phrase and not normal:
                document.wrong(word, f"an entry of {what} in {language} has no letter or digit")
            elif normal:
                found[normal] = None
    return tuple(found)


def _abbreviations(document: Document, node: yaml.Node | None) -> dict[str, str]:
    """What the abbreviations of all languages stand for; one that stands for two things is a mistake."""
    found: dict[str, str] = {}
    if node is None:
        return found
    for language, key, words in document.items(node, "abbreviations"):
        if not _LANGUAGE.match(language):
            document.wrong(
                key, f"abbreviations has a key {language} that is no language; write two letters, such as nl"
            )
        for short, place, meant in document.items(words, f"abbreviations in {language}"):
            name = document.name(meant, f"what {short} stands for")
            brief, full = normalise(short), normalise(name or "")
            if not brief or " " in brief or not full:
                document.wrong(place, f"the abbreviation {short} must be one word and stand for at least one")
            elif found.get(brief, full) != full:
                document.wrong(place, f"{short} stands for {found[brief]} already")
            else:
                found[brief] = full
    return found


def _confidence(document: Document, node: yaml.Node | None) -> float:
    if node is None:
        return 0.9
    value = document.value(node, "confidence")
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1:
        return float(value)
    document.wrong(node, "confidence must be a number between 0 and 1, both excluded")
    return 0.9
