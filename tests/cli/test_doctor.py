import json
from importlib import metadata

import pytest
from tests.cli.conftest import Motet

from motet.runs import environment


def test_this_machine_is_ready(motet: Motet) -> None:
    said = motet("doctor")
    assert said.code == 0
    assert said.out.endswith("\nThis machine is ready.\n")
    assert [line.split()[0] for line in said.out.splitlines() if "ready" in line][:2] == ["Python", "numpy"]


def test_findings_as_json(motet: Motet) -> None:
    document = json.loads(motet("doctor", "--json").out)
    found = {finding["what"]: finding for finding in document["findings"]}
    assert list(document) == ["schema", "ready", "findings"]
    assert found["torch"] == {
        "what": "torch", "verdict": "ready", "found": metadata.version("torch"), "remedy": "",
    }  # fmt: skip
    assert found["sound"]["found"].endswith("WAV, FLAC, Ogg, MP3 and others")
    assert found["disk"]["verdict"] == "ready"


def test_a_package_that_is_missing_or_old_is_told_with_the_remedy(
    motet: Motet, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = environment.version
    others = {"soxr": None, "safetensors": "0.4.9", "matplotlib": None}
    monkeypatch.setattr(environment, "version", lambda name: others[name] if name in others else known(name))
    said = motet("doctor", "--json")
    found = {finding["what"]: finding for finding in json.loads(said.out)["findings"]}
    assert said.code == 4
    assert found["soxr"]["found"] == "not installed"
    assert found["soxr"]["remedy"].startswith("pip install 'soxr>=")
    assert (found["safetensors"]["verdict"], found["safetensors"]["found"]) == ("missing", "0.4.9")
    assert found["extra plots"] == {
        "what": "extra plots",
        "verdict": "optional",
        "found": "matplotlib not installed",
        "remedy": "pip install 'motet[plots]'",
    }


def test_a_package_that_does_not_work_is_told(motet: Motet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise OSError("libsndfile.so: cannot open shared object file")

    monkeypatch.setattr("soundfile.write", broken)
    said = motet("doctor")
    assert said.code == 4
    assert "does not work: libsndfile.so" in said.out
    assert "This machine is not ready" in said.out
