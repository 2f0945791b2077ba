"""A head that sees what others predict, from settings to saved models and new recordings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.experiment.predict import predict
from motet.experiment.run import train
from motet.experiment.settings import Experiment

VOICES = {
    "kind": "generated", "content": "speakers", "examples": 48, "classes": 3, "groups": 3, "rate_hz": 4000,
    "duration_s": 0.3,
}  # fmt: skip


def make(folder: Path, head: dict[str, Any], **parts: Any) -> Experiment:
    model = {"encoder": [{"kind": "cnn", "channels": [4]}], "heads": {"digit": head}}
    given = {
        "features": {"kind": "logmel", "bands": 8},
        "training": {"epochs": 2},
        "evaluation": {"plots": False},
        "store": {"path": str(folder / "store")},
    }
    return Experiment(data={"voices": {"source": VOICES}}, **{"model": model, **given, **parts})


def test_a_run_with_a_fed_head_is_trained_saved_loaded_and_predicts_new_files(tmp_path: Path) -> None:
    experiment = make(tmp_path, {"inputs_from": ["speaker"], "hidden": [6]})
    plan = dry_run(experiment)
    assert plan.layers is not None
    run = train(experiment, tmp_path / "run")
    assert evaluate(tmp_path / "run")["tasks"] == run.result["tasks"]
    model = run.model()
    assert sum(parameter.numel() for parameter in model.network.parameters()) == plan.num_parameters
    soundfile.write(tmp_path / "new.wav", np.random.default_rng(1).standard_normal(1600).astype(np.float32) * 0.1, 4000)
    (found,) = predict(tmp_path / "run", [tmp_path / "new.wav"]).tasks.values()
    assert found["digit"].probabilities.keys() == {"0", "1", "2"}


def test_training_sees_labels_of_the_rows_that_have_one(tmp_path: Path) -> None:
    model = train(make(tmp_path, {"inputs_from": ["speaker"]}), tmp_path / "run").model().eval()
    inputs = {"signal": Column(torch.randn(3, 1, 20, 8))}
    target = {"speaker": Column(torch.tensor([2, 0]), torch.tensor([0, 2]))}
    plain = model.network(inputs, {"digit": None}).predictions["digit"].values
    taught = model.learn(inputs, {"digit": None}, target).predictions["digit"].values
    assert torch.equal(taught[1], plain[1])
    assert not torch.allclose(taught[[0, 2]], plain[[0, 2]])
    weights = model.network.heads.of("digit")[0].weight[:, -3:]  # type: ignore[union-attr, operator]
    speaker = model.network(inputs, {"speaker": None}).predictions["speaker"].values.softmax(-1)
    moved = (torch.eye(3)[[2, 0]] - speaker[[0, 2]]) @ weights.T
    torch.testing.assert_close(taught[[0, 2]] - plain[[0, 2]], moved)


def test_mixed_rows_have_no_label_to_be_seen(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"model\.heads\.digit\.inputs_are: a row that is mixed of two has two labels"
    ):
        make(tmp_path, {"inputs_from": ["speaker"]}, mixup={"alpha": 0.3})
    mixed = make(tmp_path, {"inputs_from": ["speaker"], "inputs_are": "predictions"}, mixup={"alpha": 0.3})
    assert train(mixed, tmp_path / "run").result["tasks"]


def test_a_circle_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    heads = {"digit": {"inputs_from": ["speaker"]}, "speaker": {"inputs_from": ["digit"]}}
    experiment = make(tmp_path, {}, model={"heads": heads})
    for refuse in (dry_run, lambda each: train(each, tmp_path / "run")):
        with pytest.raises(ConfigError, match="a head would see itself"):
            refuse(experiment)
