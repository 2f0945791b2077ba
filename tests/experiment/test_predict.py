"""Predictions of files are those of the run, whichever way the recordings of its data sets went."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import motet
from motet.errors import ConfigError, DataError, MotetError
from motet.experiment.predict import predict
from motet.experiment.run import Run
from motet.experiment.settings import Experiment
from motet.experiment.which_model import choose_data_set, open_model
from motet.model import Model

RATE_HZ = 4000
SCENES = {"kind": "generated", "examples": 20, "classes": 2, "rate_hz": RATE_HZ, "duration_s": 0.4}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two classes of noise, smooth and rough, at levels of their own."""
    folder = tmp_path_factory.mktemp("recordings")
    random = np.random.default_rng(3)
    for label, width in (("rough", 1), ("smooth", 8)):
        (folder / label).mkdir()
        for number in range(12):
            noise = random.normal(0.0, 0.1 + 0.01 * number, round(RATE_HZ * (0.3 + 0.03 * number)) + width - 1)
            samples = np.convolve(noise, np.ones(width) / width, "valid")
            soundfile.write(folder / label / f"{number}.wav", samples, RATE_HZ, subtype="PCM_16")
            np.save(folder / label / f"{number}.npy", samples.astype(np.float32))
    return folder


def train(recordings: Path, folder: Path, extension: str = ".wav", **parts: Any) -> Run:
    """Train for an epoch on the recordings."""
    source: dict[str, Any] = {"kind": "folders", "path": str(recordings), "extensions": [extension], "task": "noise"}
    source |= {"rate_hz": float(RATE_HZ)} if extension == ".npy" else {}
    experiment: dict[str, Any] = {
        "data": {"noises": {"source": source}},
        "features": {"kind": "logmel", "bands": 8, "window_s": 0.032, "hop_s": 0.016},
        "model": {"encoder": [{"kind": "cnn", "channels": [4]}]},
        "training": {"epochs": 1, "batch_size": 8, "threads": 1},
        "evaluation": {"plots": False, "interval": {"resamples": 0}},
        "store": {"path": str(folder / "store")},
    }
    return motet.train(Experiment(**{**experiment, **parts}), folder / "run", workers=1)


def run_predictions(run: Run) -> dict[str, tuple[str, list[float]]]:
    """Return decision and probabilities of every test row, as the run wrote them."""
    with (run.path / "seed-1" / "fold-1" / "predictions" / "noise.csv").open(newline="") as file:
        return {
            row["id"]: (row["decision"], [float(row[f"probability.{label}"]) for label in ("rough", "smooth")])
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({}, id="padded"),
        pytest.param({"segments": {"length_s": 0.25, "hop_s": 0.1}, "evaluation": {"merge": "max"}}, id="segments"),
        pytest.param({"signal": {"augment": [{"kind": "noise"}]}, "segments": {"length_s": 0.3}}, id="live"),
        pytest.param({"signal": {"steps": ["normalise"]}, "store": {"precision": "float16"}}, id="float16"),
        pytest.param(
            {
                "features": {"mel": {"kind": "logmel", "bands": 8}, "summary": {"kind": "logbank_summary", "bands": 4}},
                "model": {"encoder": {"mel": [{"kind": "cnn", "channels": [4]}], "summary": [{"kind": "mlp"}]}},
            },
            id="two inputs",
        ),
    ],
)
def test_predictions_of_files_are_those_of_the_run(parts: dict[str, Any], recordings: Path, tmp_path: Path) -> None:
    parts = {name: dict(part) for name, part in parts.items()}
    if "store" in parts:
        parts["store"]["path"] = str(tmp_path / "store")
    if "evaluation" in parts:
        parts["evaluation"] |= {"plots": False}
    run = train(recordings, tmp_path, **parts)
    found = predict(run.path, [recordings])
    expected = run_predictions(run)
    assert len(found.tasks) == 24
    assert len(expected) >= 4
    for name, (decision, probabilities) in expected.items():
        predicted = found.tasks[f"{recordings.as_posix()}/{name}"]["noise"]
        assert predicted.decision == decision
        assert list(predicted.probabilities.values()) == pytest.approx(probabilities, abs=1e-6)


def test_files_without_a_rate_are_read_at_the_rate_of_the_source(recordings: Path, tmp_path: Path) -> None:
    run = train(recordings, tmp_path, ".npy")
    (name, (decision, _)), *_ = run_predictions(run).items()
    found = predict(run.path, [recordings / name])
    assert found.tasks[(recordings / name).as_posix()]["noise"].decision == decision
    both = predict(run.path, [recordings])
    assert len(both.tasks) == 48, "arrays are looked for too, because the model knows their rate"


def test_groups_of_files_change_nothing(recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(recordings, tmp_path)
    whole = predict(run.model(), [recordings])
    monkeypatch.setattr("motet.experiment.predict._GROUP_FILES", 5)
    assert list(predict(run.model(), [recordings]).tasks) == list(whole.tasks)
    counts: list[int] = []
    predict(run.model(), [recordings], batch_size=1, progress=lambda what, total: counts.append)
    assert counts == [5, 5, 5, 5, 4]


def test_a_model_that_predicts_nothing_finite_is_refused(recordings: Path, tmp_path: Path) -> None:
    model = train(recordings, tmp_path).model()
    with torch.no_grad():
        next(model.network.parameters()).fill_(torch.nan)
    with pytest.raises(MotetError, match=r"rough/0\.wav: the model predicts values of 'noise' that are not finite"):
        predict(model, [recordings / "rough" / "0.wav"])


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of two folds on two data sets that share a task and are scaled each by itself."""
    folder = tmp_path_factory.mktemp("two")
    experiment = Experiment(
        data={"near": {"source": SCENES}, "far": {"source": {**SCENES, "noise_db": 0.0}}},
        features={"kind": "logmel", "bands": 8, "window_s": 0.032, "hop_s": 0.016},
        model={"encoder": [{"kind": "cnn", "channels": [2]}]},
        split={"kind": "kfold", "folds": 2},
        training={"epochs": 1, "threads": 1},
        evaluation={"plots": False, "interval": {"resamples": 0}},
        store={"path": str(folder / "store")},
    )
    return motet.train(experiment, folder / "run", workers=1).path


def test_the_way_must_be_named_where_ways_differ(two_sets: Path, recordings: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"recordings of near, far were prepared, scaled or cut differently; .* --like"
    ):
        predict(two_sets, [recordings])
    near, far = (predict(two_sets, [recordings / "rough"], like=name) for name in ("near", "far"))
    assert near.tasks.keys() == far.tasks.keys()
    assert near.tasks != far.tasks


def test_one_way_for_all_data_sets_needs_no_name(two_sets: Path) -> None:
    model = open_model(two_sets)
    model.scalings["far/signal"] = model.scalings["near/signal"]
    assert choose_data_set(model, None) == "near"
    assert choose_data_set(model, "far") == "far"


def test_an_example_of_several_recordings_is_no_file(two_sets: Path) -> None:
    model = open_model(two_sets)
    inputs = model.document.data_sets["near"].inputs
    inputs["other"] = inputs["signal"].model_copy(update={"recording": "other"})
    model.scalings["near/other"] = model.scalings["near/signal"]
    with pytest.raises(
        ConfigError, match=r"an example of 'near' is several recordings \(signal, other\), and a file is one"
    ):
        choose_data_set(model, "near")


def test_the_model_of_a_fold_is_chosen_by_its_name(two_sets: Path, recordings: Path) -> None:
    first, second = (predict(two_sets, [recordings], like="near", fold=fold) for fold in ("1/1", "1/2"))
    assert predict(two_sets, [recordings], like="near") == first
    assert first != second
    with pytest.raises(ConfigError, match=r"--fold 2/1: .* has no such model; there is 1/1, 1/2"):
        predict(two_sets, [recordings], like="near", fold="2/1")


def test_a_file_at_another_rate_is_refused(two_sets: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "fast.wav", np.random.default_rng(0).normal(0, 0.1, 8000), 16000)
    with pytest.raises(DataError, match=r"fast\.wav: .*bring it to"):
        predict(two_sets, [tmp_path / "fast.wav"], like="near")


def test_a_model_can_be_given_itself(two_sets: Path, recordings: Path) -> None:
    model = Model.load(two_sets / "seed-1" / "fold-1" / "best.safetensors")
    assert predict(model, [recordings], like="far") == predict(two_sets, [recordings], like="far")
