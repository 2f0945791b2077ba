"""Runs beside each other: their figures, and their differences on the test rows that they share."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from motet import catalog, tensor_file
from motet.config import Context, validate
from motet.errors import ConfigError, DataError
from motet.evaluation.compare import Comparison, compare_predictions, holm
from motet.evaluation.predictions import Predictions
from motet.evaluation.settings import IntervalSettings
from motet.experiment.compare_losses import FoldLosses, Place, compare_losses, read_losses, unpaired
from motet.model import ModelDocument, build_all_fused
from motet.networks.settings import LOSSES
from motet.runs.folder import RunFolder, finite, open_existing, predicting_model, read_json
from motet.tasks.task import Task

logger = logging.getLogger("motet")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class RunPredictions:
    """The test predictions of a run, of the folds that are done.

    Parameters
    ----------
    tasks
        By name, with their labels.
    predictions
        By task, all folds and seeds together.
    document
        What the model of the first fold is made of.
    losses
        What the folds tell of losses of the network's own.
    """

    path: Path
    tasks: dict[str, Task]
    predictions: dict[str, Predictions]
    document: ModelDocument
    losses: dict[Place, FoldLosses]

    @property
    def told(self) -> list[str]:
        """All that it has figures of: tasks, and losses of the network's own as `losses.NAME`."""
        own = {f"{LOSSES}.{name}": None for fold in self.losses.values() for name in fold.means}
        return [*self.tasks, *own]


def compare(
    paths: Sequence[Path | str],
    *,
    interval: IntervalSettings | None = None,
    allow_code: bool = False,
) -> Json:
    """Compare runs with the first of them, task by task.

    Parameters
    ----------
    paths
        Folders of runs, or of sweeps: then of every finished run in them.
    interval
        How often is resampled and permuted, and the confidence; by default 1,000 times and 95 %.
    allow_code
        Whether the classes that the runs name as `code/mine.py:Name` may be run.

    Returns
    -------
    dict
        `{"schema": 1, "runs": [...], "comparisons": [...], "losses": [...], "left_out": [...]}`: of every task and
        every other run its `rows`, `metrics` (with `first`, `second`, `difference`, `p`), `labels`, `mcnemar`, and
        `p_holm`, the p value of the main metric made larger for the number of comparisons; of every loss of the
        network's own its `folds`, `first`, `second`, `difference`. Left out are runs of which nothing can be compared.

    Raises
    ------
    ConfigError
        If there are fewer than two runs.
    DataError
        If nothing can be compared: no run has a task of the first with the same labels and a common test row, or a loss
        of its own.
    """
    named = [own for path in paths for own in run_folders(Path(path))]
    folders = list({folder.resolve(): folder for folder in named}.values())
    if len(folders) < 2:
        twice = " (named more than once)" if len(named) > len(folders) else ""
        raise ConfigError(
            f"there is {len(folders)} run to compare{twice}; name two or more, or a sweep with finished runs"
        )
    first, *others = [read_run(path, allow_code=allow_code) for path in folders]
    found, problems = _compare_all(first, others, interval)
    losses = [(other.path, one) for other in others for one in compare_losses(first.losses, other.losses)]
    if not found and not losses:
        raise DataError(*problems)
    for problem in problems:
        logger.warning("%s; left out", problem)
    adjusted = holm(next(iter(one.metrics.values())).p for _, one in found)
    result: Json = finite(
        {
            "schema": 1,
            "runs": [path.as_posix() for path in folders],
            "comparisons": [
                {"run": path.as_posix(), **asdict(one), "p_holm": chance}
                for (path, one), chance in zip(found, adjusted, strict=True)
            ],
            "losses": [{"run": path.as_posix(), **asdict(one)} for path, one in losses],
            "left_out": [run.path.as_posix() for run in others if run.path not in {*dict(found), *dict(losses)}],
        }
    )
    return result


def _compare_all(
    first: RunPredictions, others: Sequence[RunPredictions], interval: IntervalSettings | None
) -> tuple[list[tuple[Path, Comparison]], list[str]]:
    """Compare all tasks of all runs; return beside it what of them, or of their losses, cannot be compared."""
    found, problems = [], list[str]()
    for other in others:
        if problem := _nothing_common(first, other):
            problems.append(problem)
        if problem := unpaired(first.losses, other.losses):
            problems.append(f"{other.path}: {problem}")
        for name in first.tasks:
            if name in other.tasks:
                try:
                    found.append((other.path, compare_task(first, other, name, interval)))
                except DataError as error:
                    problems += [f"{other.path}: {problem}" for problem in error.problems]
    return found, problems


def _nothing_common(first: RunPredictions, other: RunPredictions) -> str | None:
    """Return what is told of a run that has nothing of the first; None where it has a task or a loss of it."""
    if set(first.told) & set(other.told):
        return None
    remedy = "" if first.told and other.told else "; let the network return losses of its own in evaluation too"
    return (
        f"{other.path}: has no task of {first.path} ({', '.join(first.told) or 'none'}), but "
        f"{', '.join(other.told) or 'none'}{remedy}"
    )


def compare_task(
    first: RunPredictions, second: RunPredictions, name: str, interval: IntervalSettings | None = None
) -> Comparison:
    """Compare one task of two runs.

    Raises
    ------
    DataError
        If the labels of the task differ, or no test row is common.
    """
    labels = [run.tasks[name].labels for run in (first, second)]
    if labels[0] != labels[1]:
        raise DataError(
            f"task {name!r}: {first.path} has the labels {', '.join(labels[0])}, {second.path} has "
            f"{', '.join(labels[1])}; compare runs of the same labels"
        )
    return compare_predictions(first.tasks[name], first.predictions[name], second.predictions[name], interval)


def run_folders(path: Path) -> list[Path]:
    """Return the folder of a run, or of every finished run of a sweep, in its order."""
    listing = path / "sweep.json"
    if not listing.is_file():
        return [open_existing(path).path]
    points = read_json(listing)["points"]
    return [path / point["name"] for point in points if point["status"] == "finished"]


def read_run(path: Path, *, allow_code: bool = False) -> RunPredictions:
    """Read the predictions of a run.

    Raises
    ------
    ConfigError
        If it is no run, or no fold of it is done.
    """
    folder = open_existing(path)
    done = [fold for place in folder.folds() if (fold := folder.fold(*place)).scores.is_file()]
    if not done:
        raise ConfigError(f"{path}: no fold of this run is done; run `motet train` first")
    document = _document(folder, predicting_model(done[0]), allow_code)
    tasks: dict[str, Task] = {
        name: catalog.build("task", settings, name, document.labels[name]) for name, settings in document.tasks.items()
    }
    tasks |= {name: own.task for name, own in build_all_fused(document.fused, tasks).items()}
    predictions = {}
    for name, task in tasks.items():
        files = [file for fold in done if (file := fold.predictions / f"{name}.csv").is_file()]
        if files:
            predictions[name] = Predictions.concatenate([Predictions.from_csv(file, task) for file in files])
    return RunPredictions(path, {name: tasks[name] for name in predictions}, predictions, document, read_losses(folder))


def _document(folder: RunFolder, file: Path, allow_code: bool) -> ModelDocument:
    written = tensor_file.read(file)[1]["model"]
    return validate(ModelDocument, written, Context(allow_code=allow_code, folder=folder.path))
