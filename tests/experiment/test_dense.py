"""Maps as targets from end to end: reconstruction, prediction of the next frame, and denoising."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import motet
from motet.data.loader import Loader
from motet.data.splits import split_corpus
from motet.errors import ConfigError
from motet.evaluation.predictions import Predictions
from motet.experiment.data import open_data
from motet.experiment.dry_run import dry_run

_WAVE = {
    "signal": {"rate_hz": 8000, "mix": [{"data": "hiss", "snr_db": 0, "evaluation": True}]},
    "noise": {
        "hiss": {
            "source": {"kind": "generated", "content": "scenes", "examples": 24, "duration_s": 0.5, "rate_hz": 8000},
            "labels": {"scene": ["hiss"]},
            "split": {"kind": "holdout", "test": 0.3},
        }
    },
    "features": "waveform",
    "scaling": "none",
    "model": {
        "encoder": [{"kind": "spectrum", "window": 128, "hop": 32}, {"kind": "rnn", "hidden": 24}],
        "heads": {"clean": {"decoder": {"kind": "mask", "window": 128}}},
    },
}


def _experiment(store: Path, task: dict[str, Any], **changed: Any) -> motet.Experiment:
    source = {"kind": "generated", "content": "speakers", "examples": 40, "duration_s": 0.3, "rate_hz": 8000}
    given: dict[str, Any] = {
        "data": {"voices": {"source": source, "tasks": {"clean": {"kind": "dense", **task}}}},
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.2},
        "training": {"epochs": 5, "batch_size": 8, "optimizer": {"kind": "adam", "learning_rate": 0.01}},
        "evaluation": {"plots": False, "interval": {"resamples": 20}},
        "store": {"path": str(store)},
    }
    return motet.Experiment(**{**given, **changed})


def test_noise_is_taken_out(tmp_path: Path) -> None:
    task = {"loss": ["si_sdr", {"kind": "stft", "windows": [64, 128], "weight": 0.1}]}
    run = motet.train(_experiment(tmp_path / "store", task, **_WAVE), tmp_path / "run", workers=1)
    figures = run.result["tasks"]["clean"]
    assert figures["si_sdr_gain"]["value"] > 3.0
    assert figures["si_sdr_gain"]["low"] < figures["si_sdr_gain"]["high"]
    assert figures["si_sdr"]["value"] == pytest.approx(figures["si_sdr_gain"]["value"], abs=0.5)
    with pytest.raises(ConfigError, match=r"the model predicts maps only \(clean\)"):
        motet.predict(tmp_path / "run", [tmp_path], maps=False)
    again = motet.evaluate(tmp_path / "run")
    assert again["tasks"]["clean"]["si_sdr_gain"] == figures["si_sdr_gain"]
    file = tmp_path / "run" / "seed-1" / "fold-1" / "predictions" / "clean.csv"
    rows = Predictions.from_csv(file, run.model().tasks["clean"])
    assert rows.probabilities[:, 0].mean() == pytest.approx(figures["si_sdr_gain"]["value"])


def test_all_that_trains_may_train(tmp_path: Path) -> None:
    """Without development rows nothing is told of an epoch but its loss, and the last model predicts."""
    model = {
        "encoder": [
            {"kind": "spectrum", "window": 128, "hop": 32},
            {"kind": "cnn", "dims": 1, "channels": [16, 16], "dilation": [1, 2], "residual": True, "pooling": "none"},
        ],
        "heads": {"clean": {"decoder": {"kind": "mask", "window": 128, "values": "complex"}}},
    }
    changed = {**_WAVE, "model": model, "split": {"kind": "holdout", "test": 0.3, "dev": 0}}
    run = motet.train(_experiment(tmp_path / "store", {"loss": ["si_sdr"]}, **changed), tmp_path / "run", workers=1)
    assert run.result["tasks"]["clean"]["si_sdr_gain"]["value"] > 3.0


def test_the_target_is_what_was_there_before_noise(tmp_path: Path) -> None:
    with open_data(_experiment(tmp_path / "store", {}, **_WAVE), workers=1) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        (fold,) = split_corpus(data.corpus, settings, seed=1)
        loader = Loader(data.corpus, data.maps(1, fold), seed=1)
        batch = loader.draw(fold.train[:6], epoch=0, training=True)
    given, clean = batch.inputs["signal"].values, batch.targets["clean"].values
    ratios = 10 * torch.log10(clean.square().sum((1, 2, 3)) / (given - clean).square().sum((1, 2, 3)))
    np.testing.assert_allclose(ratios, 0.0, atol=0.2)
    assert batch.counts["clean"] == 6


@pytest.mark.parametrize("shift", [0, 1])
def test_feature_maps_are_reconstructed_and_foretold(tmp_path: Path, shift: int) -> None:
    experiment = _experiment(
        tmp_path / "store",
        {"shift": shift, "loss": ["mse", {"kind": "l1", "weight": 0.5}], "metrics": ["mse", "mae"]},
        features={"kind": "logmel", "bands": 12, "hop_s": 0.02},
        model={"encoder": [{"kind": "rnn", "hidden": 24}]},
    )
    run = motet.train(experiment, tmp_path / "run", workers=1)
    assert run.result["tasks"]["clean"]["mse"]["value"] < (0.6 if shift == 0 else 0.8)


@pytest.mark.parametrize(("monitor", "warned"), [(None, True), ("clean.mse", False)])
def test_a_metric_that_is_never_defined_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monitor: str | None, warned: bool
) -> None:
    """What is reconstructed gains nothing over what was given, so no epoch is the best."""
    experiment = _experiment(
        tmp_path / "store",
        {"metrics": ["si_sdr_gain", "mse"]},
        features={"kind": "logmel", "bands": 6},
        model={"encoder": [{"kind": "rnn", "hidden": 4}]},
        training={"epochs": 2, "monitor": monitor},
    )
    run = motet.train(experiment, tmp_path / "run", workers=1)
    told = "clean.si_sdr_gain: undefined on the development rows in every epoch, so none is the best, and epoch 2, the"
    assert (told in caplog.text) == warned
    assert (told in (run.path / "run.log").read_text()) == warned
    assert run.model().document.notes["epoch"] == 2 or not warned


def test_what_cannot_be_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"task 'clean': its target is the input 'sgnal'.* did you mean 'signal'"):
        dry_run(_experiment(tmp_path / "store", {"of": "sgnal"}))
    flat = {"encoder": [{"kind": "pool"}]}
    with pytest.raises(ConfigError, match=r"model.heads.clean: predicts every frame, but the layers before it leave"):
        dry_run(_experiment(tmp_path / "store", {}, model=flat))


@pytest.mark.parametrize("metrics", [None, ["mse"], ["si_sdr"]])
def test_maps_that_are_no_waveforms_want_metrics_of_their_own(tmp_path: Path, metrics: list[str] | None) -> None:
    experiment = _experiment(
        tmp_path / "store",
        {} if metrics is None else {"metrics": metrics},
        features={"kind": "logmel", "bands": 6},
        model={"encoder": [{"kind": "rnn", "hidden": 4}]},
        training={"epochs": 0},
    )
    if metrics is not None:
        assert list(motet.train(experiment, tmp_path / "run", workers=1).result["tasks"]["clean"]) == metrics
        return
    match = r"task 'clean': its target 'signal' is a map \[C=1, T=.*F=6\], .* of waveforms; .*metrics: \[mse\]"
    for start in (dry_run, lambda own: motet.train(own, tmp_path / "run", workers=1)):
        with pytest.raises(ConfigError, match=match):
            start(experiment)
