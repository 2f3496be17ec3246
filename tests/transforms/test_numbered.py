"""Numbers with a checksum keep their pseudonym whatever stands around them, and however a program wrote them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from stdnum.be import vat

from anonymizer import registry
from anonymizer.model.schema import TypeFamily
from tests.transforms.bindings import bind


def mapped(transform: str, *values: str, family: TypeFamily = TypeFamily.TEXT) -> list[str]:
    kernel = registry.load("transforms")[transform].kernel(bind(transform, family=family))
    return list(kernel(pa.array(values, pa.string())).to_pylist())


@pytest.mark.parametrize(
    ("transform", "number", "labelled"),
    [
        ("vat_number", "BE 0403.170.701", ["BTW {}", "TVA: {}", "BTW nr. {}", "VAT-{}"]),
        ("company_id", "0403.170.701", ["RPR {}", "KBO {}", "BCE: {}", "nummer {}"]),
        ("iban", "BE71 0961 2345 6769", ["IBAN: {}", "IBAN {}", "Rek. nr {}"]),
        ("national_id", "85.07.30-033.28", ["RRN {}", "NISS: {}", "INSZ {}"]),
    ],
)
def test_a_label_before_a_number_stays_and_the_number_agrees(transform: str, number: str, labelled: list[str]):
    (alone,) = mapped(transform, number)
    assert mapped(transform, *(form.format(number) for form in labelled)) == [form.format(alone) for form in labelled]


def test_behind_an_account_the_code_of_its_bank_becomes_that_of_none():
    (alone,) = mapped("iban", "BE71 0961 2345 6769")
    for form in ("{} (KREDBEBB)", "{} KREDBEBB", "{} / KREDBEBB", "{} BIC: KREDBEBB"):
        (result,) = mapped("iban", form.format("BE71 0961 2345 6769"))
        assert result.startswith(alone)
        assert "KREDBEBB" not in result


def test_another_word_before_a_number_does_not_stay():
    (result,) = mapped("vat_number", "Claes BE 0403.170.701")
    assert "Claes" not in result


@pytest.mark.parametrize(("transform", "number"), [("national_id", "85073003328"), ("phone", "32470123456")])
def test_a_number_that_a_program_made_a_floating_one_agrees(transform: str, number: str):
    (alone,) = mapped(transform, number)
    assert mapped(transform, f"{number}.0") == [f"{alone}.0"]
    scientific = f"{number[0]}.{number[1:]}e+10"
    (whole,) = mapped(transform, number, family=TypeFamily.NUMBER)
    assert mapped(transform, scientific, f"{number}.0", family=TypeFamily.NUMBER) == [whole, f"{whole}.0"]
    assert whole.lstrip("0") == alone.lstrip("0")


def test_a_vat_number_that_comes_out_passes_its_check():
    assert vat.is_valid(mapped("vat_number", "BE0403170701")[0])
