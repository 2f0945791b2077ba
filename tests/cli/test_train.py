import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Motet

from motet.cli import main
from motet.experiment.load import load_experiment
from motet.runs import plots


def test_results_go_to_standard_output_and_the_log_to_standard_error(
    motet: Motet, experiment: Path, finished: Path
) -> None:
    said = motet("train", experiment, "-o", finished)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["task", "metric", "value", "low", "high"]
    assert lines[2].split()[:2] == ["pitch", "uar"]
    assert lines[-1] == str(finished)
    assert "seed 1, fold 1 of 1: finished before" in said.err


def test_json_is_the_result_and_nothing_else(motet: Motet, experiment: Path, finished: Path) -> None:
    said = motet("train", experiment, "-o", finished, "--json")
    document = json.loads(said.out)
    assert document == json.loads((finished / "result.json").read_text())
    assert list(document) == ["schema", "run", "seeds", "folds", "tasks"]
    assert 0 <= document["tasks"]["pitch"]["uar"]["low"] <= document["tasks"]["pitch"]["uar"]["value"] <= 1


def test_another_experiment_does_not_go_on_in_the_folder(motet: Motet, experiment: Path, finished: Path) -> None:
    said = motet("train", experiment, "-o", finished, "features.bands=10")
    assert said.code == 2
    assert "features.bands: 12 there, 10 here" in said.err


def test_a_refused_run_may_be_corrected_in_its_folder(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    words = ("train", experiment, "-o", tmp_path / "run", "training.epochs=1")
    said = motet(*words, "segments.length_s=0.02")
    assert said.code == 2
    assert "model.encoder.0" in said.err
    assert "T=1" in said.err
    assert motet(*words).code == 0


def test_what_cannot_be_is_refused_before_the_recordings_are_read(
    motet: Motet, experiment: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    for override in ("model.encoder.0.channels=[4,4,4,4,4]", "split=predefined", "training.monitor=pitch.ccc"):
        assert motet("train", experiment, "-o", tmp_path / "run", f"store.path={store}", override).code == 2
    assert not store.exists()


def test_training_rows_that_are_too_short_are_named(
    motet: Motet, experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet.files.digest_cache._SETTLED_NS", -1)  # new recordings are remembered, too
    words = ("train", experiment, "-o", tmp_path / "run", "segments=null", "model.encoder.0.channels=[4,4,4]")
    said = motet(*words, "features.hop_s=0.05")
    assert said.code == 2
    assert (
        "error: seed 1, fold 1 of 1 (1): data set 'tones', input 'signal': 6 recordings are shorter than the 8 frames"
        in said.err
    )
    assert (
        "(0.4 s) that the network needs: high/00.wav, high/01.wav, high/02.wav, low/00.wav, low/01.wav and 1"
        in said.err
    )
    assert "\ncut or fill up recordings to one length with segments.length_s" in said.err
    said = motet(*words, "features.hop_s=0.05", "--dry-run")
    assert said.code == 2
    assert "6 recordings are shorter than the 8 frames" in said.err


def test_the_bars_of_a_run_are_those_of_its_epochs(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[tuple[str, int]] = []
    counts: list[int] = []

    def begin(screen: object, what: str, total: int) -> Any:
        begun.append((what.split(" (")[0], total))
        return counts.append

    monkeypatch.setattr("motet.cli.screen.Screen.__call__", begin)
    assert main(["train", str(experiment), "-o", str(tmp_path / "run")]) == 0
    assert [label for label, _ in begun] == ["extracting tones", "fold 1, epoch 1/2", "fold 1"]
    assert sum(counts) == sum(total for _, total in begun[1:]) == 6


def test_pictures_are_drawn_where_matplotlib_is(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    words = ("train", experiment, "-o", tmp_path / "run", "training.epochs=1", "evaluation.plots=true")
    assert motet(*words).code == 0
    found = sorted(path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").rglob("*.png"))
    assert found == ["overview.png", "seed-1/fold-1/confusion-pitch.png", "seed-1/fold-1/learning-curve.png"]


def test_without_matplotlib_the_log_says_so_once(
    motet: Motet, experiment: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plots, "can_draw", lambda: False)
    said = motet("train", experiment, "-o", finished, "evaluation.plots=true")
    assert said.code == 0
    assert said.err.count("no pictures, because matplotlib is not installed: pip install 'motet[plots]'") == 1


def test_a_picture_that_fails_ends_no_run(
    motet: Motet, experiment: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: object) -> None:
        raise ValueError("no font")

    monkeypatch.setattr(plots, "draw_run", fail)
    said = motet("train", experiment, "-o", finished, "evaluation.plots=true")
    assert said.code == 0
    assert f"warning: {finished}: pictures cannot be drawn: ValueError: no font" in said.err


def test_a_dry_run_prints_an_experiment_that_loads_again(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    said = motet("train", experiment, "--dry-run", "training.epochs=7")
    assert (said.code, said.err) == (0, "")
    (tmp_path / "resolved.yaml").write_text(said.out)
    assert load_experiment(tmp_path / "resolved.yaml") == load_experiment(experiment, ["training.epochs=7"])
    for title in ("ROWS of seed 1", "MAPS", "NETWORK", "ABOUT"):
        assert f"# {title}\n" in said.out


def test_a_dry_run_as_json(motet: Motet, experiment: Path, finished: Path) -> None:
    document = json.loads(motet("train", experiment, "--dry-run", "--json").out)
    assert list(document) == [
        "schema", "experiment", "seed", "rows", "tasks", "fused", "teachers", "inputs", "layers", "parameters",
        "frozen", "procedure", "losses", "store", "memory",
    ]  # fmt: skip
    assert document["rows"][0] == {
        "fold": "1", "data_set": "tones", "task": None, "train": 18, "dev": 6, "test": 8,
    }  # fmt: skip
    assert document["tasks"] == {"pitch": {"kind": "multiclass", "labels": ["high", "low"]}}
    (found,) = document["inputs"]
    assert (found["recordings"], found["stored"], found["known_from"]) == (32, 32, "store")
    assert (found["channels"], found["bins"], found["step_s"]) == (1, 12, 0.016)
    assert found["frames"] == {"min": 19, "median": 28.5, "max": 38}
    assert document["layers"][0] == {
        "path": "model.encoder.0", "kind": "cnn, stage 1 of 2", "in": [[1, 12, 12]], "out": [4, 6, 6], "parameters": 44,
        "frozen": 0,
    }  # fmt: skip
    assert document["parameters"] == sum(layer["parameters"] for layer in document["layers"])
    assert document["store"]["missing_bytes"] == 0 < document["store"]["free_bytes"]
    assert 0 < document["memory"]["weights_bytes"] < document["memory"]["step_bytes"]
