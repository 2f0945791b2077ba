"""The figures of a sweep as rows: one for every point, task and metric, written as `sweep.csv`."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from motet.files import atomic_write
from motet.networks.settings import LOSSES
from motet.tasks.metrics import LOWER_IS_BETTER

Json = Mapping[str, Any]


def write_tables(folder: Path, result: Json) -> None:
    """Write `sweep.csv`; a point without figures has one row that says why."""
    axes = list(result["axes"])
    header = ["point", *axes, "status", "task", "metric", "value", "low", "high", "error"]
    with atomic_write(folder / "sweep.csv") as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        for point in result["points"]:
            chosen = [point["name"], *(point["choices"].get(axis, "") for axis in axes), point["status"]]
            for figures in [*_figures(point)] or [[""] * 5]:
                writer.writerow([*chosen, *figures, point["error"] or ""])


def _figures(point: Json) -> Iterator[list[Any]]:
    for task, metrics in point["tasks"].items():
        for metric, figure in metrics.items():
            yield [task, metric, *(figure[key] for key in ("value", "low", "high"))]


def ranked(result: Json, task: str) -> tuple[str, list[tuple[Json, Json]]]:
    """Return the main metric of a task, and the points that have it with their figures, the best first."""
    found = [(point, point["tasks"][task]) for point in result["points"] if task in point["tasks"]]
    metric = next(iter(found[0][1]))
    figures = [(point, metrics[metric]) for point, metrics in found if metrics.get(metric)]
    sign = 1.0 if task == LOSSES or metric in LOWER_IS_BETTER else -1.0

    def place(one: tuple[Json, Json]) -> float:
        value = one[1]["value"]
        return float("inf") if value is None else sign * value

    return metric, sorted(figures, key=place)


def tasks_of(result: Json) -> list[str]:
    """Return every task that a point has figures of, in the order of the points."""
    return list(dict.fromkeys(task for point in result["points"] for task in point["tasks"]))
