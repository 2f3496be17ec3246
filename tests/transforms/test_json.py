"""Values inside JSON: named ones map as in the columns that they repeat, all else stays as it was written."""

from __future__ import annotations

import json as standard
from dataclasses import replace
from json import loads
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.contracts import Kernel
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import email, json, permute
from anonymizer.transforms._json_text import tokens
from tests.transforms.bindings import bind

KEYS = 'customer_id: permute domain c.id, contact.mail: email, "odd:name": permute domain c.id'
PERMUTED = permute.kernel(bind("permute", domain="c.id"))


def of(keys: str = KEYS, others: str | None = "keep", **more: Any) -> Kernel:
    binding = bind("json", **{"family": TypeFamily.JSON, **more})
    domains = {name: Domain(name) for name in ("c.id", "email")}
    return json.kernel(replace(binding, parameters={"values": keys, "others": others}, domains=domains))


def one(kernel: Kernel, text: str) -> str:
    (result,) = kernel(pa.array([text])).to_pylist()
    return str(result)


def permuted(text: str) -> str:
    return one(PERMUTED, text)


def test_named_values_map_as_in_their_column_and_the_rest_stays_byte_for_byte():
    new, mail = permuted("4711"), one(email.kernel(bind("email")), "jan@bakker.example")
    before = ' {"customer_id" : 4711,\t"contact":{"mail":"jan@bakker.example"}, "mail":"x", "n":[1.50,null,"\\u00e9"]} '
    after = before.replace("4711", new).replace("jan@bakker.example", mail)
    assert one(of(), before) == after


def test_values_of_keys_that_nobody_named_are_masked_or_kept_as_the_rule_says():
    before = '{"customer_id":4711,"NAME":"Jan","new":{"x":["a@real.be",12,true,null]},"list":[]}'
    assert one(of(), before) == before.replace("4711", permuted("4711"))
    after = loads(one(of(others="masked"), before))
    assert after["customer_id"] == int(permuted("4711"))
    assert after["NAME"] not in ("Jan", "")
    assert after["new"]["x"][0] != "a@real.be"
    assert after["new"]["x"][2:] == [False, None]
    assert after["list"] == []
    with pytest.raises(RuleError, match="all other keys"):
        of(others=None)


def test_text_and_number_map_alike_and_lists_under_a_name_are_replaced_whole():
    new = permuted("4711")
    assert one(of(), '{"customer_id":[4711,"4711",{"x":4711},null,true]}') == (
        f'{{"customer_id":[{new},"{new}",{{"x":{new}}},null,false]}}'
    )


def test_a_name_written_with_escapes_is_that_name():
    assert one(of(), '{"customer\\u005fid":"4711"}') == f'{{"customer\\u005fid":"{permuted("4711")}"}}'
    assert one(of(), '{"odd:name":4711}') == f'{{"odd:name":{permuted("4711")}}}'


def test_a_value_written_with_escapes_maps_as_what_it_says():
    said = 'A"B\\7\n'
    result = one(of(), standard.dumps({"customer_id": said}))
    assert standard.loads(result) == {"customer_id": permuted(said)}


def test_a_path_counts_through_lists_but_not_through_other_names():
    replaced = standard.loads(one(of(), '{"contact":[{"mail":"jan@x.example"}],"o":{"mail":"keep"}}'))
    assert replaced["contact"][0]["mail"] != "jan@x.example"
    assert replaced["o"]["mail"] == "keep"
    kept = '{"contact":{"home":{"mail":"jan@x.example"}}}'
    assert one(of(), kept) == kept


@pytest.mark.parametrize(
    ("text", "left"),
    [('{"customer_id": 1', "{}"), ("[1,]", "[]"), ("jan", "null"), ('{"a":01}', "{}"), ('{"a" 1}', "{}"),
     ('{"a":"\\x"}', "{}"), ('{"a":1}}', "{}"), ("[1] [2]", "[]"), ('["a\nb"]', "[]"), ('"', "null")],
)  # fmt: skip
def test_what_is_not_json_is_emptied_and_its_neighbours_are_not_touched(text: str, left: str):
    good = '{"customer_id":4711}'
    assert of()(pa.array([good, text, None, good])).to_pylist() == [
        one(of(), good), left, None, one(of(), good),
    ]  # fmt: skip


def test_a_result_that_no_longer_fits_its_column_is_emptied():
    kernel = of("mail: email", family=TypeFamily.TEXT, width=13)
    assert one(kernel, '{"mail":"ab"}') == "{}"
    assert one(kernel, '{"male":"ab"}') == '{"male":"ab"}'


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "customer_id",
        "x: nothing",
        "a: json",
        "a: email b",
        "a: permute domain c.di",
        "a..b: email",
        "a: email, a: phone",
    ],
)
def test_keys_that_nobody_can_read_are_refused(keys: str):
    with pytest.raises(RuleError, match=r"t\.c"):
        of(keys)


@pytest.mark.parametrize("more", [{"family": TypeFamily.INTEGER}, {"unique": True}, {"width": 3}])
def test_columns_that_cannot_hold_it_are_refused(more: dict[str, Any]):
    with pytest.raises(RuleError, match=r"t\.c"):
        of(**more)


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6) | st.floats(-1e6, 1e6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["customer_id", "contact", "mail", 'a"b', "é"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(documents, st.booleans(), st.sampled_from([None, 1])), max_size=6))
def test_every_document_is_json_of_the_same_shape_afterwards(made: list[tuple[Any, bool, int | None]]):
    texts = [standard.dumps([value], ensure_ascii=plain, indent=indent) for value, plain, indent in made]
    kernel = of("customer_id: permute domain c.id")
    results = kernel(pa.array(texts, pa.string())).to_pylist()
    for before, after in zip(texts, results, strict=True):
        assert _expected(standard.loads(before), under=False) == standard.loads(after)
        if "customer_id" not in before:
            assert after == before


def _expected(value: Any, under: bool) -> Any:
    """The same in plain Python, a value at a time."""
    if isinstance(value, dict):
        return {name: _expected(inner, under or name == "customer_id") for name, inner in value.items()}
    if isinstance(value, list):
        return [_expected(inner, under) for inner in value]
    if not under or value is None:
        return value
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return permuted(value)
    kernel = permute.kernel(bind("permute", TypeFamily.NUMBER, domain="c.id")) if isinstance(value, float) else PERMUTED
    new = one(kernel, standard.dumps(value))
    try:
        return standard.loads(new)
    except ValueError:
        return new


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from('{}[]:,"\\ 10ae-.\n'), max_size=10), max_size=8))
def test_what_is_json_is_told_as_the_standard_library_tells_it(texts: list[str]):
    def is_json(text: str) -> bool:
        try:
            standard.loads(text, parse_constant=float.__call__)
        except (ValueError, TypeError):
            return False
        return True

    assert (~tokens(pa.array(texts, pa.string())).bad).tolist() == [is_json(text) for text in texts]
