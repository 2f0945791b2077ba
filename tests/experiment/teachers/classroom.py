"""Teachers and students that train in a fraction of a second."""

from pathlib import Path
from typing import Any

import pytest

import motet
from motet import Experiment
from motet.errors import ConfigError
from motet.evaluation.predictions import Predictions
from motet.experiment.beginning import begin_training
from motet.experiment.data import open_data
from motet.experiment.dry_run import dry_run
from motet.experiment.folds import split_folds
from motet.experiment.preparation import FoldData, prepare_fold
from motet.experiment.teachers.teachers import Teachers
from motet.files import JsonLines
from motet.model import Model
from motet.runs.folder import RunFolder
from motet.training.loop import Training

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


def begun(experiment: Experiment) -> tuple[Training, FoldData]:
    """The training of the first fold, before its first step."""
    with open_data(experiment) as data:
        fold = split_folds(data.listed, data.corpus, seed=1)[0]
        prepared = prepare_fold(experiment, data, fold, 1)
        return begin_training(experiment, data, prepared, 1, 1, Teachers.of(experiment)), prepared


def losses(run: Path) -> list[float]:
    """The loss of every epoch, of all tasks together."""
    records = JsonLines(RunFolder(run).fold(1, 1).metrics).read()
    return [sum(record["loss"].values()) for record in records]


def written(run: Path, fold: int, task: str) -> Predictions:
    """What a run has written of the test rows of a fold."""
    folder = RunFolder(run).fold(1, fold)
    return Predictions.from_csv(folder.predictions / f"{task}.csv", Model.load(folder.best).tasks[task])


def refused(plan: Experiment, match: str, folder: Path) -> None:
    """Assert that a dry run and training refuse a plan with the same words."""
    with pytest.raises(ConfigError, match=match):
        dry_run(plan)
    with pytest.raises(ConfigError, match=match):
        motet.train(plan, folder / "refused")
