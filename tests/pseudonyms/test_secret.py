"""A key is strong, hidden, and the same key gives the same pseudonyms everywhere."""

from __future__ import annotations

import base64
import os
import pickle
import stat
from pathlib import Path

import pytest

from anonymizer.errors import SettingError
from anonymizer.pseudonyms.secret import KeyRing, Secret

TEXT = "8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a"


def test_a_key_shows_itself_to_nobody():
    secret = Secret.from_text(TEXT)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!s:>40}", repr(KeyRing(secret, "s")), repr([secret])]
    for text in shown:
        assert "redacted" in text
        assert TEXT[:8] not in text
        assert str(secret.reveal()) not in text
    for holder in (secret, KeyRing(secret, "s")):
        with pytest.raises(TypeError):
            pickle.dumps(holder)


def test_a_written_key_is_read_back_and_only_its_owner_can_read_it(tmp_path: Path):
    secret, path = Secret.fresh(), tmp_path / "key"
    secret.write(path)
    assert Secret.from_file(path) == secret
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "key"
    Secret.fresh().write(path)
    with pytest.raises(SettingError, match="never overwritten"):
        Secret.fresh().write(path)


@pytest.mark.skipif(os.name != "posix", reason="file modes are of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int):
    path = tmp_path / "key"
    Secret.fresh().write(path)
    path.chmod(mode)
    with pytest.raises(SettingError, match="chmod 600"):
        Secret.from_file(path)


def test_a_missing_key_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingError, match="cannot be read"):
        Secret.from_file(tmp_path / "none")
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(SettingError, match="SOME_KEY is not set"):
        Secret.from_environment("SOME_KEY")
    monkeypatch.setenv("SOME_KEY", TEXT)
    assert Secret.from_environment("SOME_KEY").reveal().hex() == TEXT


WEAK = {
    "short": bytes.fromhex(TEXT[:30]),
    "one byte": bytes(32),
    "counting": bytes(range(32)),
    "a sentence": b"correct horse battery staple etc",
    "two halves": b"\x01\x02\x03\x04" * 8,
}


@pytest.mark.parametrize("name", list(WEAK))
def test_a_weak_key_is_refused_and_not_quoted(name: str):
    for text in (WEAK[name].hex(), "anonymizer-key-1:" + base64.b64encode(WEAK[name]).decode()):
        with pytest.raises(SettingError) as caught:
            Secret.from_text(text)
        assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["", "hello", "anonymizer-key-1:%%%", "anonymizer-key-2:" + "A" * 44, TEXT[:-1]])
def test_what_is_no_key_is_refused(text: str):
    with pytest.raises(SettingError):
        Secret.from_text(text)


def test_every_scope_version_and_label_has_a_key_of_its_own():
    secret = Secret.from_text(TEXT)
    keys = [
        KeyRing(secret, "a").derive("b"),
        KeyRing(secret, "b").derive("b"),
        KeyRing(secret, "a", 2).derive("b"),
        KeyRing(secret, "a").derive("b", ""),
        KeyRing(secret, "a").derive("", "b"),
        KeyRing(secret, "ab").derive(),
        KeyRing(Secret.fresh(), "a").derive("b"),
    ]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 16 for key in keys)


def test_derived_keys_never_change():
    assert KeyRing(Secret.from_text(TEXT), "scope", 1).derive("first_name", "first_name").hex() == (
        "b6fb031559bd0c69c439bd78f3a90621"
    )
    assert KeyRing(Secret.from_text(TEXT), "scope", 1).identity == KeyRing(Secret.from_text(TEXT), "scope").identity
