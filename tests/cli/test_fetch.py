import json
from pathlib import Path

import pytest
from tests.cli.conftest import Motet

from motet.fetching import PUBLIC_SETS, PublicSet, Remote


def test_what_there_is(motet: Motet, tmp_path: Path) -> None:
    (tmp_path / "esc50").mkdir()
    said = motet("fetch", "-o", tmp_path)
    assert said.code == 0
    assert "speech-commands" in said.out
    assert "CC BY-NC-SA 4.0" in said.out
    found = json.loads(motet("fetch", "-o", tmp_path, "--json").out)
    sets = {one["name"]: one for one in found["sets"]}
    assert sets["esc50"]["there"]
    assert not sets["fsdd"]["there"]


def test_an_unknown_name(motet: Motet) -> None:
    said = motet("fetch", "esc5")
    assert (said.code, "did you mean 'esc50'" in said.err) == (2, True)


def test_offline(motet: Motet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = PublicSet("A", "CC0", "https://example.org", 0, (Remote("http://127.0.0.1:9/a.zip", "a.zip"),))
    monkeypatch.setitem(PUBLIC_SETS, "nowhere", nowhere)
    said = motet("fetch", "nowhere", "-o", tmp_path, "--json")
    assert said.code == 4
    assert "connect this machine to the internet" in said.err
    assert json.loads(said.out)["error"]["exit_code"] == 4


def test_what_is_there_is_not_fetched(motet: Motet, tmp_path: Path) -> None:
    (tmp_path / "fsdd" / "recordings").mkdir(parents=True)
    said = motet("fetch", "fsdd", "-o", tmp_path)
    assert (said.code, "was there already" in said.out) == (0, True)
