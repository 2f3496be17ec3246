"""What comments, types, defaults and keys give away."""

from __future__ import annotations

from anonymizer.detect import by_comment, by_key, by_type
from anonymizer.model.finding import Verdict
from anonymizer.model.schema import ForeignKey, TableName
from tests.detect.builders import categories, column, detect, exhibit, table


def test_a_comment_is_read_like_a_name():
    of = table("x", column("c17 varchar", comment="E-mailadres van de klant"), column("c18 varchar", comment="Kleur"))
    found = by_comment.examine(exhibit(of))
    assert [item.category for item in found["c17"]] == ["email"]
    assert not [item for item in found["c18"] if item.category != "none"]


def test_a_column_numbered_by_the_database_is_not_personal():
    of = table("x", column("email int", default="nextval('s')"), column("phone int", default="nextval('s'::regclass)"))
    assert all(item.category == "none" for items in by_type.examine(exhibit(of)).values() for item in items)
    assert categories(of) == {}


def test_a_column_too_short_for_its_name_is_not_taken_for_it():
    assert categories(table("x", "phone varchar 1", "email varchar 1", "street varchar 2")) == {}


def test_a_network_address_type_is_an_address_of_the_net():
    assert categories(table("x", "c1 inet")) == {"c1": "ip_address"}


def test_numbers_that_point_at_rows_are_not_personal():
    of = table("x", "klant int", keys=[ForeignKey(("klant",), TableName("", "klanten"), ("id",))])
    assert [item.category for item in by_key.examine(exhibit(of))["klant"]] == ["none"]


def test_a_primary_key_made_of_the_persons_own_number_is_personal_all_the_same():
    assert categories(table("burgers", "rijksregisternummer", primary=("rijksregisternummer",))) == {
        "rijksregisternummer": "national_id"
    }


def test_columns_that_join_get_the_same_finding():
    users = table("users", "login", "email", primary=("login",))
    notes = table("notes", "who", keys=[ForeignKey(("who",), TableName("", "users"), ("login",))])
    found = detect(users, notes)
    assert found["notes.who"].category == found["users.login"].category == "username"
    assert found["notes.who"].verdict is Verdict.PERSONAL


def test_a_code_that_references_a_list_is_as_little_personal_as_the_list():
    lists = table("nationaliteit", "code", "naam", primary=("code",))
    people = table("personen", "nationaliteit", keys=[ForeignKey(("nationaliteit",), lists.name, ("code",))])
    assert detect(lists, people)["personen.nationaliteit"].verdict is Verdict.NOT_PERSONAL


def test_references_in_a_circle_end():
    a = table("a", "x", keys=[ForeignKey(("x",), TableName("", "b"), ("x",))])
    b = table("b", "x", keys=[ForeignKey(("x",), TableName("", "a"), ("x",))])
    assert len(detect(a, b)) == 2


def test_a_search_column_is_as_personal_as_the_text_that_it_repeats():
    assert categories(table("people", "full_name", "words tsvector"))["words"] == "other_personal"
    assert categories(table("films", "title", "words tsvector")) == {}
