"""A run: an experiment over all its seeds and folds, in a folder that explains itself and can be gone on with."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from motet.config import Context, load, to_yaml, validate
from motet.config.document import read_document
from motet.config.user_code import components_of
from motet.data.corpus import Corpus
from motet.errors import ConfigError, MotetError, located
from motet.evaluation.predictions import Predictions
from motet.evaluation.score import score_task
from motet.experiment.code import changed_code, copy_code, holds_code, with_copies_named
from motet.experiment.data import OpenData, open_data
from motet.experiment.fold import train_fold
from motet.experiment.folds import split_folds
from motet.experiment.fusing import fused_tasks
from motet.experiment.leaks import check_others
from motet.experiment.listing import Listed
from motet.experiment.network_checks import check_early
from motet.experiment.other_runs import OTHERS, describe_runs, other_runs
from motet.experiment.parallel import with_parallels
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.scoring import mean_losses
from motet.experiment.settings import Experiment
from motet.experiment.shared_data import SharedData
from motet.experiment.teachers.fold import Teachers
from motet.files import atomic_write, lock
from motet.model import Model
from motet.networks.settings import LOSSES
from motet.runs import plots
from motet.runs.environment import describe_environment
from motet.runs.folder import FoldFolder, RunFolder, finite, predicting_model, read_json, write_json
from motet.training.devices import choose_device, choose_precision

logger = logging.getLogger("motet")

_FREE = (
    "store.path", "evaluation.batch_size", "evaluation.interval", "evaluation.plots",
    "training.checkpoint_s", "training.device", "training.threads",
)  # fmt: skip
"""Settings that may differ when a run goes on: they say where it runs and what is told of it, not what is trained."""


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
        teachers.check(corpus)
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


def check_place(folder: RunFolder) -> None:
    """Refuse a folder that holds files of other things. Hidden ones do not count: a killed run may leave some.

    Raises
    ------
    ConfigError
        If it does, or if it is no folder.
    """
    if folder.path.exists() and not folder.path.is_dir():
        raise ConfigError(f"{folder.path}: is a file, and a run wants a folder; name another one with -o")
    others = [] if not folder.path.is_dir() else [one for one in folder.path.iterdir() if one.name[0] != "."]
    if others and not folder.experiment.is_file():
        raise ConfigError(f"{folder.path}: holds other files and no run; name another folder with -o")


def begin_run(folder: RunFolder, experiment: Experiment) -> Experiment:
    """Make the folder of a run, or check that it holds this very experiment; one where nothing was done yet may change.

    Returns
    -------
    Experiment
        The same, which calls the files of user code as their copies in the folder.

    Raises
    ------
    ConfigError
        If it holds another one; every setting that differs is named.
    """
    kept = with_copies_named(experiment)
    if not folder.holds_work():
        folder.data.unlink(missing_ok=True)
        for begun in folder.folds():
            shutil.rmtree(folder.fold(*begun).path)
        _write_experiment(folder, kept)
        copy_code(experiment, folder)
        return kept
    differing = changed_settings(folder, experiment)
    if differing:
        raise ConfigError(
            f"{folder.path}: holds a run of other settings; name another folder with -o, or go back to these:",
            *differing,
        )
    _write_experiment(folder, kept)  # the settings that may differ are now these
    return kept


def changed_settings(folder: RunFolder, experiment: Experiment) -> list[str]:
    """Return what a run of an experiment in this folder would differ in from the one that was begun there."""
    before = _begun_with(folder, experiment)
    now = read_document(to_yaml(with_copies_named(experiment)), "here", []).plain()
    differing = [
        f"{path}: {old!r} there, {new!r} here"
        for path, old, new in _differences(before, now)
        if not any(path == free or path.startswith(f"{free}.") for free in _FREE)
    ]
    return differing + list(changed_code(experiment, folder))


def _begun_with(folder: RunFolder, experiment: Experiment) -> Any:
    """Return the settings in a folder, with their defaults where a newer version has more options."""
    tree = load(folder.experiment)
    context = Context(allow_code=holds_code(experiment), folder=folder.path, given=components_of(experiment))
    try:
        whole = with_copies_named(validate(Experiment, tree, context))
        return read_document(to_yaml(whole), "there", []).plain()
    except ConfigError:  # what cannot be read any more is told as it stands
        return tree.root.plain()


def _write_experiment(folder: RunFolder, experiment: Experiment) -> None:
    with atomic_write(folder.experiment) as file:
        file.write(to_yaml(experiment).encode())


def check_same_data(folder: RunFolder, described: dict[str, Any]) -> None:
    """Write what the data are, or check that they are still the same: else rows that trained could come to test.

    Raises
    ------
    ConfigError
        If a run goes on, or is evaluated, with other data.
    """
    if not folder.data.is_file():
        write_json(folder.data, described)
        return
    every = changed_data(folder, described)
    changed = [name for name in every if not name.startswith(OTHERS)]
    others = [name for name in every if name.startswith(OTHERS)]
    if others:
        raise ConfigError(
            *(
                f"{name}.run: {described[name]['run']} holds other models than when the run in {folder.path} began, "
                "and a run uses the same ones to its end; bring them back, or start a new run with -o"
                for name in others
            )
        )
    if changed:
        names = ", ".join(repr(name) for name in changed)
        raise ConfigError(
            f"{folder.path}: the recordings, targets or maps of {names} changed since the run began, so nobody knows "
            "which of them it was trained on; bring them back, or start a new run with -o"
        )


def changed_data(folder: RunFolder, described: dict[str, Any]) -> list[str]:
    """Return the data sets that are no longer what the run of this folder was begun with."""
    before = read_json(folder.data)
    return [name for name, now in described.items() if before.get(name, {}).get("digest") != now["digest"]]


def describe_data(data: OpenData) -> dict[str, Any]:
    """Return rows, labels, what was skipped, and a digest of maps and targets, by data set."""
    described = {
        name: {**part.data_set.describe(), "digest": data.digest(name), "skipped": data.skipped[name]}
        for name, part in data.listed.items()
    }
    noise = {f"noise.{name}": {**own.data_set.describe(), "digest": own.digest()} for name, own in data.noise.items()}
    return described | noise


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


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append the log of Motet to a file."""
    log = logging.getLogger("motet")
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        text = "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
        handler.handle(logging.makeLogRecord({"levelname": "ERROR", "msg": text}))
        raise
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()


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
    folds = split_folds(data.listed, data.corpus, seed=seed, trains=experiment.training.epochs > 0)
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


def _differences(before: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif before != now:
        yield path, before, now
