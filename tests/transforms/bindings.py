"""Bindings of a single column, as the transforms' tests need them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.model.rules import Scalar
from anonymizer.model.schema import Column, Table, TableName, TypeFamily
from anonymizer.planning.apart import Survey, moved_apart
from anonymizer.pseudonyms.secret import KeyRing, Secret

KEYS = KeyRing(Secret.from_text("8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a"), "test")
OTHER_KEYS = KeyRing(Secret.from_text("15d36e80c4f2915ab8e7036d1f24c95a8f1c2a77b5e04d3396cc10fd42ab9e77"), "test")


def bind(
    transform: str,
    family: TypeFamily = TypeFamily.TEXT,
    *,
    keys: KeyRing = KEYS,
    type_name: str = "",
    width: int | None = None,
    unique: bool = False,
    nullable: bool = True,
    element: TypeFamily | None = None,
    labels: tuple[str, ...] = (),
    locales: tuple[str, ...] = ("nl_BE", "fr_BE"),
    domain: str | None = None,
    **parameters: Scalar,
) -> Binding:
    """A binding of column t.c to a domain named after the transform."""
    column = Column(
        "c", type_name or family.value, family, length=width, nullable=nullable, element=element, labels=labels
    )
    own = Domain(domain or transform, width, unique)
    return Binding(keys, own, column, Table(TableName("", "t"), (column,)), parameters, {own.name: own}, locales)


def kept_apart(module: ModuleType, binding: Binding, values: pa.Array) -> Kernel:
    """The kernel that a run uses for a key that holds these values: those that would share a pseudonym move apart."""

    def of_variant(variant: int) -> Kernel:
        kernel: Kernel = module.kernel(replace(binding, variant=variant))
        return kernel

    kernel = of_variant(0)
    shown = pc.unique(pc.filter(values, pc.not_equal(pc.utf8_trim_whitespace(values), "")))
    survey = Survey(binding.keys, binding.domain.name)
    survey.add(shown, kernel(shown))
    survey.close()
    if not survey.moving:
        return kernel
    moves = survey.moves(survey.picked(shown), of_variant)
    assert moves is not None, "there are not enough pseudonyms"
    return moved_apart(kernel, moves, of_variant)
