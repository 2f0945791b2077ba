"""A run: an experiment over all its seeds and folds, in a folder that explains itself and can be gone on with."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from motet.data.corpus import Corpus
from motet.errors import MotetError, located
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import score_task
from motet.experiment.code import holds_code
from motet.experiment.data import OpenData, open_data
from motet.experiment.fold import train_fold
from motet.experiment.folds import split_folds
from motet.experiment.fusing import fused_tasks
from motet.experiment.leaks import check_others
from motet.experiment.listing import Listed
from motet.experiment.network_checks import check_early
from motet.experiment.other_runs import describe_runs, other_runs
from motet.experiment.parallel import with_parallels
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.same_run import begin_run, check_place, check_same_data, describe_data
from motet.experiment.scoring import mean_losses
from motet.experiment.settings import Experiment
from motet.experiment.shared_data import SharedData
from motet.experiment.teachers.teachers import Teachers
from motet.files import lock
from motet.model import Model
from motet.networks.settings import LOSSES
from motet.runs import plots
from motet.runs.environment import describe_environment
from motet.runs.folder import FoldFolder, RunFolder, finite, predicting_model, read_json, write_json
from motet.runs.log import log_to
from motet.training.devices import choose_device, choose_precision

logger = logging.getLogger("motet")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run.

    Parameters
    ----------
    path
        Its folder.
    result
        `{"schema": 1, "run": ..., "tasks": {NAME: {METRIC: {"value", "low", "high"}}}}`: fractions, the mean over
        folds and seeds with its interval. Where the network has losses of its own, `losses` holds these likewise,
        without intervals.
    experiment
        What was run.
    """

    path: Path
    result: dict[str, Any]
    experiment: Experiment

    def model(self, *, seed: int | None = None, fold: int = 1) -> Model:
        """Return the model that predicts for a seed (by default the first) and a fold."""
        folder = RunFolder(self.path)
        chosen = self.experiment.all_seeds[0] if seed is None else seed
        file = predicting_model(folder.fold(chosen, fold))
        return Model.load(file, allow_code=holds_code(self.experiment), experiment=self.experiment)


def train(
    experiment: Experiment,
    output: Path | str | None = None,
    *,
    workers: int | None = None,
    allow_code: bool = False,
    progress: ProgressFactory = no_progress,
) -> Run:
    """Run an experiment, or go on where it stopped.

    Parameters
    ----------
    output
        Folder of the run; by default `runs/NAME`.
    allow_code
        Whether the user code that other runs name may be run; that of the experiment itself was allowed
        where it was loaded.
    workers
        Processes that extract features; None to decide by how long it takes.
    progress
        Called with a label and a total; returns what is called with every count.

    Raises
    ------
    ConfigError
        If the folder holds a run of other settings.
    DataError
        If recordings or splits cannot be used.
    MachineError
        If the device is not there, or another process trains in this folder.
    KeyboardInterrupt
        If somebody asked to stop; the same call goes on from there.
    """
    return run_experiment(experiment, output, workers=workers, allow_code=allow_code, progress=progress)


def run_experiment(
    experiment: Experiment,
    output: Path | str | None = None,
    *,
    shared: SharedData | None = None,
    workers: int | None = None,
    allow_code: bool = False,
    progress: ProgressFactory = no_progress,
) -> Run:
    """Run an experiment as `train` does, with data that other runs opened.

    Parameters
    ----------
    shared
        What is open, and where what is opened now is kept; None to open for this run alone.
    """
    folder = RunFolder(Path(output) if output is not None else Path("runs") / experiment.name)
    began = time.monotonic()
    check_place(folder)
    choose_precision(experiment.training.autocast, choose_device(experiment.training.device))
    with lock(folder.lock, timeout_s=0):
        folder.remove_stale()
        others = describe_runs(other_runs(experiment))
        teachers = Teachers.of(experiment, allow_code=allow_code)
        experiment = begin_run(folder, experiment)
        with log_to(folder.log), _opened(experiment, workers, progress, shared, teachers) as data:
            write_json(folder.environment, describe_environment())
            check_others(experiment, data.listed, data.corpus, read=True, allow_code=allow_code)
            check_same_data(folder, describe_data(data) | others)
            draws = _wants_pictures(experiment)
            for seed in experiment.all_seeds:
                for fold in _train_folds(experiment, data, folder, seed, teachers, workers, progress):
                    if draws and not plots.is_drawn(fold):
                        _draw(fold.path, partial(plots.draw_fold, fold))
            result = collect_result(folder, experiment, data)
            if draws:
                _draw(folder.path, partial(plots.draw_run, folder))
            logger.info("run done after %.1f s: %s", time.monotonic() - began, folder.path)
    return Run(folder.path, result, experiment)


def _opened(
    experiment: Experiment,
    workers: int | None,
    progress: ProgressFactory,
    shared: SharedData | None,
    teachers: Teachers,
) -> OpenData:
    opened = with_parallels(experiment)

    def check(listed: Mapping[str, Listed], corpus: Corpus) -> None:
        check_early(opened, listed, corpus)
        teachers.check(listed, corpus, experiment.model)
        check_others(experiment, listed, corpus, read=False, allow_code=teachers.allow_code)

    return open_data(opened, workers=workers, progress=progress, check=check, shared=shared)


def extract(
    experiment: Experiment, *, workers: int | None = None, progress: ProgressFactory = no_progress
) -> dict[str, Any]:
    """Store all maps of an experiment; return `{"data": {NAME: {INPUT: {computed, reused, skipped, bytes}}}}`."""
    with open_data(experiment, workers=workers, progress=progress) as data:
        return {
            "data": {
                name: {
                    input_name: {
                        "computed": extraction.computed,
                        "reused": extraction.reused,
                        "skipped": data.skipped[name],
                        "bytes": data.stored[name][input_name].num_bytes,
                    }
                    for input_name, extraction in found.items()
                }
                for name, found in data.extractions.items()
            }
        }


def collect_result(folder: RunFolder, experiment: Experiment, data: OpenData) -> dict[str, Any]:
    """Pool the test predictions of all folds and seeds, score them, and write `result.json`.

    Raises
    ------
    DataError
        If the predictions of a finished fold are missing or damaged.
    """
    tasks = {}
    folds = [folder.fold(seed, fold) for seed, fold in folder.folds()]
    scored = [(fold, read_json(fold.scores)["tasks"]) for fold in folds if fold.scores.is_file()]
    fused = {name: own.task for name, own in fused_tasks(experiment, data.corpus).items()}
    for name, task in {**data.corpus.tasks, **fused}.items():
        files = [fold.predictions / f"{name}.csv" for fold, of_tasks in scored if name in of_tasks]
        parts = [Predictions.from_csv(path, task) for path in files]
        if parts:
            pooled = Predictions.concatenate(parts)
            tasks[name] = score_task(task, pooled, experiment.evaluation.interval, seed=experiment.seed)
    losses = mean_losses([read_json(fold.scores).get(LOSSES, {}) for fold, _ in scored])
    result: dict[str, Any] = finite(
        {
            "schema": 1,
            "run": folder.path.as_posix(),
            "seeds": list(experiment.all_seeds),
            "folds": len({fold for _, fold in folder.folds()}),
            "tasks": tasks,
            **({LOSSES: losses} if losses else {}),
        }
    )
    write_json(folder.result, result)
    return result


def _train_folds(
    experiment: Experiment,
    data: OpenData,
    folder: RunFolder,
    seed: int,
    teachers: Teachers,
    workers: int | None,
    progress: ProgressFactory,
) -> Iterator[FoldFolder]:
    """Train fold after fold, and give the folder of each, done now or before."""
    folds = split_folds(data.listed, data.corpus, seed=seed, trains=experiment.training.epochs > 0, told=True)
    for number, fold in enumerate(folds, start=1):
        own = folder.fold(seed, number)
        if own.scores.is_file():
            logger.info("seed %d, fold %d of %d: finished before", seed, number, len(folds))
            yield own
            continue
        own.path.mkdir(parents=True, exist_ok=True)
        logger.info(
            "seed %d, fold %d of %d (%s): %d rows train, %d select, %d test",
            seed, number, len(folds), fold.name, len(fold.train), len(fold.dev), len(fold.test),
        )  # fmt: skip
        try:
            train_fold(
                experiment, data, fold, seed=seed, number=number, folder=own, teachers=teachers, workers=workers,
                progress=progress,
            )  # fmt: skip
        except MotetError as error:
            raise located(error, f"seed {seed}, fold {number} of {len(folds)} ({fold.name})") from error
        yield own


def _wants_pictures(experiment: Experiment) -> bool:
    if experiment.evaluation.plots and not plots.can_draw():
        logger.info("no pictures, because matplotlib is not installed: pip install 'motet[plots]'")
    return experiment.evaluation.plots and plots.can_draw()


def _draw(place: Path, draw: Callable[[], object]) -> None:
    try:
        draw()
    except Exception as error:  # a picture is never worth a run
        logger.warning("%s: pictures cannot be drawn: %s: %s", place, type(error).__name__, error)
