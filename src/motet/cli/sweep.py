"""`motet sweep`."""

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motet.cli import FAILED
from motet.cli.output import print_json, table
from motet.cli.screen import console

if TYPE_CHECKING:
    from motet.experiment.grid import Grid
    from motet.experiment.reuse import Standing, StoredFeatures

_SHOWN = 20
_OUTCOMES = {"missing": "runs", "begun": "goes on", "finished": "kept", "outdated": "set aside, runs anew"}


def run(arguments: argparse.Namespace) -> int:
    """Run every point and print the figures, or print the points and what would become of them."""
    from motet.experiment.sweep import load_sweep, sweep

    with console() as screen:
        grid = load_sweep(arguments.file, arguments.overrides, allow_code=arguments.allow_code)
        if arguments.dry_run or arguments.explain:
            return _show(grid, arguments)
        finished = sweep(grid, arguments.output, workers=arguments.workers, jobs=arguments.jobs, progress=screen)
    if arguments.json:
        print_json(finished.result)
    else:
        print(f"{tables(finished.result)}\n\n{finished.path}")
    return FAILED if finished.failed else 0


def tables(result: Mapping[str, Any]) -> str:
    """Return a table for each task, its points sorted by the main metric, and the points that failed."""
    from motet.experiment.sweep_tables import ranked, tasks_of

    axes = list(result["axes"])
    parts = []
    for task in tasks_of(result):
        metric, found = ranked(result, task)
        rows = [
            [
                *(point["choices"].get(axis, "") for axis in axes),
                *(_number(figure[key]) for key in ("value", "low", "high")),
            ]
            for point, figure in found[:_SHOWN]
        ]
        more = f"\n({len(found) - _SHOWN} more in sweep.csv)" if len(found) > _SHOWN else ""
        parts.append(f"{task}\n{table(rows, header=[*axes, metric, 'low', 'high'])}{more}")
    failed = [
        [point["name"], point["error"].split("\n")[0]] for point in result["points"] if point["status"] == "failed"
    ]
    if failed:
        listed = table(failed, header=["point", "error"], widest={1: 0})
        parts.append(f"FAILED: {len(failed)} of {len(result['points'])}\n{listed}")
    return "\n\n".join(parts)


def _show(grid: "Grid", arguments: argparse.Namespace) -> int:
    """Print what would run; with `--explain` also why, and what the store holds."""
    from motet.experiment.reuse import standing_of, stored_features
    from motet.experiment.shared_data import SharedData
    from motet.experiment.sweep import sweep_folder
    from motet.runs.folder import RunFolder

    folder = sweep_folder(grid, arguments.output)
    standings: dict[str, Standing] = {}
    uses: dict[str, list[str]] = {}
    with SharedData() as shared:
        for point in grid.points:
            known: list[StoredFeatures] = stored_features(point.experiment, shared) if arguments.explain else []
            complete = bool(known) and all(one.stored == one.recordings for one in known)
            own = RunFolder(folder / point.name)
            standings[point.name] = standing_of(own, point.experiment, shared if complete else None)
            uses[point.name] = [f"data {one.data_set}, input {one.name}: {one.told()}" for one in known]
    if arguments.json:
        print_json(_plan_json(grid, folder, standings, uses))
    else:
        print(_plan_text(grid, standings, uses, explain=arguments.explain))
    return 0


def _plan_text(
    grid: "Grid", standings: Mapping[str, "Standing"], uses: Mapping[str, list[str]], *, explain: bool
) -> str:
    rows = [
        [str(number), point.name, _OUTCOMES[standings[point.name].state]]
        for number, point in enumerate(grid.points, start=1)
    ]
    parts = [table(rows, header=["", "point", "what becomes of it"])]
    if grid.skipped:
        skipped = [[name, condition] for name, condition in grid.skipped.items()]
        parts.append(table(skipped, header=["left out", "by"]))
    if explain:
        parts.append("\n".join(line for name in uses for line in _explained(name, standings[name], uses[name])))
    counts = Counter(standing.state for standing in standings.values())
    told = ", ".join(f"{count} {_OUTCOMES[state]}" for state, count in counts.items())
    parts.append(f"{len(grid.points)} points: {told}" + (f"; {len(grid.skipped)} left out" if grid.skipped else ""))
    return "\n\n".join(parts)


def _explained(name: str, standing: "Standing", features: list[str]) -> list[str]:
    reasons = {
        "missing": "runs, because nothing of it is there",
        "begun": "goes on: its settings are the same, and it has no result yet",
        "finished": "kept: settings are the same, and so are data where all maps are stored",
        "outdated": "runs anew, because of what changed since:",
    }
    return [
        name,
        f"  run: {reasons[standing.state]}",
        *(f"    {one}" for one in standing.reasons),
        *(f"  {one}" for one in features),
    ]


def _plan_json(
    grid: "Grid", folder: Path, standings: Mapping[str, "Standing"], uses: Mapping[str, list[str]]
) -> dict[str, Any]:
    return {
        "sweep": folder.as_posix(),
        "axes": list(grid.axes),
        "points": [
            {
                "name": point.name,
                "choices": dict(point.choices),
                "state": standings[point.name].state,
                "reasons": list(standings[point.name].reasons),
                "features": uses[point.name],
            }
            for point in grid.points
        ],
        "skipped": dict(grid.skipped),
    }


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
