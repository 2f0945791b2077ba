"""What a step of each procedure costs, as a multiple of the joint step of the same network on the same batch.

    python -m benchmarks procedures

Two networks: convolutions and a recurrent layer on log-mels with two tasks, and the network of the denoising example on
waveforms. Both sides take turns, and the middle one of the ratios of all rounds counts.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.measure import Row, compare, repeat

import motet
from motet.data.splits import split_corpus
from motet.experiment.beginning import begin_training
from motet.experiment.data import open_data
from motet.experiment.preparation import prepare_fold
from motet.training.loop import Training, take_step

ROUNDS, ROWS = 7, 16
SOURCE = {"kind": "generated", "content": "speakers", "examples": 40, "duration_s": 1.0}
CLASSES: Mapping[str, Any] = {
    "data": {"voices": {"source": SOURCE, "tasks": {"digit": "multiclass", "speaker": "multiclass"}}},
    "features": {"kind": "logmel", "bands": 64},
    "segments": {"length_s": 1.0},
    "model": {
        "encoder": [
            {"kind": "cnn", "channels": [16, 32]},
            {"kind": "cnn", "channels": [64]},
            {"kind": "rnn", "hidden": 64},
        ]
    },
}
MAPS: Mapping[str, Any] = {
    "data": {"voices": {"source": SOURCE, "tasks": {"clean": {"kind": "dense", "loss": ["si_sdr"]}}}},
    "signal": {"rate_hz": 8000},
    "features": "waveform",
    "scaling": "none",
    "segments": {"length_s": 1.0},
    "augment": ["noise"],
    "model": {
        "encoder": [
            {"kind": "spectrum", "window": 256, "hop": 64},
            {"kind": "rnn", "cell": "gru", "hidden": 128, "bidirectional": True, "dropout": 0.2},
        ],
        "heads": {"clean": {"decoder": {"kind": "mask", "window": 256}}},
    },
}
JUDGE = {
    "kind": "gan",
    "task": "clean",
    "discriminator": [
        {"kind": "spectrum", "window": 256, "hop": 64},
        {"kind": "cnn", "channels": [16, 32], "normalisation": "none", "activation": "leaky_relu"},
    ],
}


def measure() -> Iterator[Row]:
    """Yield the rows about procedures."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        layer_wise = {"kind": "layer_wise", "epochs": 1}
        for what, procedure, epoch in (
            ("alternating, 2 tasks", {"kind": "alternating"}, 0),
            ("adversarial, 2 tasks", {"kind": "adversarial", "against": ["speaker"]}, 0),
            ("layer_wise, first of 3 layers", layer_wise, 0),
            ("layer_wise, second", layer_wise, 1),
            ("layer_wise, third", layer_wise, 2),
        ):
            yield _row(what, step(CLASSES, procedure, Path(folder), epoch), step(CLASSES, {}, Path(folder)))
        yield _row("gan", step(MAPS, JUDGE, Path(folder)), step(MAPS, {}, Path(folder)))


def step(written: Mapping[str, Any], procedure: Mapping[str, Any], folder: Path, epoch: int = 0) -> Callable[[], None]:
    """Return a step of an experiment in an epoch, counted from 0, always on the same batch."""
    training = {"procedure": procedure or {"kind": "joint"}, "threads": 1}
    experiment = motet.Experiment(**written, training=training, store={"path": str(folder / "store")})
    with open_data(experiment) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        fold = split_corpus(data.corpus, settings, seed=1)[0]
        prepared = prepare_fold(experiment, data, fold, 1)
        begun: Training = begin_training(experiment, data, prepared, 1)
        batch = prepared.loader.draw(np.asarray(fold.train[:ROWS]), epoch=0, training=True)
    begun.model.train()
    begun.position.epoch = epoch
    return lambda: take_step(begun, batch)


def _row(what: str, ours: Callable[[], None], joint: Callable[[], None]) -> Row:
    found = compare(lambda: repeat(ours, 3), lambda: repeat(joint, 3), rounds=ROUNDS)
    return Row(f"{what}: the joint step", found.cost, "x", None, "lower", found.told(1e3 / 3, "ms a step"))
