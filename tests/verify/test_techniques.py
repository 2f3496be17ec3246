"""The verifier judges shifted, generalised and noisy columns by what they must be, and withholds the rest."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymizer import api, planning
from anonymizer.errors import VerificationFailed

RULES = """\
format: 1
tables:
  visit:
    columns:
      born: {as: generalise, to: quarter}
      came: {as: shift, by: 90 days}
      went: {as: shift, by: 90 days}
      pay: {as: noise, spread: 10 %}
      age: {as: generalise, to: 10}
      zip: {as: generalise, first: 2}
      ip: {as: generalise, to: /24}
      password: {as: known_password, hash: bcrypt}
    keep: {columns: [id], why: "a number"}
"""
TYPES = "id integer, born date, came timestamp, went timestamp, pay numeric(10,2), age integer, zip text, ip text"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(api.KEY_VARIABLE, hashlib.sha256(b"a key for tests alone").hexdigest())
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "visits.sqlite")) as connection:
        connection.execute(f"CREATE TABLE visit ({TYPES}, password text)")
        connection.executemany(
            f"INSERT INTO visit VALUES ({', '.join('?' * 9)})",
            [
                (
                    n, f"19{50 + n}-0{n % 9 + 1}-0{n % 3 + 1}", f"2023-03-1{n % 9} 10:0{n % 9}:00",
                    f"2023-04-1{n % 9} 12:00:00", 1000 + 17.5 * n, 18 + n, str(2000 + 31 * n),
                    f"81.246.{n}.{n + 5}", f"of person {n}",
                )
                for n in range(1, 41)
            ],
        )  # fmt: skip
        connection.commit()
    return tmp_path / "visits.sqlite"


def released(source: Path) -> bool:
    target = source.with_name("safe.sqlite")
    try:
        api.run(source, target, source.with_name("rules.yaml"))
    except VerificationFailed:
        assert not target.exists()
        return False
    return target.exists()


def test_a_right_result_is_released(source: Path):
    assert released(source)


SPOILT: dict[str, tuple[str, Callable[[pa.Array, pa.Array], pa.Array]]] = {
    "a period left as it was": ("born", lambda old, new: old),
    "a class left as it was": ("age", lambda old, new: old),
    "numbers of another class": ("age", lambda old, new: pc.if_else(pc.equal(old, "25"), "30", new)),
    "postcodes left as they were": ("zip", lambda old, new: old),
    "three signs instead of two": ("zip", lambda old, new: pc.utf8_slice_codeunits(old, 0, 3)),
    "addresses left as they were": ("ip", lambda old, new: old),
    "addresses of a smaller network": ("ip", lambda old, new: pc.replace_substring_regex(old, r"[0-9]+$", "128")),
    "dates left where they were": ("came", lambda old, new: old),
    "one date that moved otherwise": ("came", lambda old, new: pc.if_else(pc.equal(old, old[0]), old, new)),
    "two columns moved apart": ("went", lambda old, new: pc.replace_substring(new, "2023-", "2022-")),
    "a time of day that changed": ("came", lambda old, new: pc.replace_substring(new, " 10:", " 11:")),
    "amounts left as they were": ("pay", lambda old, new: old),
    "passwords left as they were": ("password", lambda old, new: old),
    "one password left as it was": ("password", lambda old, new: pc.if_else(pc.equal(old, old[0]), old, new)),
}


@pytest.mark.parametrize("spoilt", list(SPOILT))
def test_a_wrong_result_is_withheld(spoilt: str, source: Path, monkeypatch: pytest.MonkeyPatch):
    column, spoil = SPOILT[spoilt]
    bind = planning.bind

    def wrong(*arguments):
        kernels = bind(*arguments)
        (of_table,) = kernels.values()
        right = of_table[column]
        of_table[column] = lambda values: spoil(values, right(values))
        return kernels

    monkeypatch.setattr(planning, "bind", wrong)
    assert not released(source)


def test_dates_and_amounts_with_words_behind_them_are_masked_and_released(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(api.KEY_VARIABLE, hashlib.sha256(b"a key for tests alone").hexdigest())
    (tmp_path / "s.csv").write_text(
        "id,d,k,n\n1,2024-01-02 Marieke Claes,2024-01-02 Marieke,100 Marieke\n2,2024-03-02,2024-05-02,200\n"
    )
    (tmp_path / "rules.yaml").write_text(
        "format: 1\ntables:\n  s:\n    columns: {d: {as: shift, by: 90 days}, k: {as: generalise, to: month},"
        " n: {as: noise, spread: 10 %}}\n    keep: [id]\n"
    )
    api.run(tmp_path / "s.csv", tmp_path / "o.csv", tmp_path / "rules.yaml")
    written = (tmp_path / "o.csv").read_text()
    assert "2024-05-01" in written
    assert not [word for word in ("Marieke", "Claes") if word in written]
