"""Teachers and students that train in a fraction of a second."""

from pathlib import Path
from typing import Any

import motet
from motet import Experiment

VOICES = {
    "kind": "generated", "content": "speakers", "examples": 36, "classes": 3, "groups": 3, "rate_hz": 2000,
    "duration_s": 0.2,
}  # fmt: skip
LOGMEL = {"kind": "logmel", "bands": 6, "window_s": 0.032, "hop_s": 0.016}


def lesson_plan(folder: Path, **changed: Any) -> Experiment:
    """An experiment of one data set with digits, in two folds; parts may be changed."""
    given: dict[str, Any] = {
        "name": "school",
        "data": {"voices": {"source": VOICES, "tasks": {"digit": {"kind": "multiclass"}}}},
        "signal": {"rate_hz": 2000},
        "features": LOGMEL,
        "split": {"kind": "kfold", "folds": 2, "dev": 0.2},
        "model": {"encoder": [{"kind": "cnn", "channels": [3]}]},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
        "store": {"path": str(folder / "store")},
    }
    training = {"epochs": 2, "batch_size": 8, **changed.pop("training", {})}
    return Experiment(**{**given, **changed, "training": training})


def trained(folder: Path, name: str = "teacher", **changed: Any) -> Path:
    """The run of a teacher."""
    return motet.train(lesson_plan(folder, **changed), folder / name).path
