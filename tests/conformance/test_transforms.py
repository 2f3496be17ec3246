"""What every transform promises, over all of them: one suite for the whole family."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import registry
from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.schema import TypeFamily
from tests.transforms.bindings import KEYS, OTHER_KEYS, bind, kept_apart

TRANSFORMS = registry.load("transforms")
GOLDEN = Path(__file__).parent / "golden_transforms.json"
PARAMETERS: dict[str, dict[str, Any]] = {
    "set": {"value": "x"},
    "known_password": {"hash": "md5"},
    "shift": {"by": "90 days"},
    "noise": {"spread": "10 %"},
    "json": {"values": "name: email", "others": "keep"},
    "generalise": {"first": 2},
}
WIDTHS = [1, 3, 8, 13, 20, 40]
INPUTS = [
    "Jan Peeters", "jan.peeters@bakkerij.example", "Kerkstraat 12 bus 3, 9000 Gent", "AB-1234", "1980-05-17",
    "+32 470 12 34 56", "Zoë", "4711",
]  # fmt: skip
"""One of every kind, invented by us."""

words = st.text(st.sampled_from("abzAZéÉßœ 019.,-_@/+'\"{}\\\n\tœ中Ж"), max_size=24)
texts = st.one_of(st.sampled_from(["", " ", "  \t", *INPUTS, *(text.upper() for text in INPUTS)]), words, st.text())
columns = st.lists(st.one_of(st.none(), texts), max_size=12)
every_transform = pytest.mark.parametrize("name", list(TRANSFORMS))


def module(name: str) -> ModuleType:
    return TRANSFORMS[name]


@cache
def kernel(name: str, other_key: bool = False, width: int | None = None, unique: bool = False) -> Any:
    """The kernel of a text column, or None where the transform refuses that width or uniqueness."""
    keys = OTHER_KEYS if other_key else KEYS
    try:
        binding = bind(module(name).NAME, keys=keys, width=width, unique=unique, **PARAMETERS.get(name, {}))
        return module(name).kernel(binding)
    except RuleError:
        return None


def array(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


@every_transform
def test_its_manual_names_technique_and_example(name: str):
    manual = module(name).__doc__
    assert "Technique" in manual
    assert "Example" in manual
    assert name == module(name).NAME
    assert set(module(name).CATEGORIES) <= set(CATEGORIES)
    assert module(name).TECHNIQUE.split()[0].rstrip(",") in {
        "pseudonymization", "suppression", "generalization", "randomization",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "parameter"), [
    (name, parameter)
    for name, transform in TRANSFORMS.items()
    for parameter in transform.PARAMETERS
    if (name, parameter) not in {("set", "value"), ("known_password", "password"), ("known_password", "salt")}
])  # fmt: skip
@pytest.mark.parametrize("nonsense", ["no such thing", -1, 0.5])
def test_a_parameter_that_no_column_could_take_is_a_mistake_before_any_column_is_seen(
    name: str, parameter: str, nonsense: Any
):
    transform = module(name)
    good = PARAMETERS.get(name, {})
    assert transform.mistake(good) is None
    assert parameter in transform.mistake({**good, parameter: nonsense})


def test_every_category_has_a_usual_transform():
    served = {category for transform in TRANSFORMS.values() for category in transform.CATEGORIES}
    assert served == set(CATEGORIES)


@every_transform
@settings(max_examples=25, deadline=None)
@given(values=columns)
def test_lengths_nulls_and_blanks_stay(name: str, values: list[str | None]):
    result = kernel(name)(array(values))
    assert result.type == pa.string()
    assert len(result) == len(values)
    result.validate(full=True)
    if name == "null":
        assert result.null_count == len(values)
        return
    for before, after in zip(values, result.to_pylist(), strict=True):
        assert (after is None) == (before is None)
        if before is not None and not before.strip() and name != "set":
            assert after == before


@every_transform
@settings(max_examples=15, deadline=None)
@given(first=columns, second=columns, unique=st.booleans())
def test_batches_do_not_matter(name: str, first: list[str | None], second: list[str | None], unique: bool):
    mapped = kernel(name, unique=unique) or kernel(name)
    whole = mapped(array([*first, *second])).to_pylist()
    assert whole == mapped(array(first)).to_pylist() + mapped(array(second)).to_pylist()
    assert whole[len(first) :] == mapped(array([*first, *second]).slice(len(first))).to_pylist()


@every_transform
@pytest.mark.parametrize("width", WIDTHS)
@settings(max_examples=8, deadline=None)
@given(values=columns)
def test_nothing_grows_beyond_its_column(name: str, width: int, values: list[str | None]):
    fitting = [value if value is None else value[:width] for value in values]
    for unique in (False, True):
        mapped = kernel(name, width=width, unique=unique)
        if mapped is not None:
            result = mapped(array(fitting)).to_pylist()
            assert all(value is None or len(value) <= width for value in result)


@every_transform
def test_no_input_comes_out_as_it_went_in(name: str):
    result = kernel(name)(array(INPUTS)).to_pylist()
    assert not set(result) & set(INPUTS)


@every_transform
def test_another_key_gives_other_pseudonyms_and_the_same_key_the_same(name: str):
    form = '{{"name":"{}{}"}}' if name == "json" else "{}{}"
    values = array([form.format(text, number) for text in INPUTS for number in range(5)])
    result = kernel(name)(values).to_pylist()
    again = module(name).kernel(bind(name, **PARAMETERS.get(name, {})))(values).to_pylist()
    assert again == result
    if module(name).TECHNIQUE.startswith(("pseudonymization", "randomization")):
        assert kernel(name, other_key=True)(values).to_pylist() != result


@every_transform
@pytest.mark.parametrize("width", [None, 9, 14, 30])
@settings(max_examples=8, deadline=None)
@given(values=st.sets(st.text(st.sampled_from("abcABC-_. 0123456789@"), min_size=2, max_size=20), max_size=30))
def test_what_was_unique_stays_unique(name: str, width: int | None, values: set[str]):
    if kernel(name, width=width, unique=True) is None or name == "null":
        return
    distinct = sorted({value[:width] if width else value for value in values})
    shown = [value for value in distinct if value.strip()]
    binding = bind(module(name).NAME, width=width, unique=True, **PARAMETERS.get(name, {}))
    mapped = kept_apart(module(name), binding, array(shown))
    assert len(set(mapped(array(shown)).to_pylist())) == len(shown)


@every_transform
def test_an_empty_column_stays_empty(name: str):
    assert kernel(name)(array([])).to_pylist() == []


FAMILIES = {
    TypeFamily.INTEGER: ["0", "7", "127", "-128", "2147483647", "9223372036854775807"],
    TypeFamily.NUMBER: ["0", "12.50", "-3.1", "100000"],
    TypeFamily.BOOLEAN: ["t", "f", "true", "0", "1"],
    TypeFamily.DATE: ["1980-05-17", "2000-02-29", "infinity", "0000-00-00"],
    TypeFamily.TIMESTAMP: ["1980-05-17 10:11:12", "2000-02-29 23:59:59.123456+02"],
    TypeFamily.TIME: ["10:11:12", "23:59:59.5"],
    TypeFamily.UUID: ["6f1c9a52-0c39-4c0e-9a3c-1d2f6b7a8e90"],
    TypeFamily.ENUM: ["red", "green"],
    TypeFamily.JSON: ['{"a": 1}', "[1, 2]", '"x"', "17"],
    TypeFamily.XML: ["<a>b</a>"],
    TypeFamily.BINARY: ["\\x89504e470d0a1a0a", "\\x", "\\x00ff"],
    TypeFamily.ARRAY: ["{}", '{a,"b c",NULL}', '{"x\\"y",{d,e}}'],
    TypeFamily.NETWORK: ["10.0.0.1", "10.1.0.0/16", "fe80::1", "08:00:2b:01:02:03"],
    TypeFamily.INTERVAL: ["1 day"],
    TypeFamily.SEARCH: ["'cat':1"],
    TypeFamily.GEOMETRY: ["0101000000"],
    TypeFamily.OTHER: ["(1,2)"],
}


@every_transform
@pytest.mark.parametrize("family", list(FAMILIES))
def test_it_takes_or_refuses_every_type_before_the_first_row(name: str, family: TypeFamily):
    values = array([*FAMILIES[family], None])
    refusals: list[str] = []
    for nullable in (True, False):
        binding = bind(name, family, nullable=nullable, labels=("red", "green", "blue"), **PARAMETERS.get(name, {}))
        try:
            mapped = module(name).kernel(binding)
        except RuleError as error:
            refusals.append(str(error))
            continue
        result = mapped(values)
        assert len(result) == len(values)
        assert result.to_pylist()[-1] is None
        if not nullable:
            assert result.null_count == 1
    assert all("t.c" in refusal for refusal in refusals)


@every_transform
def test_pseudonyms_are_the_same_as_in_every_release_before(name: str):
    """The algorithm's version pins them; `make golden` writes them anew, with a new version only."""
    result = dict(zip(INPUTS, kernel(name)(array(INPUTS)).to_pylist(), strict=True))
    if os.environ.get("GOLDEN") == "write":
        stored = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
        stored[name] = result
        GOLDEN.write_text(json.dumps(stored, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    assert json.loads(GOLDEN.read_text("utf-8")).get(name) == result
