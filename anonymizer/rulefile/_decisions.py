"""What a rule file or a pack says of one column or category: `email`, `{as: email, why: …}`, `{keep: true, why: …}`."""

from __future__ import annotations

import yaml

from anonymizer.model.finding import CATEGORIES, NOT_PERSONAL
from anonymizer.model.rules import Action, Decision, Place, Scalar
from anonymizer.rulefile._yaml import Document, scalar

OWN_KEYS = ("as", "keep", "except", "why", "category")
"""Keys of a decision that are not parameters of its transform."""


def read_decision(
    document: Document, node: yaml.Node, what: str, place: Place, category: str | None = None
) -> Decision | None:
    """The decision that stands at `node`, or None after noting what is wrong with it."""
    if isinstance(node, yaml.ScalarNode):
        transform = _transform(document, node, what)
        return None if transform is None else Decision(Action.REPLACE, transform, category=category, place=place)
    if not isinstance(node, yaml.MappingNode):
        document.wrong(node, f"{what} must be a transform's name, {{as: …}} or {{keep: true, why: …}}")
        return None
    own: dict[str, yaml.Node] = {}
    parameters: dict[str, Scalar] = {}
    for name, _, value in document.items(node, what):
        if name in OWN_KEYS:
            own[name] = value
        else:
            parameters[name] = document.value(value, f"{name} of {what}")
            if name == "domain" and not (isinstance(parameters[name], str) and str(parameters[name]).strip()):
                document.wrong(value, f"domain of {what} must be a name, such as `domain: visits`")
    why = document.text(own.get("why"), f"the reason of {what}")
    category = _category(document, own.get("category"), what) or category
    if ("as" in own) == ("keep" in own):
        document.wrong(node, f"{what} needs either as or keep", close_to=next(iter(parameters), ""), known=OWN_KEYS)
        return None
    if "as" in own:
        transform = _transform(document, own["as"], what)
        spared = tuple(name for name, _ in document.names(own.get("except"), f"except of {what}"))
        if spared and "why" not in own:
            document.wrong(node, f"{what} spares values without a reason; add why")
        return Decision(Action.REPLACE, transform, parameters, why, category, place, spared) if transform else None
    if not (isinstance(own["keep"], yaml.ScalarNode) and scalar(own["keep"]) is True):
        document.wrong(own["keep"], f"keep of {what} must be true; to replace the column write as")
    for name in (*parameters, *(key for key in ("except",) if key in own)):
        document.wrong(node, f"{what} is kept, so {name} means nothing", close_to=name, known=("why", "category"))
    if "why" not in own:
        document.wrong(node, f"{what} is kept without a reason; add why, or list the column under keep")
    return Decision(Action.KEEP, why=why, category=category, place=place)


def _transform(document: Document, node: yaml.Node, what: str) -> str | None:
    name = document.name(node, what)
    if name == "keep":
        document.wrong(node, f"{what} says keep; write {{keep: true, why: …}} or list the column under keep")
        return None
    return name


def _category(document: Document, node: yaml.Node | None, what: str) -> str | None:
    if node is None:
        return None
    name = document.name(node, f"the category of {what}")
    known = (*CATEGORIES, *NOT_PERSONAL)
    if name is None or name in known:
        return name
    document.wrong(node, f"there is no category called {name}", close_to=name, known=known)
    return None
