"""Evaluating any kept epoch of a run, on its own rows or on other data."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motet.data.corpus import Corpus
from motet.data.loader import Loader
from motet.data.roles import FoldSplit
from motet.errors import ConfigError, DataError
from motet.evaluation.predict import OwnLosses
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import score_task
from motet.experiment.data import OpenData, open_data
from motet.experiment.file_way import check_map
from motet.experiment.folds import split_folds
from motet.experiment.leaks import warn_of_rows_heard
from motet.experiment.load import load_experiment, reopen
from motet.experiment.preparation import FoldData, segments_of
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.same_run import check_same_data, describe_data
from motet.experiment.scoring import as_predictions, mean_losses, predict_rows
from motet.experiment.settings import OVERRIDABLE, DataSetSettings, Experiment
from motet.model import Model
from motet.networks.settings import LOSSES
from motet.runs.folder import FoldFolder, RunFolder, finite, predicting_model
from motet.training.devices import choose_device

logger = logging.getLogger("motet")

_WHERE_FROM = ("source", "limit", "on_error", "max_skipped")
"""What of a data set another file may say."""
_MADE_OF_THEM = ("strings", "map", "merge_labels", "drop_labels", "derive")


def evaluate(
    path: Path | str,
    *,
    epoch: str = "best",
    part: str = "test",
    data: Path | str | None = None,
    allow_code: bool = False,
    experiment: Experiment | None = None,
    progress: ProgressFactory = no_progress,
) -> dict[str, Any]:
    """Evaluate the models of a run.

    Parameters
    ----------
    path
        Folder of the run.
    epoch
        best, last, or the number of a kept epoch.
    part
        train, dev or test: which rows of each fold.
    data
        An experiment file whose data sets of the same names are evaluated whole, in place of the run's own. Only
        where its recordings come from counts, how many of them, and what becomes of unusable ones; what the run
        was trained with is not to differ. Recordings that trained or selected a model of the run are warned of.
    allow_code
        Whether the classes that the run names as `code/mine.py:Name` may be run.
    experiment
        The experiment as it was in Python, where it held objects of your own, which no file can.

    Returns
    -------
    dict
        `{"schema": 1, "run": ..., "folds": ..., "tasks": {NAME: {METRIC: {"value", "low", "high"}}}}`, as
        `result.json`; the folds are those that are done, which a warning tells where others are not.

    Raises
    ------
    ConfigError
        If there is no such run or epoch, the data sets do not fit, or the run's own are no longer what they were.
    """
    if part not in ("train", "dev", "test"):
        raise ConfigError(f"part {part!r} is unknown; there is train, dev, test")
    given = experiment
    folder, experiment = reopen(Path(path), allow_code=allow_code, experiment=given)
    found = _done(folder)
    other = None if data is None else load_experiment(data, allow_code=allow_code)
    first = Model.load(_model_file(folder.fold(*found[0]), epoch), allow_code=allow_code, experiment=given)
    with open_data(_with_data(experiment, other), progress=progress, tasks=first.tasks) as opened:
        if other is None:
            check_same_data(folder, describe_data(opened))
        else:
            warn_of_rows_heard(folder, opened.corpus, found, allow_code=allow_code)
        _check_maps(opened, first)
        pooled: dict[str, list[Predictions]] = {}
        losses: list[dict[str, float]] = []
        for seed, number in found:
            file = _model_file(folder.fold(seed, number), epoch)
            model = Model.load(file, allow_code=allow_code, experiment=given)
            rows = _fold(experiment, opened, seed, number, whole=other is not None)
            own = OwnLosses()
            for name, predictions in _predict(experiment, opened, model, rows, part, seed, number, own).items():
                pooled.setdefault(name, []).append(predictions)
            losses.append(own.means())
        tasks = {
            name: score_task(first.scored[name], Predictions.concatenate(parts), experiment.evaluation.interval,
                             seed=experiment.seed)
            for name, parts in pooled.items()
        }  # fmt: skip
    report = {
        "schema": 1, "run": folder.path.as_posix(), "epoch": epoch, "part": part,
        "folds": [{"seed": seed, "fold": number} for seed, number in found], "tasks": tasks,
        **({LOSSES: means} if (means := mean_losses(losses)) else {}),
    }  # fmt: skip
    result: dict[str, Any] = finite(report)
    return result


def _done(folder: RunFolder) -> list[tuple[int, int]]:
    """Return seed and number of the folds that are done, and warn of a run that is not."""
    found = [begun for begun in folder.folds() if folder.fold(*begun).scores.is_file()]
    begun = ", ".join(f"seed {seed} fold {number}" for seed, number in folder.folds() if (seed, number) not in found)
    if not found:
        still = f" ({begun} is under way)" if begun else ""
        raise ConfigError(f"{folder.path}: no fold of this run is done{still}; run `motet train` first")
    if not folder.result.is_file():
        logger.warning(
            "the run is not done: these figures are of the %d folds that are%s",
            len(found), f"; {begun} is under way" if begun else "",
        )  # fmt: skip
    return found


def _with_data(experiment: Experiment, other: Experiment | None) -> Experiment:
    """Return the run's experiment with the sources of another one: all else stays as it was trained."""
    if other is None:
        return experiment
    problems = [
        f"data.{name}: the run has no data set of this name ({', '.join(experiment.data)})"
        for name in other.data
        if name not in experiment.data
    ]
    problems += [
        f"data.{name}.{part}: differs from what the run was trained with; leave it out, it is taken from the run"
        for name, own in other.data.items()
        if name in experiment.data
        for part in ("tasks", *_MADE_OF_THEM, *OVERRIDABLE)
        if getattr(own, part) not in (DataSetSettings.model_fields[part].default, getattr(experiment.data[name], part))
    ]
    if problems:
        raise ConfigError(*problems)
    data = {
        name: experiment.data[name].model_copy(
            update={**{part: getattr(own, part) for part in _WHERE_FROM}, "limit_labels": None, "balance": None}
        )
        for name, own in other.data.items()
    }
    return experiment.model_copy(update={"data": data})


def _check_maps(opened: OpenData, model: Model) -> None:
    for name, inputs in opened.maps(0).items():
        known = model.document.data_sets[name].inputs
        for input_name, maps in inputs.items():
            own, recording = known[input_name], opened.listed[name].inputs[input_name][0]
            if len({one.recording for one in known.values()}) > 1 and recording != own.recording:
                raise DataError(
                    f"data.{name}.source: the examples have no recording {own.recording!r}, which the model takes the "
                    f"input {input_name!r} from; it must be there beside {recording!r}"
                )
            check_map(f"data set {name!r}", maps, opened.stored[name][input_name].rate_hz, own)


def _model_file(folder: FoldFolder, epoch: str) -> Path:
    if epoch == "best":
        return predicting_model(folder)
    path = folder.last if epoch == "last" else folder.epoch(int(epoch)) if epoch.isdecimal() else None
    if path is None or not path.is_file():
        kept = sorted(int(file.stem.removeprefix("epoch-")) for file in folder.path.glob("epoch-*.safetensors"))
        raise ConfigError(
            f"--epoch {epoch}: {folder.path} keeps best, last" + "".join(f", {number}" for number in kept)
            + "; set training.keep: all or {kind: every, epochs: N} to keep more"
        )  # fmt: skip
    return path


def _fold(experiment: Experiment, opened: OpenData, seed: int, number: int, *, whole: bool) -> FoldSplit:
    if whole:
        every, none = np.arange(len(opened.corpus)), np.arange(0)
        return FoldSplit(str(number), none, none, every, number - 1)
    folds = split_folds(opened.listed, opened.corpus, seed=seed, trains=experiment.training.epochs > 0, told=True)
    return folds[number - 1]


def _predict(
    experiment: Experiment,
    opened: OpenData,
    model: Model,
    fold: FoldSplit,
    part: str,
    seed: int,
    number: int,
    own: OwnLosses,
) -> dict[str, Predictions]:
    rows = np.unique(getattr(fold, part))
    if not len(rows):
        raise ConfigError(f"--part {part}: fold {number} has no such rows; choose another part")
    device: torch.device = choose_device(experiment.training.device)
    prepared = loaded_fold(opened, model, fold, seed)
    predicted = predict_rows(experiment, model.to(device), prepared, rows, device, losses=own)
    return {
        name: as_predictions(opened.corpus, model, name, found, fold=str(number), seed=seed)
        for name, found in predicted.items()
    }


def loaded_fold(opened: OpenData, model: Model, fold: FoldSplit, seed: int) -> FoldData:
    """Return what draws batches for a model that is already fitted: its own segment lengths are used."""
    corpus: Corpus = opened.corpus
    maps = opened.maps(seed, fold)
    segments = {name: segments_of(model, name) for name in corpus.data_sets}
    unread = [name for own in maps.values() for name in own if not model.document.network.reads(name)]
    return FoldData(corpus, fold, maps, segments, Loader(corpus, maps, segments, seed=seed, unread=unread))
