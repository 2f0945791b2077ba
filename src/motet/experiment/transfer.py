"""What tasks, or data sets, gain and lose by being learned together.

Each is trained alone, with partners and with all, as the points of a sweep; every joint run is then compared with the
run of the one alone, on the test rows that both predicted. Beside that stand the cosines between the tasks' gradients
while they were learned together, and the costs of the joint network and the sum of the single ones, because sharing
saves even where it gains nothing.
"""

import csv
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, DataError
from motet.evaluation.settings import IntervalSettings
from motet.experiment.code import holds_code
from motet.experiment.combinations import DATA, TASKS, TooManyAtOnceError
from motet.experiment.compare import RunPredictions, compare_task, read_run
from motet.experiment.grid import Grid, Point
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import Experiment
from motet.experiment.sweep import load_sweep, read_tree, sweep
from motet.experiment.transfer_gradients import gradients
from motet.files import atomic_write
from motet.model import Model, input_shapes
from motet.networks.costs import Candidate, measure_costs
from motet.runs import transfer_plot
from motet.runs.folder import RunFolder, finite, predicting_model, write_json
from motet.tasks.metrics import LOWER_IS_BETTER

logger = logging.getLogger("motet")

Json = dict[str, Any]
Units = frozenset[str]

_TRACKED = "training.track=[gradient_cosine]"
_SECONDS = 1.0
_COLUMNS = ("parameters", "weights_bytes", "multiply_adds", "latency_ms")


@dataclass(frozen=True, slots=True, eq=False)
class TransferReport:
    """What came of it.

    Parameters
    ----------
    path
        The folder of the runs and of the report.
    result
        The content of `transfer.json`: `{"schema": 1, "of": "tasks", "entries": [...], "costs": {...}, ...}`.
        An entry has `task`, `alone`, `with`, `metric`, `rows`, `first`, `second`, `difference`, `p`, `labels`; one of
        `gradients` has `tasks` (two), `run`, `mean`, `epochs`.
    """

    path: Path
    result: Json


def transfer(
    source: Path | str | Mapping[str, Any] | Experiment,
    output: Path | str | None = None,
    overrides: Sequence[str] = (),
    *,
    allow_code: bool = False,
    workers: int | None = None,
    jobs: int | None = None,
    progress: ProgressFactory = no_progress,
    combine: Mapping[str, Any] | None = None,
) -> TransferReport:
    """Train alone and together, and report what is gained and lost. The same call again keeps what is done.

    Unless the file says what `training.track` records, it is the cosine between the tasks' gradients.

    Parameters
    ----------
    source, output, overrides, allow_code, workers, jobs, progress
        As for `sweep`.
    combine
        Which are trained together; by default what the file says, else `{"tasks": [1, 2, "all"]}`.

    Raises
    ------
    ConfigError
        If the file varies anything else, or nothing is trained alone.
    """
    if combine is None and not _says(("combine",), source, overrides):
        combine = {TASKS: [1, 2, "all"]}
    variation = {} if combine is None else {"combine": combine}
    track = () if _says(("training", "track"), source, overrides) else (_TRACKED,)
    try:
        grid = load_sweep(source, (*track, *overrides), allow_code=allow_code, **variation)
    except TooManyAtOnceError as error:
        if len(error.names) == 1:
            raise _alone(error.names[0]) from error
        raise
    axis = _only_axis(grid)
    swept = sweep(grid, output, workers=workers, jobs=jobs, progress=progress)
    failed = {point["name"]: point["error"] for point in swept.result["points"] if point["status"] == "failed"}
    points = {frozenset(_names(point, axis)): point for point in grid.points if point.name not in failed}
    runs = {units: read_run(swept.path / point.name, allow_code=_runs_code(point)) for units, point in points.items()}
    entries = _entries(axis, runs, grid.experiment.evaluation.interval)
    result: Json = finite(
        {
            "schema": 1,
            "sweep": swept.path.as_posix(),
            "of": axis,
            "entries": entries,
            "gradients": gradients([point.name for point in points.values()], swept.path),
            "costs": _costs(points, swept.path),
            "failed": failed,
        }
    )
    write_json(swept.path / "transfer.json", result)
    _write_csv(swept.path / "transfer.csv", entries)
    if entries and transfer_plot.can_draw():
        transfer_plot.draw(swept.path / "transfer.png", result)
    if result["gradients"] and transfer_plot.can_draw():
        transfer_plot.draw_gradients(swept.path / "gradients.png", result)
    return TransferReport(swept.path, result)


def _says(path: tuple[str, ...], source: Path | str | Mapping[str, Any] | Experiment, overrides: Sequence[str]) -> bool:
    """Tell whether what is swept, or an override, says something at a path."""
    dotted = ".".join(path)
    return read_tree(source, overrides).root.find(path) is not None or any(
        text.startswith((f"{dotted}=", f"{dotted}.")) for text in overrides
    )


def _only_axis(grid: Grid) -> str:
    """Return what is combined: tasks or data sets."""
    others = [path for path in grid.axes if path not in (DATA, TASKS)]
    if others or len(grid.axes) != 1:
        found = ", ".join(grid.axes)
        raise ConfigError(
            f"combine: a transfer report combines either data sets or tasks and varies nothing else, but {found} vary; "
            "give one of combine.data and combine.tasks, and leave sweep and together out"
        )
    axis = grid.axes[0]
    if len(grid.points) == 1 and not grid.skipped and len(only := _names(grid.points[0], axis)) == 1:
        raise _alone(only[0])
    sizes = {len(_names(point, axis)) for point in grid.points}
    if 1 not in sizes or len(sizes) < 2:
        raise ConfigError(
            f"combine.{axis}: a transfer report compares those alone with those together, but the numbers at once are "
            f"{', '.join(map(str, sorted(sizes)))}; give 1 and others, such as [1, 2, all]"
        )
    return axis


def _alone(name: str) -> ConfigError:
    """Return what is told where nothing can be learned together."""
    return ConfigError(
        f"combine: a transfer report needs two tasks or data sets at least, but there is only {name!r}; add another "
        "one, or use `motet train`"
    )


def _names(point: Point, axis: str) -> list[str]:
    return point.choices[axis].split("+")


def _runs_code(point: Point) -> bool:
    return holds_code(point.experiment)


def _entries(axis: str, runs: Mapping[Units, RunPredictions], interval: IntervalSettings) -> list[Json]:
    """Return one entry for every task, the one that it is trained alone in, and every run that holds it together."""
    everything = max(runs, key=len)
    entries = []
    for alone, first in runs.items():
        if len(alone) > 1:
            continue
        for task in first.tasks:
            for units, second in runs.items():
                if not alone < units or task not in second.tasks:
                    continue
                partners = [name for name in _in_order(runs) if name in units - alone]
                label = "all" if units == everything and len(units) > 2 else "+".join(partners)
                try:
                    entries.append(_entry(task, next(iter(alone)), label, first, second, interval))
                except DataError as error:
                    logger.warning("%s, alone and with %s: left out, as %s", task, label, error)
    return entries


def _in_order(runs: Mapping[Units, RunPredictions]) -> list[str]:
    return [next(iter(units)) for units in runs if len(units) == 1]


def _entry(
    task: str, alone: str, partners: str, first: RunPredictions, second: RunPredictions, interval: IntervalSettings
) -> Json:
    found = compare_task(first, second, task, interval)
    tested = len(first.predictions[task])
    if found.rows < tested:
        logger.warning(
            "%s, alone and with %s: only %d of %d test rows are common; give splits and limits that do not depend on "
            "the tasks, such as the publisher's", task, partners, found.rows, tested,
        )  # fmt: skip
    metric, main = next(iter(found.metrics.items()))
    return {
        "task": task,
        "alone": alone,
        "with": partners,
        "metric": metric,
        "higher_is_better": metric not in LOWER_IS_BETTER,
        "rows": found.rows,
        "clusters": found.clusters,
        **asdict(main),
        "mcnemar": found.mcnemar,
        "metrics": {name: asdict(one) for name, one in found.metrics.items()},
        "labels": {name: dict(figure) for name, figure in found.labels.items()},
    }


def _costs(points: Mapping[Units, Point], folder: Path) -> Json:
    """Return what every network costs for one row, and the joint one beside the sum of the single ones."""
    candidates = {units: _candidate(RunFolder(folder / point.name), point) for units, point in points.items()}
    measured = measure_costs(candidates)
    singles = [cost for units, cost in measured.items() if len(units) == 1]
    joint = measured[max(measured, key=len)]
    total = {name: sum(getattr(cost, name) for cost in singles) for name in _COLUMNS}
    return {
        "runs": {points[units].name: asdict(cost) for units, cost in measured.items()},
        "joint": {name: getattr(joint, name) for name in _COLUMNS},
        "singles": total,
        "ratio": {name: getattr(joint, name) / total[name] if total[name] else None for name in _COLUMNS},
        "seconds": _SECONDS,
    }


def _candidate(folder: RunFolder, point: Point) -> Candidate:
    """Return the first model of a run, with inputs of its own length, or of one second where lengths differ."""
    file = predicting_model(folder.fold(*folder.folds()[0]))
    model = Model.load(file, allow_code=_runs_code(point), experiment=point.experiment)
    steps = {
        name: own.step_s for data_set in model.document.data_sets.values() for name, own in data_set.inputs.items()
    }
    shapes = {
        name: replace(shape, frames=shape.frames or max(1, round(_SECONDS / steps[name])))
        for name, shape in input_shapes(model.document).items()
    }
    return Candidate(model.network, shapes, model.tasks)


def _write_csv(path: Path, entries: Sequence[Json]) -> None:
    """Write a row for every entry's metrics, and one for every label's recall."""
    header = ["task", "alone", "with", "rows", "what", "first", "second", "difference", "low", "high", "p"]
    with atomic_write(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        for entry in entries:
            place = [entry["task"], entry["alone"], entry["with"], entry["rows"]]
            for metric, one in entry["metrics"].items():
                difference = one["difference"]
                figures = [difference[key] for key in ("value", "low", "high")]
                writer.writerow([*place, metric, one["first"], one["second"], *figures, one["p"]])
            for label, figure in entry["labels"].items():
                writer.writerow(
                    [*place, f"recall of {label}", "", "", *(figure[key] for key in ("value", "low", "high")), ""]
                )
