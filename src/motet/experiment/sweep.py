"""A sweep: every point of a grid as a run in a folder of its own, all in one process, with the data opened once.

A run that is there with the same settings and data is kept; one that stopped goes on; one of other settings or data
is set aside in `DIR/outdated` and made anew. A point that fails is listed and does not stop the others.
"""

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from motet.config import Context, Settings, Tree, UserComponent
from motet.config import load as load_tree
from motet.config.nodes import Node
from motet.errors import ConfigError, MotetError
from motet.experiment.grid import Grid, Point, plan_grid
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.reuse import Standing, standing_of
from motet.experiment.run import run_experiment
from motet.experiment.scoring import all_figures
from motet.experiment.settings import VARIATION, Experiment
from motet.experiment.shared_data import SharedData
from motet.experiment.sweep_tables import write_tables
from motet.files import lock
from motet.runs.folder import RunFolder, read_json, write_json

logger = logging.getLogger("motet")

OUTDATED = "outdated"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class SweepResult:
    """What came of a sweep.

    Parameters
    ----------
    path
        Its folder.
    result
        The content of `sweep.json`: `{"schema": 1, "sweep": ..., "axes": [...], "points": [...], "skipped": {...}}`. A
        point has `name`, `status`, `choices`, `tasks` as in `result.json`, `error`, `seconds`.
    """

    path: Path
    result: Json

    @property
    def failed(self) -> list[str]:
        """The names of the points that failed."""
        return [point["name"] for point in self.result["points"] if point["status"] == "failed"]


def load_sweep(
    source: Path | str | Mapping[str, Any] | Experiment,
    overrides: Sequence[str] = (),
    *,
    allow_code: bool = False,
    **variation: Any,
) -> Grid:
    """Read what is swept, and return its points.

    Parameters
    ----------
    source
        A file, what it would say, or an experiment in Python.
    overrides
        `key=value` by dotted path.
    allow_code
        Whether the classes that it names as `./mine.py:Name` may be run.
    **variation
        `sweep`, `together`, `combine` and `skip`, in place of those of the file.

    Raises
    ------
    ConfigError
        With every problem and its place; problems of points name them.
    """
    unknown = [name for name in variation if name not in VARIATION]
    if unknown:
        raise ConfigError(f"{unknown[0]}: is no part of a sweep; there is {', '.join(VARIATION)}")
    tree = read_tree(source, overrides)
    if variation:
        given = {name: Node.of(value) for name, value in variation.items()}
        assert isinstance(tree.root.value, dict)
        tree = Tree(
            Node({**tree.root.value, **given}, tree.root.place, tree.root.key_places), tree.overrides, tree.file
        )
    return plan_grid(tree, Context(allow_code=allow_code, check_files=True))


def sweep(
    source: Path | str | Mapping[str, Any] | Experiment | Grid,
    output: Path | str | None = None,
    overrides: Sequence[str] = (),
    *,
    allow_code: bool = False,
    workers: int | None = None,
    progress: ProgressFactory = no_progress,
    **variation: Any,
) -> SweepResult:
    """Run every point of a sweep, or go on where it stopped.

    Parameters
    ----------
    source
        A file, what it would say, an experiment in Python, or what `load_sweep` returned.
    output
        Folder of the sweep; by default `sweeps/NAME`. The run of a point lies in the folder of its name.
    overrides, allow_code, **variation
        As for `load_sweep`.
    workers
        Processes that extract features; None to decide by how long it takes.
    progress
        Called with a label and a total; returns what is called with every count.

    Raises
    ------
    ConfigError
        Before anything runs, if the file or a point is wrong.
    KeyboardInterrupt
        If somebody asked to stop; the same call goes on from there.
    """
    grid = source if isinstance(source, Grid) else load_sweep(source, overrides, allow_code=allow_code, **variation)
    folder = sweep_folder(grid, output)
    folder.mkdir(parents=True, exist_ok=True)
    threads = torch.get_num_threads()
    results: dict[str, Json] = {}
    with lock(folder / ".lock", timeout_s=0), SharedData() as shared:
        for number, point in enumerate(grid.points, start=1):
            logger.info("point %d of %d: %s", number, len(grid.points), point.name)
            torch.set_num_threads(threads)
            results[point.name] = _run_point(point, folder, shared, workers, progress)
            write_json(folder / "sweep.json", describe(grid, folder, results))
        result = describe(grid, folder, results)
        write_tables(folder, result)
    return SweepResult(folder, result)


def sweep_folder(grid: Grid, output: Path | str | None) -> Path:
    """Return the folder of a sweep.

    Raises
    ------
    ConfigError
        If it is the folder of a run, or a file.
    """
    folder = Path(output) if output is not None else Path("sweeps") / grid.experiment.name
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file, and a sweep wants a folder; name another one with -o")
    if RunFolder(folder).experiment.is_file():
        raise ConfigError(f"{folder}: is the folder of a run, and a sweep holds many; name another one with -o")
    return folder


def describe(grid: Grid, folder: Path, results: Mapping[str, Json]) -> Json:
    """Return what `sweep.json` holds; points that were not run yet are waiting."""
    return {
        "schema": 1,
        "sweep": folder.as_posix(),
        "name": grid.experiment.name,
        "axes": list(grid.axes),
        "points": [
            {"name": point.name, "run": (folder / point.name).as_posix(), "choices": dict(point.choices)}
            | results.get(point.name, {"status": "waiting", "tasks": {}, "error": None, "seconds": 0.0})
            for point in grid.points
        ],
        "skipped": dict(grid.skipped),
    }


def _run_point(point: Point, folder: Path, shared: SharedData, workers: int | None, progress: ProgressFactory) -> Json:
    """Run one point, or keep what is there; an error is returned, not raised."""
    began = time.monotonic()
    tasks: Json = {}
    error: str | None = None
    try:
        tasks = all_figures(_result_of(point, folder, shared, workers, progress))
    except MotetError as caught:
        error = str(caught)
    except Exception as caught:  # a class of the user's own, or PyTorch: no point may stop the others
        logger.exception("point %s", point.name)
        error = f"{type(caught).__name__}: {caught}"
    if error is not None:
        logger.error("point %s failed: %s", point.name, error)
    status = "finished" if error is None else "failed"
    return {"status": status, "tasks": tasks, "error": error, "seconds": round(time.monotonic() - began, 3)}


def _result_of(point: Point, folder: Path, shared: SharedData, workers: int | None, progress: ProgressFactory) -> Json:
    own = RunFolder(folder / point.name)
    standing = standing_of(own, point.experiment, shared)
    if standing.state == "finished":
        logger.info("finished before")
        return read_json(own.result)
    if standing.state == "outdated":
        _set_aside(own, folder, standing)
    return run_experiment(point.experiment, own.path, shared=shared, workers=workers, progress=progress).result


def _set_aside(own: RunFolder, folder: Path, standing: Standing) -> None:
    """Move a run of other settings or data out of the way; nothing is lost."""
    aside = folder / OUTDATED
    aside.mkdir(exist_ok=True)
    number = 1 + sum(other.name.startswith(f"{own.path.name}.") for other in aside.iterdir())
    target = aside / f"{own.path.name}.{number}"
    shutil.move(own.path, target)
    logger.info("set aside in %s, because of other settings or data: %s", target, "; ".join(standing.reasons))


def read_tree(source: Path | str | Mapping[str, Any] | Experiment, overrides: Sequence[str] = ()) -> Tree:
    """Return what a file, its content, or an experiment in Python says, before it is validated."""
    if isinstance(source, Experiment):
        return Tree(Node.of(_as_given(source)), tuple(overrides))
    if isinstance(source, Mapping):
        return Tree(Node.of(source), tuple(overrides))
    return load_tree(source, overrides)


def _as_given(value: Any) -> Any:
    """Return settings as plain data: only what was given, and objects of the user's own as they are."""
    if isinstance(value, Settings) and not isinstance(value, UserComponent):
        kind = {"kind": dict(value)["kind"]} if "kind" in type(value).model_fields else {}
        given = {name: _as_given(part) for name, part in value if name in value.model_fields_set}
        fields = type(value).model_fields
        return kind | {fields[name].alias or name: part for name, part in given.items()}
    if isinstance(value, Mapping):
        return {key: _as_given(part) for key, part in value.items()}
    return [_as_given(part) for part in value] if isinstance(value, list | tuple) else value
