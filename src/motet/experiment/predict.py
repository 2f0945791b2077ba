"""Predicting recordings that belong to no data set: files and folders, with a saved model or that of a run.

A recording goes the way that the recordings of one data set of the model went: the same pipeline, scaling, segments
and decision. So what is predicted of a test row here is what the run predicted.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from motet.config.wording import did_you_mean
from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.loader import Loader
from motet.errors import ConfigError, DataError, MotetError
from motet.evaluation.predict import predict_batches
from motet.evaluation.predicted import Predicted
from motet.experiment.file_way import FileWay, Items, alike
from motet.experiment.preparation import segments_of
from motet.experiment.progress import ProgressFactory, no_progress
from motet.model import Model
from motet.runs.folder import FoldFolder, RunFolder, predicting_model
from motet.signals.recording import Recording
from motet.sources.example import Example
from motet.sources.listing import list_files
from motet.tasks.dense import Dense
from motet.tasks.task import Task
from motet.training.devices import choose_device

logger = logging.getLogger("motet")

_GROUP_FILES = 256
_GROUP_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class TaskPrediction:
    """What is predicted of one task.

    Parameters
    ----------
    decision
        A label, a sorted list of labels (multilabel), a number by name (regression), or a tuple of entries such as
        events.
    probabilities
        By label; of a binary task, of the positive one; of a regression, the values again; of frames, the largest.
    """

    decision: str | list[str] | dict[str, float] | tuple[Any, ...]
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True)
class FilePredictions:
    """Predictions of every task for some files.

    Parameters
    ----------
    tasks
        By path and task.
    skipped
        Why, by path.
    """

    tasks: dict[str, dict[str, TaskPrediction]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def predict(
    model: Model | Path | str,
    paths: Sequence[Path | str],
    *,
    like: str | None = None,
    fold: str | None = None,
    on_error: Literal["stop", "skip"] = "stop",
    allow_code: bool = False,
    device: str = "auto",
    batch_size: int = 64,
    progress: ProgressFactory = no_progress,
) -> FilePredictions:
    """Predict every task of a model for recordings.

    Parameters
    ----------
    model
        A model, its file, or the folder of a run.
    paths
        Recordings, and folders of recordings, which are searched for files of known endings.
    like
        The data set whose way the recordings go; needed where a model has several ways.
    fold
        SEED/FOLD of the run's model; by default the first.
    on_error
        What recordings that cannot be used mean: stop and list them all, or skip and list them.
    batch_size
        Recordings or segments at once.

    Raises
    ------
    ConfigError
        If there is no such model, it has no task or predicts maps only, or it must be said which way recordings go.
    DataError
        With all recordings that cannot be used; or if no recording is left.
    """
    found = model if isinstance(model, Model) else open_model(Path(model), fold=fold, allow_code=allow_code)
    where = choose_device(device)
    found.to(where)
    way = FileWay(found, choose_data_set(found, like))
    _check_decides(found)
    result = FilePredictions()
    files = list(dict.fromkeys(_files(way, paths, result.skipped)))
    count = progress("predicting", len(files))
    for group in _groups(way, files, result.skipped, ends_at_failure=on_error == "stop"):
        result.tasks.update(_predict_group(found, way, group, where, batch_size))
        count(len(group))
    if result.skipped and (on_error == "stop" or not result.tasks):
        remedy = "repair them or leave them out, or pass them over with --on-error skip"
        those = "1 recording" if len(result.skipped) == 1 else f"{len(result.skipped)} recordings"
        raise DataError(*result.skipped.values(), f"{those} cannot be used; {remedy}")
    if not result.tasks:
        raise DataError(f"{', '.join(map(str, paths))}: no recordings (looked for {', '.join(way.suffixes)})")
    return result


def _check_decides(model: Model) -> None:
    """Refuse a model that decides nothing: it has no task, or predicts maps only, which are not measured here."""
    if not model.tasks:
        raise ConfigError(
            "the model has no task, so there is nothing to predict; start another training from it with "
            "training.warm_start, and predict with that"
        )
    if all(isinstance(task, Dense) for task in model.tasks.values()):
        raise ConfigError(
            f"the model predicts maps only ({', '.join(model.tasks)}), and what is written here are decisions; take "
            "maps from the model in Python: model.network(...).predictions"
        )


def open_model(path: Path, *, fold: str | None = None, allow_code: bool = False) -> Model:
    """Load a model from its file, or the one that predicts from the folder of a run or of one of its folds.

    Raises
    ------
    ConfigError
        If there is none.
    DataError
        If its file is damaged.
    """
    if not path.is_dir():
        return Model.load(path, allow_code=allow_code)
    own = FoldFolder(path)
    if fold is None and predicting_model(own).is_file():
        return Model.load(predicting_model(own), allow_code=allow_code)
    folder = RunFolder(path)
    there = [place for place in folder.folds() if predicting_model(folder.fold(*place)).is_file()]
    if not there:
        raise ConfigError(f"{path}: holds no model; name the folder of a run, or a .safetensors file")
    named = {f"{seed}/{number}": (seed, number) for seed, number in there}
    if fold is not None and fold not in named:
        raise ConfigError(f"--fold {fold}: {path} has no such model; there is {', '.join(named)}")
    chosen = fold or next(iter(named))
    file = predicting_model(folder.fold(*named[chosen]))
    if len(named) > 1:
        logger.info("model of seed and fold %s, the first of %d: %s", chosen, len(named), file)
    return Model.load(file, allow_code=allow_code)


def choose_data_set(model: Model, like: str | None) -> str:
    """Return the data set whose way new recordings go.

    Raises
    ------
    ConfigError
        If there is no such data set, none is named where ways differ, or its examples are several recordings each.
    """
    names = list(model.document.data_sets)
    if like is not None and like not in names:
        raise ConfigError(
            f"--like {like}: there is no such data set{did_you_mean(like, names)}; there is {', '.join(names)}"
        )
    chosen = like or names[0]
    others = [name for name in names if not alike(model, chosen, name)]
    if like is None and others:
        raise ConfigError(
            f"recordings of {', '.join(names)} were prepared, scaled or cut differently; say whose way new ones go, "
            f"such as --like {chosen}"
        )
    recordings = dict.fromkeys(own.recording for own in model.read_inputs(chosen).values())
    if len(recordings) > 1:
        raise ConfigError(
            f"an example of {chosen!r} is several recordings ({', '.join(recordings)}), and a file is one; list them "
            "in an experiment and use `motet evaluate RUN --data FILE`"
        )
    return chosen


def _groups(
    way: FileWay, paths: Sequence[str], failures: dict[str, str], *, ends_at_failure: bool
) -> Iterator[dict[str, Items]]:
    """Yield the maps of files by path, as many as fit into memory, and note why others have none.

    Parameters
    ----------
    ends_at_failure
        Whether what follows a failure is only looked at, because nobody will use it.
    """
    group: dict[str, Items] = {}
    num_bytes = 0
    for path in paths:
        try:
            items = way.read(path)
        except (DataError, ConfigError) as error:
            failures[path] = str(error)
            continue
        if failures and ends_at_failure:
            continue
        group[path] = items
        num_bytes += sum(item[1].nbytes for item in items.values())
        if len(group) == _GROUP_FILES or num_bytes > _GROUP_BYTES:
            yield group
            group, num_bytes = {}, 0
    if group:
        yield group


def _predict_group(
    model: Model, way: FileWay, group: dict[str, Items], device: torch.device, batch_size: int
) -> dict[str, dict[str, TaskPrediction]]:
    """Return the predictions of every task by path."""
    nowhere: Recording[Any] = Recording(None)  # type: ignore[arg-type]  # the loader reads maps, never recordings
    examples = (Example(id=path, inputs={"file": nowhere}, targets={}) for path in group)
    corpus = Corpus({way.data_set: DataSet.of(way.data_set, examples)}, {}, {})
    maps = {way.data_set: way.maps(list(group.values()))}
    loader = Loader(corpus, maps, {way.data_set: segments_of(model, way.data_set)})
    predicted = predict_batches(
        model,
        loader.evaluate(np.arange(len(group)), batch_size=batch_size),
        device=device,
        merge=lambda row: way.document.merge,
        wanted=lambda batch: {name: None for name, task in model.tasks.items() if not isinstance(task, Dense)},
    )
    by_task = {name: _decided(model.scored[name], list(group), part) for name, part in predicted.items()}
    return {path: {name: by_task[name][row] for name in by_task} for row, path in enumerate(group)}


def _decided(task: Task, paths: Sequence[str], predicted: Predicted) -> list[TaskPrediction]:
    broken = np.flatnonzero(~task.finite(predicted.probabilities))
    if len(broken):
        raise MotetError(f"{paths[broken[0]]}: the model predicts values of {task.name!r} that are not finite")
    found = task.describe(predicted.probabilities, task.decide(predicted.probabilities))
    return [TaskPrediction(decision, probabilities) for decision, probabilities in found]


def _files(way: FileWay, paths: Sequence[Path | str], failures: dict[str, str]) -> Iterator[str]:
    """List files as they are named, and those of known endings in folders, sorted; note what is not there."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from (f"{path.as_posix()}/{name}" for name in list_files(str(path), extensions=way.suffixes))
        elif path.exists():
            yield path.as_posix()
        else:
            failures[path.as_posix()] = f"{path}: there is no such file or folder"
