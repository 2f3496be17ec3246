"""What the names of columns and tables give away."""

from __future__ import annotations

import pytest

from anonymizer.detect import _words, by_name
from anonymizer.detect._phrases import of, repeated_affixes
from anonymizer.model.finding import Verdict
from anonymizer.model.schema import ForeignKey
from tests.detect.builders import categories, column, detect, exhibit, packs, table

DUTCH = {
    "voornaam": "first_name",
    "vnaam": "first_name",
    "anaam": "last_name",
    "tussenvoegsel": "person_name",
    "straat": "street_address",
    "huisnr": "street_address",
    "postcode": "postcode",
    "woonplaats": "city",
    "tel_nr": "phone",
    "gsm": "phone",
    "rrn": "national_id",
    "insz": "national_id",
    "bsn": "national_id",
    "btwnummer": "vat_number",
    "ondernemingsnummer": "company_id",
    "gebdat": "birth_date",
    "rekeningnummer": "bank_account",
    "brutoloon": "salary_or_finance",
    "wachtwoord": "password_or_secret",
    "nummerplaat": "other_personal",
}
FRENCH = {
    "prenom": "first_name",
    "nom_famille": "last_name",
    "raison_sociale": "company_name",
    "adresse_facturation": "street_address",
    "cp": "postcode",
    "ville": "city",
    "courriel": "email",
    "tel_portable": "phone",
    "niss": "national_id",
    "numtva": "vat_number",
    "siret": "company_id",
    "ddn": "birth_date",
    "mdp": "password_or_secret",
    "remarques": "free_text",
    "groupe_sanguin": "health",
}
GERMAN = {
    "Vorname": "first_name",
    "Nachname": "last_name",
    "Straße": "street_address",
    "PLZ": "postcode",
    "Ort": "city",
    "Geburtsdatum": "birth_date",
    "Handynummer": "phone",
    "SVNummer": "national_id",
    "Kontonummer": "bank_account",
    "Taetigkeit": "job_title",
    "Bemerkung": "free_text",
}
ENGLISH = {
    "FName": "first_name",
    "last_name": "last_name",
    "EMailAddress": "email",
    "MobilePhone": "phone",
    "addr1": "street_address",
    "ZipCode": "postcode",
    "pcode": "postcode",
    "DateOfBirth": "birth_date",
    "dob": "birth_date",
    "SSN": "national_id",
    "passport_no": "national_id",
    "cc_number": "credit_card",
    "PasswordHash": "password_or_secret",
    "user_agent": "user_agent",
    "remote_ip": "ip_address",
    "job_title": "job_title",
    "salary": "salary_or_finance",
    "latitude": "geo_location",
}


@pytest.mark.parametrize("names", [DUTCH, FRENCH, GERMAN, ENGLISH], ids=["nl", "fr", "de", "en"])
def test_personal_columns_are_found_by_their_names_in_four_languages(names: dict[str, str]):
    assert categories(table("x", *names)) == names


@pytest.mark.parametrize(
    "name",
    ["email_verified", "phone_type", "type_adresse", "nb_telephones", "address_id", "password_changed_at",
     "is_email", "datum_email", "email_template", "name_format", "adresse_statut"],
)  # fmt: skip
def test_a_word_that_describes_makes_the_personal_word_beside_it_not_count(name: str):
    assert detect(table("x", name))[f"x.{name}"].verdict is Verdict.NOT_PERSONAL


def test_the_type_decides_whether_a_name_can_mean_what_it_says():
    found = categories(table("users", "email bool", "first_name int", "phone timestamp", "newsletter_email varchar 80"))
    assert found == {"newsletter_email": "email"}


def test_a_name_is_a_persons_or_a_firms_or_a_products_as_its_table_says():
    assert categories(table("medewerkers", "naam")) == {"naam": "full_name"}
    assert categories(table("leveranciers", "naam")) == {"naam": "company_name"}
    assert categories(table("producten", "naam")) == {}


def test_the_column_itself_may_say_whose_name_it_is():
    found = categories(table("orders", "klant_naam", "product_naam", "supplier_name", "status_name"))
    assert found == {"klant_naam": "full_name", "supplier_name": "company_name"}


def test_number_of_a_person_is_not_the_persons_name_but_number_of_a_phone_is_a_phone():
    found = categories(table("x", "client_no int", "numero_client", "emergency_phone_number"))
    assert found == {"emergency_phone_number": "phone"}


def test_words_repeated_all_over_a_table_say_nothing():
    names = ["nom_adh", "prenom_adh", "ddn_adh", "ville_adh"]
    assert list(repeated_affixes([_words.split(name) for name in names])) == ["adh"]
    found = categories(table("adherents", *names))
    assert found == {
        "nom_adh": "last_name",
        "prenom_adh": "first_name",
        "ddn_adh": "birth_date",
        "ville_adh": "city",
    }


def test_compounds_and_plurals_are_taken_apart():
    words = of(packs()).words
    assert words("leerlingnaam") == ("leerling", "naam")
    assert words("datumaangemaakt") == ("datum", "aangemaakt")
    assert words("zwirbelnote") == ("zwirbel", "note")
    assert words("klassenpartner") == ("klas", "partner")
    assert words("Cities") == ("city",)


def test_an_ending_that_names_of_a_table_share_says_nothing():
    found = categories(table("personne", "nom", "ruexyzi", "telxyzi", "paysxyzi", "villexyzi", "gsmxyzi"))
    assert {name: found[name] for name in ("ruexyzi", "telxyzi", "paysxyzi", "villexyzi", "gsmxyzi")} == {
        "ruexyzi": "street_address",
        "telxyzi": "phone",
        "paysxyzi": "country",
        "villexyzi": "city",
        "gsmxyzi": "phone",
    }


def test_an_animal_is_nobody_but_its_owner_is_somebody():
    names = ["id int", "nom", "date_naissance date", "sexe", "id_client int", "proprietaire_email"]
    assert categories(table("animaux", *names)) == {"proprietaire_email": "email"}


def test_an_amount_among_amounts_of_pay_is_pay_and_one_of_an_order_is_not():
    pay = table("bulletins", "id int", "id_employe int", "salaire_base numeric", "primes numeric", "total_net numeric")
    order = table("commandes", "id int", "id_client int", "frais numeric", "remise numeric", "total_net numeric")
    assert categories(pay)["total_net"] == "salary_or_finance"
    assert "total_net" not in categories(order)


def test_a_register_of_streets_is_nobody_s_address():
    names = ["country varchar 2", "postal varchar 8", "street varchar 30", "city varchar 30"]
    assert categories(table("postal_ref", *names)) == {}
    assert "street" in categories(table("persons", "id int", "last_name varchar 30", *names))


def test_the_settings_of_the_software_are_system_parameters_but_a_password_in_them_is_a_secret():
    found = detect(table("parameters", "email", "adres", "btw_nummer", "smtp_password"))
    assert {finding.category for name, finding in found.items() if "smtp" not in name} == {"system_parameter"}
    assert found["parameters.email"].verdict is Verdict.NOT_PERSONAL
    assert found["parameters.smtp_password"].category == "password_or_secret"


def test_a_catalogue_is_left_alone():
    names = ["id int", "code", "name", "description", "price numeric", "image", "brand", "country"]
    for name in ("product", "artikelen", "categories", "order_status", "soort", "wp_terms_type", "langues"):
        assert categories(table(name, *names)) == {}, name


def test_a_column_called_after_a_catalogue_says_which_entry_and_is_not_personal():
    found = detect(table("klanten", "voornaam", "achternaam", "email", "payment_method", "categorie", "vehicle_model"))
    kept = {name for name, finding in found.items() if finding.verdict is Verdict.NOT_PERSONAL}
    assert kept == {"klanten.payment_method", "klanten.categorie", "klanten.vehicle_model"}


def test_the_last_word_names_the_thing_and_the_words_before_it_qualify():
    found = categories(table("orders", "billing_address_city", "customer_newsletter", "email_content", "ship_to_name"))
    assert found.get("billing_address_city") == "city"
    assert found["ship_to_name"] == "full_name"
    assert "customer_newsletter" not in found


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("telephone_pere", "phone"),
        ("emailVader", "email"),
        ("adresse_tuteur", "street_address"),
        ("prenom_mere", "first_name"),
        ("telefoon_verantwoordelijke", "phone"),
        ("geboortedatum_kind", "birth_date"),
        ("geslacht_kind", "other_personal"),
        ("gemeente_domicilie", "city"),
        ("mail_principal", "email"),
        ("email_primary", "email"),
        ("user_mail", "email"),
        ("email_approved_by", "full_name"),
        ("naam_moeder", "full_name"),
    ],
)
def test_a_word_for_a_person_behind_the_thing_says_whose_it_is(name: str, category: str):
    assert categories(table("dossiers", "achternaam", name))[name] == category


def test_evidence_names_the_entry_of_the_pack_that_spoke():
    finding = detect(table("x", "rijksregisternummer"))["x.rijksregisternummer"]
    assert finding.rule is not None
    assert "belgium.yaml:" in finding.rule
    assert any("rijksregisternummer" in words for words in finding.evidence)


def test_a_column_without_letters_in_its_name_is_no_mistake():
    assert by_name.examine(exhibit(table("1", column("2"), column("…"), column("_"))))["2"] == ()


def test_a_table_of_unknown_name_is_about_people_if_its_columns_are():
    columns = ("id int", "nachname varchar 40", "vorname varchar 40", "titel varchar 20", "children int")
    assert set(categories(table("xq_17", *columns))) == {"nachname", "vorname", "titel", "children"}
    assert "titel" not in categories(table("xq_17", "id int", "isbn varchar 20", "titel varchar 20"))


def test_what_a_patient_points_at_holds_no_settings():
    patient = table("patient", "id int", "naam varchar 40", primary=("id",))
    key = ForeignKey(("patient_id",), patient.name, ("id",))
    measured = table("constante", "id int", "patient_id int", "poids numeric", "taille int", keys=(key,))
    found = detect(patient, measured)
    assert {found["constante.poids"].category, found["constante.taille"].category} == {"health"}


def test_a_code_of_what_a_person_is_tells_it_too():
    found = categories(table("persoon", "id int", "burgerlijke_staat_code varchar 2", "geslacht_code varchar 1"))
    assert found == {"burgerlijke_staat_code": "other_personal", "geslacht_code": "gender"}


def test_the_end_of_an_unknown_word_is_no_word_of_a_catalogue():
    words = of(packs()).words
    assert words("Zorgerecht") == ("zorgerecht",)  # no dish
    assert words("klager") == ("klager",)  # no store
    assert words("modellname")[-1] == "name"
    assert words("Abteilungsname") == ("abteilung", "name")
    assert words("Mitglieder") == ("mitglied",)


def test_a_word_that_one_for_a_person_begins_with_is_not_that_person():
    for name in ("voyage", "verhuur", "verkauf"):
        found = detect(table(name, "id", "nom", "libelle", "code"))
        assert not [f for f in found.values() if f.verdict is Verdict.PERSONAL], name


def test_the_weight_of_a_thing_is_no_health_and_that_of_a_patient_is():
    assert "poids" not in categories(table("produit", "id", "libelle", "poids"))
    assert categories(table("patient", "id", "nom", "poids"))["poids"] == "health"
