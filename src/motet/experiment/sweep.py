"""A sweep: every point of a grid as a run in a folder of its own, with the data opened once.

All runs are trained in this process one after another, or, where `jobs` says so, several at a time in others. A run
that is there with the same settings and data is kept; one that stopped goes on; one of other settings or data is set
aside in `DIR/outdated` and made anew. A point that fails is listed and does not stop the others.
"""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from motet.config import Context, Settings, Tree, UserComponent
from motet.config import load as load_tree
from motet.config.nodes import Node
from motet.errors import ConfigError
from motet.experiment.attempt import Json, attempt
from motet.experiment.data import open_data
from motet.experiment.grid import Grid, Point, plan_grid
from motet.experiment.job_worker import Job
from motet.experiment.jobs import check_sendable, run_jobs
from motet.experiment.network_checks import check_early
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.reuse import Standing, standing_of
from motet.experiment.run import run_experiment
from motet.experiment.settings import VARIATION, Experiment
from motet.experiment.shared_data import SharedData
from motet.experiment.sweep_tables import write_tables
from motet.files import lock
from motet.runs.folder import RunFolder, read_json, write_json
from motet.training.interrupts import interruptible

logger = logging.getLogger("motet")

OUTDATED = "outdated"


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
    if variation and isinstance(tree.root.value, dict):
        given = {name: Node.of(value) for name, value in variation.items()}
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
    jobs: int | None = None,
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
    jobs
        How many points are trained at a time, in processes of their own, which divide the CPU threads among them; by
        default one after another in this process.
    progress
        Called with a label and a total; returns what is called with every count.

    Raises
    ------
    ConfigError
        Before anything runs, if the file or a point is wrong, or `jobs` and a point holds an object in Python.
    KeyboardInterrupt
        If somebody asked to stop; the same call goes on from there.
    """
    grid = source if isinstance(source, Grid) else load_sweep(source, overrides, allow_code=allow_code, **variation)
    folder = sweep_folder(grid, output)
    folder.mkdir(parents=True, exist_ok=True)
    at_once = _checked(jobs, grid)
    results: dict[str, Json] = {}

    def ended(name: str, outcome: Json) -> None:
        results[name] = outcome
        write_json(folder / "sweep.json", describe(grid, folder, results))

    with interruptible(), lock(folder / ".lock", timeout_s=0):
        if at_once == 1:
            _run_here(grid, folder, workers, progress, ended)
        else:
            _run_at_once(grid, folder, at_once, workers, progress, ended)
        result = describe(grid, folder, results)
        write_json(folder / "sweep.json", result)
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


def _checked(jobs: int | None, grid: Grid) -> int:
    """Return how many points are trained at a time."""
    if jobs is not None and jobs < 1:
        raise ConfigError(f"jobs is {jobs}, but points are trained 1 or more at a time")
    if jobs is None or jobs == 1:
        return 1
    check_sendable((point.experiment for point in grid.points), jobs)
    return jobs


def _run_here(
    grid: Grid, folder: Path, workers: int | None, progress: ProgressFactory, ended: Callable[[str, Json], None]
) -> None:
    """Run all points in this process, one after another."""
    threads = torch.get_num_threads()
    with SharedData() as shared:
        for number, point in enumerate(grid.points, start=1):
            logger.info("point %d of %d: %s", number, len(grid.points), point.name)
            torch.set_num_threads(threads)
            outcome = attempt(point.name, partial(_result_of, point, folder, shared, workers, progress))
            assert outcome is not None
            ended(point.name, outcome)


def _result_of(point: Point, folder: Path, shared: SharedData, workers: int | None, progress: ProgressFactory) -> Json:
    """Return the result of a run that is there, or run it."""
    own = folder / point.name
    kept = _kept(point, folder, shared)
    if kept is not None:
        return kept
    run = run_experiment(
        point.experiment, own, shared=shared, workers=workers, allow_code=point.allow_code, progress=progress
    )
    return run.result


def _run_at_once(
    grid: Grid,
    folder: Path,
    at_once: int,
    workers: int | None,
    progress: ProgressFactory,
    ended: Callable[[str, Json], None],
) -> None:
    """List, extract and check the data of all points in this process, then train them in others."""
    waiting = []
    logger.info("data of %d points", len(grid.points))
    with SharedData() as shared:
        for number, point in enumerate(grid.points, start=1):
            outcome = attempt(point.name, partial(_prepared, point, folder, shared, workers, progress))
            if outcome is not None:
                ended(point.name, outcome)
                continue
            label = f"point {number} of {len(grid.points)}"
            waiting.append(Job(label, point.name, folder / point.name, point.experiment, point.allow_code))
    count = progress(f"{len(waiting)} points, {min(at_once, len(waiting))} at a time", len(waiting))

    def done(job: Job, outcome: Json) -> None:
        ended(job.name, outcome)
        count(1)

    run_jobs(waiting, at_once=at_once, threads=max(1, torch.get_num_threads() // at_once), done=done)


def _prepared(
    point: Point, folder: Path, shared: SharedData, workers: int | None, progress: ProgressFactory
) -> Json | None:
    """Return the result of a run that is there; else open its data, so that the maps are stored, and return None."""
    kept = _kept(point, folder, shared)
    if kept is None:
        check = partial(check_early, point.experiment)
        with open_data(point.experiment, workers=workers, progress=progress, check=check, shared=shared):
            pass
    return kept


def _kept(point: Point, folder: Path, shared: SharedData) -> Json | None:
    """Return the result of a run that is there and finished; set aside one of other settings or data."""
    own = RunFolder(folder / point.name)
    standing = standing_of(own, point.experiment, shared)
    if standing.state == "finished":
        logger.info("finished before")
        return read_json(own.result)
    if standing.state == "outdated":
        _set_aside(own, folder, standing)
    return None


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
