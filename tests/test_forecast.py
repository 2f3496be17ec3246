"""What is unique stays unique, and whether it can is known before the first row is written."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anonymizer import api
from anonymizer.errors import FindingsError, RuleError
from anonymizer.report import text_report
from anonymizer.transforms import email, iban, national_id, phone
from tests.fix_key import write_key
from tests.transforms.bindings import bind, kept_apart

RULES = """format: 1
tables:
  person:
    columns: {{national_number: {rule}, birth_date: birth_date}}
    keep: [id]
"""


def national_numbers(count: int, first: str = "1940-01-01", last: str = "2004-12-31") -> list[str]:
    """Different valid numbers of people born between two dates."""
    rng = np.random.default_rng(7)
    days = rng.integers(np.datetime64(first).astype(int), np.datetime64(last).astype(int), 2 * count)
    body = np.unique(np.stack([days, rng.integers(1, 999, 2 * count)], axis=1), axis=0)
    found = []
    for day, serial in rng.permutation(body)[:count].tolist():
        date = str(np.datetime64(day, "D"))
        digits = f"{date[2:4]}{date[5:7]}{date[8:10]}{serial:03d}"
        check = 97 - int(("2" if date >= "2000" else "") + digits) % 97
        found.append(f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}-{digits[6:]}.{check:02d}")
    return found


def birth(number: str) -> np.datetime64:
    digits = number.replace(".", "").replace("-", "")
    century = 19 if 97 - int(digits[:9]) % 97 == int(digits[9:]) else 20
    return np.datetime64(f"{century}{digits[:2]}-{digits[2:4]}-{digits[4:6]}")


def dump(folder: Path, numbers: list[str]) -> Path:
    rows = "".join(f"{n}\t{number}\t{birth(number)}\n" for n, number in enumerate(numbers))
    path = folder / "people.sql"
    path.write_text(
        "CREATE TABLE person (id integer PRIMARY KEY, national_number character varying(15) UNIQUE, birth_date date);\n"
        f"COPY person (id, national_number, birth_date) FROM stdin;\n{rows}\\.\n"
    )
    return path


def written(folder: Path, rule: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(RULES.format(rule=rule))
    return path


@pytest.mark.parametrize(("column", "values"), [
    (iban, [f"BE{98 - int(f'{n:010d}{(n % 97 or 97):02d}111400') % 97:02d}{n:010d}{(n % 97 or 97):02d}"
            for n in range(3_630_000_000, 3_630_200_000)]),
    (email, [f"jan.peeters{n}@firm.be" for n in range(200_000)]),
])  # fmt: skip
def test_two_hundred_thousand_values_of_a_key_stay_different(column, values):
    array = pa.array(values)
    kernel = kept_apart(column, bind(column.NAME, unique=True), array)
    assert len(set(kernel(array).to_pylist())) == len(values)


def test_of_two_spellings_of_one_address_the_plain_one_stays_as_it_is_inside_documents():
    binding = bind("email", unique=True)
    plain = email.kernel(binding)
    for addresses in (["Jan.Peeters@firm.be", "jan.peeters@firm.be"], ["jan.peeters@firm.be", "JAN.PEETERS@firm.be"]):
        array = pa.array(addresses)
        apart = kept_apart(email, binding, array)(array).to_pylist()
        assert len({address.lower() for address in apart}) == 2
        place = addresses.index("jan.peeters@firm.be")
        assert apart[place] == plain(array.take(pa.array([place]))).to_pylist()[0]


def test_a_key_may_hold_nulls_where_values_move():
    addresses = pa.array(["Jan.Peeters@firm.be", None, "jan.peeters@firm.be"])
    apart = kept_apart(email, bind("email", unique=True), addresses.drop_null())(addresses).to_pylist()
    assert apart[1] is None
    assert len({address.lower() for address in apart if address}) == 2


def test_spellings_of_one_number_move_together():
    """50,000 in a space of 91,312: many move, and a bare number goes where the dotted one goes."""
    dotted = national_numbers(20_000)
    bare = ["".join(filter(str.isdigit, number)) for number in dotted]
    kernel = kept_apart(national_id, bind("national_id", unique=True), pa.array(dotted + bare))
    result = kernel(pa.array(dotted + bare)).to_pylist()
    assert len(set(result)) == 40_000
    assert ["".join(filter(str.isdigit, number)) for number in result[:20_000]] == result[20_000:]


def test_only_values_that_would_collide_lose_their_first_pseudonym():
    numbers = pa.array([f"02 {n:03d} {n % 97:02d} 11" for n in range(100, 999)])
    binding = bind("phone", unique=True)
    apart, alone = kept_apart(phone, binding, numbers)(numbers).to_pylist(), phone.kernel(binding)(numbers).to_pylist()
    moved = sum(one != other for one, other in zip(apart, alone, strict=True))
    assert moved == len(alone) - len(set(alone))


def test_fifty_thousand_national_numbers_stay_unique_and_the_report_counts_what_moved(tmp_path: Path):
    source = dump(tmp_path, national_numbers(50_000))
    result = api.run(source, tmp_path / "safe.sql", written(tmp_path, "national_id"))
    safe = [line.split("\t")[1] for line in (tmp_path / "safe.sql").read_text().splitlines() if "\t" in line]
    assert len(set(safe)) == len(safe) == 50_000
    (forecast,) = result.plan.forecasts
    assert (forecast.values, forecast.capacity) == (50_000, 91_312)
    assert 10_000 < forecast.moved < 40_000


def test_of_people_born_in_one_year_as_many_numbers_agree_with_birth_dates_as_there_are_and_the_others_nearly(
    tmp_path: Path,
):
    numbers = national_numbers(9_000, "1984-01-01", "1984-12-31")
    result = api.run(dump(tmp_path, numbers), tmp_path / "safe.sql", written(tmp_path, "national_id"))
    safe = [line.split("\t") for line in (tmp_path / "safe.sql").read_text().splitlines() if "\t" in line]
    off = np.array([abs((birth(number) - np.datetime64(born)).astype(int)) for _, number, born in safe])
    pairs = {(birth(number), int(number[9:12]) % 2) for number in numbers}
    assert np.count_nonzero(off == 0) >= len(pairs)
    assert np.median(off) < 3 * 365, "12 years of births are needed for 9,000 numbers"
    assert np.quantile(off, 0.95) < 10 * 365
    (warning,) = result.warnings
    assert f"person.national_number: {9_000 - len(pairs):,} of 9,000 different values share their birth date" in warning


@pytest.mark.parametrize(("count", "last"), [(9_000, "1984-12-31"), (30_000, "1984-12-31"), (9_000, "1984-01-31")])
def test_numbers_that_may_be_somebodys_are_not_withheld_where_many_people_are_born_together(
    tmp_path: Path, count: int, last: str
):
    numbers = national_numbers(count, "1984-01-01", last)
    accepted = written(tmp_path, "{as: national_id, range: issued, why: an isolated test network}")
    result = api.run(dump(tmp_path, numbers), tmp_path / "safe.sql", accepted)
    assert result.published
    assert not result.plan.forecasts[0].moved


def test_more_national_numbers_than_there_are_stop_before_a_row_is_written(tmp_path: Path):
    source, target = dump(tmp_path, national_numbers(120_000)), tmp_path / "safe.sql"
    with pytest.raises(FindingsError) as stopped:
        api.run(source, target, written(tmp_path, "national_id"))
    said = str(stopped.value)
    assert "person.national_number: 120,000 different values" in said
    assert "91,312 pseudonyms" in said
    assert "range: issued" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.sql", "rules.yaml"]
    assert "rules.yaml:4" in said
    with pytest.raises(RuleError, match=r"rules\.yaml:4: public\.person\.national_number takes numbers .* say `why`"):
        api.run(source, target, written(tmp_path, "{as: national_id, range: issued}"))
    accepted = written(tmp_path, "{as: national_id, range: issued, why: an isolated test network}")
    result = api.run(source, target, accepted)
    assert "120,000 values of public.person.national_number, accepted at" in text_report.render(result)
    safe = [line.split("\t")[1] for line in target.read_text().splitlines() if "\t" in line]
    assert len(set(safe)) == 120_000


def test_the_forecast_of_a_dry_run_is_that_of_the_run(tmp_path: Path):
    source, rules = dump(tmp_path, national_numbers(3_000)), written(tmp_path, "national_id")
    assert api.run(source, tmp_path / "x.sql", rules, dry_run=True).plan.forecasts
    assert not (tmp_path / "x.sql").exists()


def people(folder: Path, names: list[tuple[str, str]], key: str) -> Path:
    rows = "".join(f"{first}\t{last}\t1\n" for first, last in names)
    path = folder / "people.sql"
    path.write_text(
        "CREATE TABLE person (voornaam character varying(40) NOT NULL, achternaam character varying(40) NOT NULL,"
        f" afdeling integer NOT NULL, UNIQUE ({key}));\n"
        f"COPY person (voornaam, achternaam, afdeling) FROM stdin;\n{rows}\\.\n"
    )
    return path


def safe_people(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "safe.sql").read_text("utf-8").splitlines()
    return [(cells[0], cells[1]) for cells in (line.split("\t") for line in lines) if len(cells) == 3]


def run_people(folder: Path, names: list[tuple[str, str]], key: str = "voornaam, achternaam"):
    return api.run(
        people(folder, names, key), folder / "safe.sql", key_file=write_key(folder / "key"), assume_masked=True
    )


def test_a_key_of_several_columns_gives_no_name_a_token(tmp_path: Path):
    names = [("Emma", "Peeters"), ("Emma", "Maes"), ("Lucas", "Peeters"), ("Lucas", "Maes"), ("Noah", "Claes")]
    result = run_people(tmp_path, names)
    safe = safe_people(tmp_path)
    assert not result.plan.domains["first_name"].unique
    assert len(set(safe)) == len(names)
    assert all(name.isalpha() for pair in safe for name in pair), safe
    assert len({first for first, _ in safe}) == 3


def test_rows_that_would_share_a_key_of_several_columns_are_kept_apart(tmp_path: Path):
    names = unheard(320)
    first = {safe for safe, _ in _alone(tmp_path / "alone", names)}
    assert len(first) < len(names), "the test needs names whose pseudonyms meet"
    (tmp_path / "keyed").mkdir()
    result = run_people(tmp_path / "keyed", names, "afdeling, voornaam")
    assert len({safe for safe, _ in safe_people(tmp_path / "keyed")}) == len(names)
    assert "every value of domain first_name gets a token" in " ".join(result.warnings)
    assert "(afdeling, voornaam) of public.person" in " ".join(result.warnings)


def unheard(count: int) -> list[tuple[str, str]]:
    """People of one surname whose first names are in no list."""
    parts = product(("Zar", "Qui", "Bex", "Vol"), ("mo", "lu", "ti", "ra"), "nskxp", ("a", "o", "us", "ix"))
    return [("".join(name), "Peeters") for name in parts][:count]


def _alone(folder: Path, names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pseudonyms without a key over them."""
    folder.mkdir()
    source = people(folder, names, "voornaam, achternaam, afdeling")
    source.write_text(source.read_text("utf-8").replace(", UNIQUE (voornaam, achternaam, afdeling)", ""))
    api.run(source, folder / "safe.sql", key_file=write_key(folder / "key"), assume_masked=True)
    return safe_people(folder)
