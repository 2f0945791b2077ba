"""A network of a finished run inside another one: opened, trained beside, saved, and never needed again."""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import motet
from motet.cli.dry_run import plan_json, plan_text
from motet.data.batch import Batch, Column
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.experiment.predict import predict
from motet.experiment.run import train
from motet.model import Model
from motet.networks.network import Network
from motet.runs.folder import RunFolder, read_json
from motet.tasks import Multiclass
from motet.tasks.settings import MulticlassSettings

VOICES = {
    "kind": "generated", "content": "speakers", "examples": 48, "classes": 3, "groups": 3, "rate_hz": 4000,
    "duration_s": 0.3,
}  # fmt: skip


class Mine(Multiclass):
    """A task of the user's own."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(MulticlassSettings(), name, labels)


def make(folder: Path, task: str, model: dict[str, Any], **parts: Any) -> motet.Experiment:
    given = {
        "data": {"voices": {"source": VOICES, "tasks": {task: "multiclass"}, "stratify": ["digit", "speaker"]}},
        "features": {"kind": "logmel", "bands": 8},
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.2},
        "training": {"epochs": 2},
        "evaluation": {"plots": False, "interval": {"resamples": 20}},
        "store": {"path": str(folder / "store")},
    }
    return motet.Experiment(model={"encoder": [{"kind": "cnn", "channels": [4]}], **model}, **{**given, **parts})


def beside(folder: Path, other: Path, parallel: dict[str, Any] | None = None, **parts: Any) -> motet.Experiment:
    return make(folder, "digit", {"parallel": {"domain": {"run": str(other), **(parallel or {})}}}, **parts)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> motet.Run:
    folder = tmp_path_factory.mktemp("other")
    layers = {"encoder": [{"kind": "cnn", "channels": [3]}, {"kind": "rnn", "hidden": 5}]}
    return train(make(folder, "speaker", layers, scaling="robust"), folder / "run")


def body_of(model: Model) -> dict[str, torch.Tensor]:
    assert isinstance(model.network, Network)
    found: dict[str, torch.Tensor] = model.network.parallels.of("domain").network.state_dict()
    return found


def test_a_saved_model_needs_no_other_run(other: motet.Run, tmp_path: Path) -> None:
    copied = tmp_path / "other"
    shutil.copytree(other.path, copied)
    run = train(beside(tmp_path, copied, {"layer": "encoder.1"}), tmp_path / "run")
    shutil.rmtree(copied)
    assert evaluate(run.path)["tasks"] == run.result["tasks"]
    model = Model.load(run.path / "seed-1/fold-1/best.safetensors")
    theirs = other.model().network.state_dict()
    assert body_of(model).keys() == {name for name in theirs if name.startswith("encoders.")}
    assert all(torch.equal(value, theirs[name]) for name, value in body_of(model).items())


def test_it_computes_what_it_computes_in_its_own_run(other: motet.Run, tmp_path: Path) -> None:
    model = train(beside(tmp_path, other.path, {"layer": "encoder.1"}), tmp_path / "run").model().eval()
    whole = other.model().eval()
    batch = Batch(2, {"signal": Column(torch.randn(2, 1, 20, 8))}, {}, torch.arange(2), {}, spans=(("voices", 0, 2),))
    assert isinstance(model.network, Network)
    assert isinstance(whole.network, Network)
    there: dict[str, Column] = {}
    scaled = whole.scale(batch, torch.device("cpu"))
    whole.network.frames(scaled, there)
    here = model.scale(batch, torch.device("cpu"))
    assert list(here) == ["signal", "domain.signal"]
    assert torch.equal(here["domain.signal"].values, scaled["signal"].values)
    assert not torch.allclose(here["signal"].values, scaled["signal"].values)
    found = model.network.parallels.of("domain")(here)
    torch.testing.assert_close(found.values, there["encoder.signal.1"].values)


def test_without_frozen_it_is_trained_on(other: motet.Run, tmp_path: Path) -> None:
    experiment = beside(tmp_path, other.path, {"frozen": False}, augment=[{"kind": "noise"}], mixup={"alpha": 0.3})
    model = train(experiment, tmp_path / "run").model()
    theirs = other.model().network.state_dict()
    assert any(not torch.equal(value, theirs[name]) for name, value in body_of(model).items())


def test_new_recordings_are_predicted_and_a_run_goes_on(other: motet.Run, tmp_path: Path) -> None:
    experiment = beside(tmp_path, other.path)
    run = train(experiment, tmp_path / "run")
    soundfile.write(tmp_path / "new.wav", np.random.default_rng(1).standard_normal(1200).astype(np.float32) * 0.1, 4000)
    (found,) = predict(run.path, [tmp_path / "new.wav"]).tasks.values()
    assert sum(found["digit"].probabilities.values()) == pytest.approx(1)
    folder = RunFolder(run.path)
    folder.fold(1, 1).scores.unlink()
    folder.result.unlink()
    assert train(experiment, run.path).result["tasks"] == run.result["tasks"]
    described = read_json(folder.data)["model.parallel.domain"]
    assert described["run"] == str(other.path)


def test_a_run_does_not_go_on_with_another_network(other: motet.Run, tmp_path: Path) -> None:
    copied = tmp_path / "other"
    shutil.copytree(other.path, copied)
    experiment = beside(tmp_path, copied)
    run = train(experiment, tmp_path / "run")
    fold = RunFolder(copied).fold(1, 1)
    shutil.copy(fold.last, fold.best)
    (RunFolder(run.path)).result.unlink()
    with pytest.raises(motet.ConfigError, match=r"model\.parallel\.domain\.run: .* holds other models than when"):
        train(experiment, run.path)


def test_a_dry_run_tells_what_is_frozen(other: motet.Run, tmp_path: Path) -> None:
    plan = dry_run(beside(tmp_path, other.path, {"layer": "encoder.0"}))
    assert "# model.parallel.domain.encoder.0  cnn, stage 1 of 1" in plan_text(plan)
    assert plan_json(plan)["frozen"] == 3 * 9 + 2 * 3  # weights, and scale and offset of the normalisation
    plain = dry_run(make(tmp_path, "digit", {}))
    assert plan_json(plain)["frozen"] == 0
    assert " frozen" not in plan_text(plain)


def test_rows_that_trained_it_do_not_test(other: motet.Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    match = r"model\.parallel\.domain: \d+ rows that are to test in seed 2, fold 1 trained .*run \(seed 1, fold 1\)"
    with caplog.at_level(logging.WARNING, logger="motet"):
        dry_run(beside(tmp_path, other.path))
        assert not caplog.records
        with pytest.raises(motet.ConfigError, match=match):
            dry_run(beside(tmp_path, other.path, seed=2))
        with pytest.raises(motet.ConfigError, match=match):
            train(beside(tmp_path, other.path, seed=2), tmp_path / "run")
        shutil.copy(other.path / "seed-1/fold-1/best.safetensors", tmp_path / "alone.safetensors")
        dry_run(beside(tmp_path, tmp_path / "alone.safetensors"))
    assert "model.parallel.domain: nobody can tell what" in caplog.text


def test_what_does_not_fit_is_told_before_training(other: motet.Run, tmp_path: Path) -> None:
    for parts, message in (
        (
            {"features": {"kind": "logmel", "bands": 12}},
            r"reads the input 'signal' with other features than data\.voices",
        ),
        ({"signal": {"rate_hz": 2000}}, r"with other signal\.rate_hz than data\.voices"),
        ({"parallel": {"layer": "trunk.0"}}, r"no layer 'trunk\.0'; there is encoder\.0, encoder\.1, features"),
        ({"parallel": {"fold": "1/2"}}, r"model\.parallel\.domain\.fold: .* no finished model of 1/2; there is 1/1"),
        ({"parallel": {"like": "noises"}}, r"model\.parallel\.domain\.like: .* has no data set 'noises'"),
    ):
        with pytest.raises(motet.ConfigError, match=message):
            dry_run(beside(tmp_path, other.path, **parts))
    with pytest.raises(motet.ConfigError, match=r"model\.parallel\.domain\.run: .* holds no finished model"):
        dry_run(beside(tmp_path, tmp_path))
    with pytest.raises(motet.ConfigError, match=r"enters a network of our own, not model\.network"):
        dry_run(
            make(tmp_path, "digit", {"network": torch.nn.Flatten, "parallel": {"domain": {"run": str(other.path)}}})
        )


def test_code_of_others_does_not_enter(tmp_path: Path) -> None:
    run = tmp_path / "own"
    voices = {"source": VOICES, "tasks": {"speaker": Mine}}
    train(make(tmp_path, "speaker", {}, data={"voices": voices}), run)
    with pytest.raises(motet.ConfigError, match=r"model\.parallel\.domain\.run: .* cannot be opened"):
        dry_run(beside(tmp_path, run))


def test_folds_take_the_models_of_their_own_folds(tmp_path: Path) -> None:
    split = {"kind": "kfold", "folds": 2, "dev": 0.2}
    there = train(make(tmp_path, "speaker", {}, split=split, training={"epochs": 1}), tmp_path / "other")
    run = train(beside(tmp_path, there.path, split=split, training={"epochs": 1}), tmp_path / "run")
    for fold in (1, 2):
        theirs = there.model(fold=fold).network.state_dict()
        assert all(torch.equal(value, theirs[name]) for name, value in body_of(run.model(fold=fold)).items())
    with pytest.raises(
        motet.ConfigError, match=r"rows that are to test in seed 1, fold 1 trained .* \(seed 1, fold 2\)"
    ):
        dry_run(beside(tmp_path, there.path, {"fold": "1/2"}, split=split))
