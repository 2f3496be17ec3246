"""The commands beside the main job, as a person meets them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anonymizer.cli import commands
from anonymizer.errors import AnonymizerError, FindingsError, RuleError, SettingError
from tests.fix_key import write_key

ERP = Path(__file__).parent.parent / "fixtures" / "erp"
RULES = str(ERP / "erp.rules.yaml")


def anonymizer(*arguments: str | Path) -> Result:
    """Run a command; its errors are raised, as `main` gets them."""
    result = CliRunner().invoke(commands, list(map(str, arguments)))
    if isinstance(result.exception, AnonymizerError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_detect_writes_a_rule_file_that_lint_accepts_or_says_what_is_left(tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    done = anonymizer("detect", ERP / "erp.sql", "-o", rules, "--assume", "masked", "--quiet")
    assert "crm.customer.email" in done.stdout
    assert "1 rule files are valid" in anonymizer("rules", "lint", rules).stdout
    with pytest.raises(SettingError, match="people may have edited it"):
        anonymizer("detect", ERP / "erp.sql", "-o", rules, "--quiet")


def test_a_detected_rule_file_drives_the_run(tmp_path: Path):
    rules, target = tmp_path / "rules.yaml", tmp_path / "safe.sqlite"
    anonymizer("detect", ERP / "erp.sqlite", "-o", rules, "--assume", "masked", "--quiet")
    done = anonymizer("run", ERP / "erp.sqlite", target, "-r", rules, "--quiet")
    assert "checks passed" in done.stdout
    assert target.exists()
    assert "failed" not in anonymizer("verify", ERP / "erp.sqlite", target, "-r", rules).stdout


def test_detect_as_json_has_what_programs_rely_on():
    found = json.loads(anonymizer("detect", ERP / "erp.sql", "--format", "json", "--quiet").stdout)
    assert len(found) > 120
    for one in found:
        assert {"table", "column", "category", "verdict", "confidence", "evidence"} <= set(one)
        assert one["verdict"] in ("personal", "not_personal", "review")
        assert 0 <= one["confidence"] <= 1
    by_column = {(one["table"], one["column"]): one for one in found}
    assert by_column["hr.employee", "rijksregisternummer"]["category"] == "national_id"
    assert by_column["param.system_parameter", "value"]["verdict"] == "not_personal"


def test_explain_says_who_decided_and_what_detection_would_have_done():
    told = anonymizer("explain", ERP / "erp.sql", "crm.customer.customer_no", "-r", RULES).stdout
    assert "replaced as permute" in told
    assert "stands on every document" in told
    assert "erp.rules.yaml:" in told
    assert "heard detector" in told
    with pytest.raises(SettingError, match="no column"):
        anonymizer("explain", ERP / "erp.sql", "crm.customer.nothing", "-r", RULES)


def test_preview_shows_pseudonyms_only(tmp_path: Path):
    key = write_key(tmp_path / "key")  # with some keys no address is short enough to be shown whole
    shown = anonymizer("preview", ERP / "erp.sql", "-r", RULES, "--rows", "3", "--key-file", key).stdout
    assert "@" in shown
    assert ".example" in shown
    assert "-test.be" not in shown


def test_verify_fails_a_result_that_still_holds_an_original(tmp_path: Path):
    copy = tmp_path / "copy.sql"
    copy.write_bytes((ERP / "erp.sql").read_bytes())
    with pytest.raises(AnonymizerError, match="do not use"):
        anonymizer("verify", ERP / "erp.sql", copy, "-r", RULES)


def test_dry_run_decides_everything_and_writes_nothing(tmp_path: Path):
    done = anonymizer("run", ERP / "erp.sql", tmp_path / "safe.sql", "-r", RULES, "--dry-run", "--quiet")
    assert "63 replaced" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_lint_names_what_is_undecided_and_what_does_not_exist(tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("format: 1\ntables:\n  a:\n    undecided: [b]\n", encoding="utf-8")
    with pytest.raises(FindingsError, match="1 columns are undecided"):
        anonymizer("rules", "lint", rules)
    rules.write_text("format: 1\ntables:\n  a:\n    columns: {b: frist_name}\n", encoding="utf-8")
    with pytest.raises(RuleError, match="frist_name"):
        anonymizer("rules", "lint", rules)


@pytest.mark.parametrize(("rule", "says"), [
    ("{as: shift, by: soon}", "`by` of `shift` is no time"),
    ("{as: known_password, hash: md6}", "`hash` is none that is known"),
    ("{as: generalise, to: yaer}", "`to` of `generalise` is no class"),
    ("{as: full_name, policy: per_person}", "needs the column that names the person"),
    ("{as: full_name, policy: per_persn}", "did you mean per_person?"),
    ("{as: full_name, group: b}", "names a group, which the policy deterministic does not know"),
])  # fmt: skip
def test_lint_and_explain_refuse_what_no_column_could_take(tmp_path: Path, rule: str, says: str):
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"format: 1\ntables:\n  a:\n    columns:\n      b: {rule}\n", encoding="utf-8")
    for command in (("rules", "lint", rules), ("explain", ERP / "erp.sql", "-r", rules, "crm.customer.id")):
        with pytest.raises(RuleError, match=says) as told:
            anonymizer(*command)
        assert str(told.value).startswith(f"{rules}:5: column b")


@pytest.mark.parametrize(("typed", "meant"), [
    ("crm.customer.first_nam", "crm.customer.first_name"),
    ("customer.first_nam", "customer.first_name"),
    ("crm.custmer.first_name", "crm.customer.first_name"),
    ("custmer.first_name", "customer.first_name"),
    ("first_name", "customer.first_name"),
])  # fmt: skip
def test_explain_suggests_the_column_that_was_meant(typed: str, meant: str):
    with pytest.raises(SettingError, match=re.escape(f"no column {typed}; did you mean {meant}?")):
        anonymizer("explain", ERP / "erp.sql", "-r", RULES, typed)


def test_fmt_changes_nothing_that_is_laid_out(tmp_path: Path):
    assert anonymizer("rules", "fmt", "--check", RULES).stdout == ""


def test_a_new_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path):
    key = tmp_path / "project.key"
    done = anonymizer("key", "new", key)
    assert key.stat().st_mode & 0o077 == 0
    assert key.read_text().strip() not in done.stdout
    with pytest.raises(SettingError, match="exists"):
        anonymizer("key", "new", key)


def test_list_names_every_family_and_file():
    told = anonymizer("list").stdout
    for family in ("stores", "identifiers", "transforms", "detect", "verify", "report"):
        assert f"\n{family}\n" in f"\n{told}"
    assert "anonymizer/identifiers/be_national_number.py" in told
    assert anonymizer("rules", "schema").stdout.startswith("{")


def test_lint_says_every_mistake_at_once_whatever_its_kind(tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "format: 1\npacks: [personal]\ntables:\n  klant:\n    columns:\n      nom: lastname\n"
        "      mail: {as: email, wy: x}\n    kep: [id]\n",
        encoding="utf-8",
    )
    with pytest.raises(RuleError) as refused:
        anonymizer("rules", "lint", rules)
    assert all(word in str(refused.value) for word in ("lastname", "wy", "kep"))
