"""Generated data and the smallest training, shared by the tests of the user's own classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import motet

RATE_HZ = 2000.0
NUM_EXAMPLES = 24
NUM_FRAMES = 26


def samples(number: int) -> NDArray[np.float32]:
    """Return 0.2 s of a low or a high tone in noise, shape [1, T]."""
    generator = np.random.default_rng(number)
    time_s = np.arange(400) / RATE_HZ
    tone = np.sin(2 * np.pi * (150.0 if number % 2 == 0 else 600.0) * time_s)
    return np.asarray([tone + 0.3 * generator.standard_normal(400)], dtype=np.float32)


def pitch(number: int) -> str:
    """Return the label."""
    return "low" if number % 2 == 0 else "high"


EXAMPLES = [
    motet.Example(
        f"tone-{number:02}",
        {"signal": motet.Recording.of(samples(number), RATE_HZ)},
        {"pitch": pitch(number), "loudness": float(number % 5)},
    )
    for number in range(NUM_EXAMPLES)
]


def tiny(store: Path, tasks: Mapping[str, Any] | None = None, **options: Any) -> motet.Experiment:
    """Return an experiment of one epoch; options take the place of its own."""
    written: dict[str, Any] = {
        "name": "tones",
        "data": {"tones": {"source": EXAMPLES, "tasks": tasks or {"pitch": "multiclass"}}},
        "features": {"kind": "spectrogram", "window_s": 0.016, "hop_s": 0.008},
        "model": {"encoder": [{"kind": "mlp", "hidden": [4]}]},
        "store": {"path": str(store)},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
    }
    training = {"epochs": 1, "batch_size": 8, "optimizer": {"kind": "sgd", "learning_rate": 0.1}}
    return motet.Experiment(**{**written, **options, "training": {**training, **options.get("training", {})}})
