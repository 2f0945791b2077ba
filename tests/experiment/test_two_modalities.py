"""Two data sets whose recordings have nothing in common: an encoder for each, and a trunk for both."""

from pathlib import Path
from typing import Any

import pytest
import torch

import motet
from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.shape import MapShape

ENCODERS = {
    "mel": [{"kind": "cnn", "channels": [4]}, {"kind": "mlp", "hidden": [8]}],
    "accel": [{"kind": "cnn", "dims": 1, "channels": [4], "kernel": 5, "stride": 4}, {"kind": "mlp", "hidden": [8]}],
}


def experiment(folder: Path, **changed: Any) -> motet.Experiment:
    model = {"encoder": ENCODERS, "fusion": "mean", "trunk": [{"kind": "mlp", "hidden": [8]}]}
    return motet.Experiment(
        name="two",
        data={
            "voices": {
                "source": {"kind": "generated", "content": "speakers", "examples": 24, "classes": 3},
                "features": {"mel": {"kind": "logmel", "bands": 12}},
                "tasks": {"digit": "multiclass"},
            },
            "motion": {
                "source": {"kind": "generated", "content": "sensors", "examples": 24, "classes": 3},
                "features": {"accel": "waveform"},
                "segments": {"length_s": 1.0, "pad": "wrap"},
                "tasks": {"activity": "multiclass"},
            },
        },
        split={"kind": "holdout", "test": 0.3, "dev": 0.0},
        model=model | changed,
        training={"epochs": 1, "batch_size": 12, "device": "cpu"},
        evaluation={"plots": False, "interval": {"resamples": 10}},
        store={"path": (folder / "store").as_posix()},
    )


@pytest.mark.parametrize("sharing", ["hard", "ple"])
def test_each_has_its_encoder_and_both_have_the_trunk(sharing: str, tmp_path: Path) -> None:
    run = motet.train(experiment(tmp_path, sharing=sharing), tmp_path / "run")
    assert {"digit", "activity"} <= run.result["tasks"].keys()
    model = motet.Model.load(run.path / "seed-1/fold-1/last.safetensors").eval()
    state, again = model.state_dict(), run.model().state_dict()
    assert all(torch.equal(value, again[name]) for name, value in state.items())
    inputs = {name: MapShape(1, 40, 12) if name == "mel" else MapShape(3, 400, 1) for name in ENCODERS}
    batch = {
        name: Column(torch.randn(2, shape.channels, shape.frames or 1, shape.bins), torch.tensor(rows))
        for (name, shape), rows in zip(inputs.items(), ([0, 1], [2, 3]), strict=True)
    }
    found = model.network(batch, {"digit": torch.tensor([0, 1]), "activity": torch.tensor([2, 3])}).predictions
    alone = model.network({"mel": Column(batch["mel"].values)}, {"digit": None}).predictions
    torch.testing.assert_close(found["digit"].values, alone["digit"].values)
    assert found["activity"].values.shape == (2, 3)


def test_both_are_trained(tmp_path: Path) -> None:
    given = experiment(tmp_path)
    before = motet.train(
        given.model_copy(update={"training": given.training.model_copy(update={"epochs": 0})}), tmp_path / "0"
    )
    after = motet.train(given, tmp_path / "1")
    old, new = before.model().network.state_dict(), after.model().network.state_dict()
    for name in ("encoders.mel.0", "encoders.accel.0", "trunk.0", "heads.digit", "heads.activity"):
        assert any(not torch.equal(value, new[key]) for key, value in old.items() if key.startswith(name)), name


def test_encoders_that_end_differently_are_refused(tmp_path: Path) -> None:
    wide = {**ENCODERS, "accel": [{"kind": "cnn", "dims": 1, "channels": [5]}]}
    with pytest.raises(ConfigError, match=r"model\.fusion: mean wants encoded inputs with equally many values"):
        motet.train(experiment(tmp_path, encoder=wide), tmp_path / "run")


def test_an_encoder_is_named_after_an_input(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.encoder: has no layers for the feature 'accel'"):
        experiment(tmp_path, encoder={"mel": ENCODERS["mel"]})


def against(*tasks: str) -> dict[str, Any]:
    return {"procedure": {"kind": "adversarial", "against": list(tasks)}}


@pytest.mark.parametrize(
    ("model", "training", "message"),
    [
        ({}, against("digits"), r"against: there is no task 'digits'.*'digit'"),
        ({}, against("digit", "activity"), "names all tasks, and leaves none"),
        ({"sharing": "soft"}, against("digit"), "which model.sharing: soft has not"),
        (
            {"sharing": "mtan"},
            {"objective": {"kind": "mgda", "on": "features"}},
            "with model.sharing: mtan tasks share",
        ),
    ],
)
def test_what_wants_shared_layers_is_refused_without(
    model: dict[str, Any], training: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        motet.Experiment(data=experiment(tmp_path).data, model=model, training=training)
