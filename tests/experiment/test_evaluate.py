"""Evaluating a run on other data, and on its own when they are no longer what they were."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from motet.errors import ConfigError, DataError
from motet.experiment.evaluate import evaluate
from motet.experiment.run import train
from motet.experiment.settings import Experiment

TONES_HZ = {"deep": 300, "high": 2500, "mid": 900}


def make_tones(folder: Path, labels: list[str], *, examples: int, rate_hz: int = 8000) -> None:
    draws, times = np.random.default_rng(len(labels)), np.arange(rate_hz // 4) / rate_hz
    for label in labels:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(examples):
            tone = np.sin(2 * np.pi * TONES_HZ.get(label, 1500) * draws.uniform(0.97, 1.03) * times)
            soundfile.write(folder / label / f"{number}.wav", 0.5 * tone, rate_hz)


def describe(folder: Path, store: Path, **source: Any) -> dict[str, Any]:
    return {
        "data": {"tones": {"source": {"kind": "folders", "path": str(folder), **source}}},
        "split": {"kind": "holdout", "test": 0.25, "dev": 0.25},
        "model": {"encoder": [{"kind": "cnn", "channels": [4]}]},
        "training": {"epochs": 8, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.02}},
        "evaluation": {"plots": False, "interval": {"resamples": 0}},
        "store": {"path": str(store)},
    }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    make_tones(tmp_path / "own", list(TONES_HZ), examples=12)
    return train(Experiment(**describe(tmp_path / "own", tmp_path / "store")), tmp_path / "run").path


def write(path: Path, described: dict[str, Any]) -> Path:
    path.write_text(json.dumps(described))  # JSON is YAML
    return path


def test_other_data_are_scored_by_the_labels_of_the_model(run: Path, tmp_path: Path) -> None:
    make_tones(tmp_path / "other", ["high", "mid"], examples=5)
    other = write(tmp_path / "other.yaml", describe(tmp_path / "other", tmp_path / "store"))
    assert evaluate(run)["tasks"]["label"]["accuracy"]["value"] == 1
    assert evaluate(run, data=other)["tasks"]["label"]["accuracy"]["value"] == 1


def test_other_data_with_a_label_or_task_that_the_model_lacks_are_refused(run: Path, tmp_path: Path) -> None:
    make_tones(tmp_path / "other", ["deep", "middle", "high"], examples=5)
    other = write(tmp_path / "other.yaml", describe(tmp_path / "other", tmp_path / "store"))
    with pytest.raises(DataError, match="label 'middle' is unknown"):
        evaluate(run, data=other)
    other = write(tmp_path / "other.yaml", describe(tmp_path / "own", tmp_path / "store", task="pitch"))
    with pytest.raises(ConfigError, match=r"data.tones.tasks.pitch: the model has no such task; it has label"):
        evaluate(run, data=other)


def test_own_data_that_changed_are_refused_because_rows_that_trained_could_come_to_test(
    run: Path, tmp_path: Path
) -> None:
    make_tones(tmp_path / "own", ["deep"], examples=13)
    with pytest.raises(ConfigError, match=r"recordings, targets or maps of 'tones' changed since the run began"):
        evaluate(run)


def test_a_run_goes_on_with_other_intervals_but_not_with_another_merge(run: Path, tmp_path: Path) -> None:
    described = describe(tmp_path / "own", tmp_path / "store")
    described["evaluation"]["interval"] = {"resamples": 10}
    train(Experiment(**described), run)
    described["evaluation"]["merge"] = "vote"
    with pytest.raises(ConfigError, match=r"evaluation.merge: None there, 'vote' here"):
        train(Experiment(**described), run)


def test_folds_that_other_settings_began_and_never_saved_are_no_part_of_a_run(tmp_path: Path) -> None:
    make_tones(tmp_path / "own", list(TONES_HZ), examples=12)
    (tmp_path / "run" / "seed-7" / "fold-2").mkdir(parents=True)
    (tmp_path / "run" / "experiment.yaml").write_text("name: other\n")
    run = train(Experiment(**describe(tmp_path / "own", tmp_path / "store")), tmp_path / "run")
    assert run.result["folds"] == 1
    assert evaluate(run.path)["tasks"]["label"] == run.result["tasks"]["label"]
    assert run.model().document.labels["label"] == ("deep", "high", "mid")


@pytest.mark.parametrize("epoch", ["99", "²", "first"])
def test_an_epoch_or_part_that_is_not_there_is_named(run: Path, epoch: str) -> None:
    with pytest.raises(ConfigError, match=f"--epoch {epoch}: .* keeps best, last"):
        evaluate(run, epoch=epoch)
    with pytest.raises(ConfigError, match="part 'all' is unknown; there is train, dev, test"):
        evaluate(run, part="all")


def test_other_data_at_another_rate_are_refused_as_their_features_mean_something_else(
    run: Path, tmp_path: Path
) -> None:
    make_tones(tmp_path / "other", list(TONES_HZ), examples=5, rate_hz=16000)
    other = write(tmp_path / "other.yaml", describe(tmp_path / "other", tmp_path / "store"))
    with pytest.raises(DataError, match=r"made at 16000 Hz, and the model wants .* made at 8000 Hz"):
        evaluate(run, data=other)
