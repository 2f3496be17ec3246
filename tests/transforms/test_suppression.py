"""free_text, password_or_secret, document_or_blob, photo, signature, gender, user_agent, null and set leave nothing.

company_name and job_title, which leave a name of the same kind, are here too.
"""

from __future__ import annotations

import re
import zlib

import pyarrow as pa
import pytest

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import (
    company_name,
    document_or_blob,
    free_text,
    gender,
    job_title,
    null,
    password_or_secret,
    photo,
    signature,
    user_agent,
)
from anonymizer.transforms import set as set_
from tests.transforms.bindings import bind

SECRETS = ["hunter2", "$2b$12$abcdefghijklmnopqrstuv", "x" * 200]


def one(kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


@pytest.mark.parametrize("width", [None, 1, 3, 8, 60])
def test_secrets_become_one_dummy_that_tells_nothing_of_them(width: int | None):
    result = password_or_secret.kernel(bind("password_or_secret", width=width))(pa.array(SECRETS)).to_pylist()
    assert len(set(result)) == 1
    assert result[0].startswith("!")


def test_secrets_in_a_key_stay_apart_and_of_one_length():
    result = password_or_secret.kernel(bind("password_or_secret", unique=True))(pa.array(SECRETS)).to_pylist()
    assert len(set(result)) == 3
    assert len({len(text) for text in result}) == 1


@pytest.mark.parametrize(("width", "expected"), [(None, "[...]"), (5, "[...]"), (4, "***"), (1, "*")])
def test_free_text_is_removed_and_says_so(width: int | None, expected: str):
    kernel = free_text.kernel(bind("free_text", width=width))
    assert kernel(pa.array(["Called mrs. X", "", None])).to_pylist() == [expected, "", None]


@pytest.mark.parametrize(
    ("family", "value", "expected"),
    [(TypeFamily.JSON, '{"a": "b"}', "{}"), (TypeFamily.ARRAY, "{a,b}", "{}"), (TypeFamily.XML, "<a/>", "<removed/>")],
)
def test_free_text_of_other_types_is_emptied(family: TypeFamily, value: str, expected: str):
    assert one(free_text.kernel(bind("free_text", family)), value) == expected


@pytest.mark.parametrize("module", [document_or_blob, photo, signature], ids=lambda module: module.NAME)
@pytest.mark.parametrize("start", ["89504e470d0a1a0a", "474946383961", "ffd8ffe0", "255044462d"])
def test_a_file_stays_a_file_of_its_kind_with_nothing_in_it(module, start: str):
    kernel = module.kernel(bind(module.NAME, TypeFamily.BINARY))
    result = bytes.fromhex(one(kernel, f"\\x{start}{'00' * 5000}").removeprefix("\\x"))
    assert result.startswith(bytes.fromhex(start[:6]))
    assert len(result) < 400
    assert one(kernel, "\\x0102") == "\\x"


def test_the_smallest_png_is_a_valid_one():
    kernel = photo.kernel(bind("photo", TypeFamily.BINARY))
    data = bytes.fromhex(one(kernel, "\\x89504e470d0a1a0a").removeprefix("\\x"))
    position, kinds = 8, []
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        chunk = data[position + 4 : position + 8 + size]
        assert zlib.crc32(chunk) == int.from_bytes(data[position + 8 + size : position + 12 + size], "big")
        kinds.append(chunk[:4])
        if chunk[:4] == b"IDAT":
            assert len(zlib.decompress(chunk[4:])) == 2
        position += 12 + size
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_a_path_keeps_its_ending_alone():
    kernel = document_or_blob.kernel(bind("document_or_blob"))
    assert re.fullmatch(r"\w{10}\.pdf", one(kernel, "scans/2024/peeters.pdf"))
    assert one(kernel, "data:image/png;base64,iVBORw0KGgo=").startswith("data:image/gif;base64,R0lGOD")


def test_sex_and_browser_become_the_same_for_everybody():
    assert gender.kernel(bind("gender"))(pa.array(["F", "M", "man"])).to_pylist() == ["X"] * 3
    assert gender.kernel(bind("gender", TypeFamily.INTEGER))(pa.array(["1", "2"])).to_pylist() == ["0"] * 2
    agents = user_agent.kernel(bind("user_agent"))(pa.array(["Mozilla/5.0 (X11)", "curl/8"])).to_pylist()
    assert len(set(agents)) == 1


def test_null_is_refused_where_the_column_does_not_allow_it():
    assert null.kernel(bind("null"))(pa.array(["a", None])).to_pylist() == [None, None]
    with pytest.raises(RuleError, match="does not allow null"):
        null.kernel(bind("null", nullable=False))


@pytest.mark.parametrize(
    ("family", "value", "text"),
    [
        (TypeFamily.TEXT, "n/a", "n/a"),
        (TypeFamily.INTEGER, 0, "0"),
        (TypeFamily.NUMBER, 1.5, "1.5"),
        (TypeFamily.BOOLEAN, False, "false"),
        (TypeFamily.DATE, "2000-01-01", "2000-01-01"),
        (TypeFamily.ENUM, "red", "red"),
    ],
)
def test_set_writes_the_rule_file_s_value_and_null_stays(family: TypeFamily, value, text: str):
    kernel = set_.kernel(bind("set", family, labels=("red",), value=value))
    assert kernel(pa.array(["a", "", None])).to_pylist() == [text, text, None]


@pytest.mark.parametrize(
    ("family", "more", "reason"),
    [
        (TypeFamily.TEXT, {}, "needs a value"),
        (TypeFamily.TEXT, {"value": "abc", "width": 2}, "does not fit"),
        (TypeFamily.INTEGER, {"value": "abc"}, "does not fit"),
        (TypeFamily.DATE, {"value": "yesterday"}, "does not fit"),
        (TypeFamily.ENUM, {"value": "blue", "labels": ("red",)}, "does not fit"),
        (TypeFamily.TEXT, {"value": "x", "unique": True}, "is a key"),
        (TypeFamily.TEXT, {"value": None}, "`null`"),
    ],
)
def test_set_refuses_what_cannot_stand_in_the_column(family: TypeFamily, more: dict, reason: str):
    with pytest.raises(RuleError, match=reason):
        set_.kernel(bind("set", family, **more))


@pytest.mark.parametrize("form", ["BV", "N.V.", "BVBA", "SPRL", "S.A.", "GmbH", "Ltd", "Inc.", "vzw"])
def test_a_firm_keeps_its_legal_form_and_its_pseudonym_under_another(form: str):
    kernel = company_name.kernel(bind("company_name"))
    bare = one(kernel, "Bakkerij Peeters")
    assert one(kernel, f"Bakkerij Peeters {form}") == f"{bare} {form}"
    assert bare in Vocabulary.load("companies").entries.to_pylist()
    assert one(kernel, "BAKKERIJ PEETERS") == bare.upper()


def test_a_function_becomes_another_of_the_lists():
    titles = {
        title for language in ("nl", "fr") for title in Vocabulary.load("job_titles", language).entries.to_pylist()
    }
    kernel = job_title.kernel(bind("job_title"))
    assert one(kernel, "Zaakvoerder van de afdeling") in titles
    assert one(kernel, "Magazijnier") in Vocabulary.load("job_titles", "nl").entries.to_pylist()
