import json

import pytest
from tests.cli.conftest import Motet


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def test_a_part_is_a_table_with_default_unit_type_and_meaning(motet: Motet) -> None:
    lines = motet("options", "store").out.splitlines()
    start = lines.index("store")
    assert lines[start + 1].split() == ["option", "default", "unit", "type", "meaning"]
    assert lines[start + 3].startswith("path       .motet/store        path")
    assert lines[start + 3].endswith("Folder of the store; any number of experiments may share one.")


def test_kinds_are_listed_with_their_meaning_and_each_has_its_table(motet: Motet) -> None:
    told = motet("options", "scaling").out
    assert "- robust" in told
    assert "\nscaling, kind: standard\nMean 0 and standard deviation 1.\noption" in told
    assert "\nscaling, kind: robust\n" in told


def test_an_index_has_the_kinds_that_may_stand_there(motet: Motet) -> None:
    told = motet("options", "model.encoder.0").out
    assert told.startswith("model\n")
    assert "model.encoder.0, kind: rnn\nRecurrent layers over time" in told
    assert "model.encoder.0.pooling, kind: max  (with model.encoder.0.kind: cnn)" in told


def test_a_name_of_an_option_is_no_name_of_a_feature(motet: Motet) -> None:
    told = motet("options", "features.window_s").out
    assert told.count("window_s") == 4
    assert "features.window_s" not in told


def test_units_stand_beside_defaults(motet: Motet) -> None:
    line = next(line for line in motet("options", "features.hop_s").out.splitlines() if line.startswith("hop_s"))
    assert line.split()[:3] == ["hop_s", "0.01", "s"]


def test_all_options_are_printed_once(motet: Motet) -> None:
    told = motet("options").out
    assert "\ndata.NAME.segments: as segments\n" in told
    assert told.count("Length of the analysis window, rounded to") == 4
    every = json.loads(motet("options", "--json").out)["options"]
    assert len(every) > 600
    for option in every:
        assert option["path"].rpartition(".")[2] in told


def test_an_option_as_json(motet: Motet) -> None:
    (found,) = json.loads(motet("options", "training.clip_norm", "--json").out)["options"]
    assert found == {
        "path": "training.clip_norm",
        "type": "number, above 0, or null",
        "default": "null",
        "unit": None,
        "meaning": "Largest norm of the gradient; larger ones are scaled down.",
        "choices": {},
        "kinds": {},
    }


def test_lines_fit_the_terminal(motet: Motet) -> None:
    tables = [line for line in motet("options", "training").out.splitlines() if ", kind: " not in line]
    assert max(map(len, tables)) <= 120


def test_an_unknown_path_is_told_with_the_nearest(motet: Motet) -> None:
    said = motet("options", "training.optimiser")
    assert said.code == 2
    assert said.err == "error: training.optimiser: there is no such option; did you mean 'optimizer'?\n"
