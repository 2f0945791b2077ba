"""Folders of runs that were never run: what plots read, with values chosen here."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motet.files import JsonLines
from motet.runs.folder import RunFolder, write_json


def figure(value: float) -> dict[str, float]:
    """Return a figure with an interval."""
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def labelled(labels: Sequence[str], counts: Any) -> dict[str, Any]:
    """Return the scores of a task with labels."""
    return {"metrics": {"uar": 0.75}, "labels": {}, "confusion": {"labels": list(labels), "counts": counts}}


def regressed() -> dict[str, Any]:
    """Return the scores of a regression."""
    return {"metrics": {"ccc": 0.5}, "labels": {}, "confusion": None}


def record(epoch: int, tasks: Sequence[str], *, dev: bool = True) -> dict[str, Any]:
    """Return the record of an epoch in which everything gets better."""
    share = epoch / (epoch + 3)
    metrics = {task: {"uar": share - 0.1 * number} for number, task in enumerate(tasks)}
    return {
        "epoch": epoch,
        "loss": {task: 2.0 / epoch + number for number, task in enumerate(tasks)},
        "train": metrics,
        "dev": metrics if dev else {},
    }


def make_run(
    path: Path, tasks: Mapping[str, Mapping[str, Any]], *, folds: int = 1, epochs: int = 5, dev: bool = True
) -> RunFolder:
    """Write a run whose folds are all alike."""
    folder = RunFolder(path)
    for number in range(1, folds + 1):
        fold = folder.fold(1, number)
        for epoch in range(1, epochs + 1):
            JsonLines(fold.metrics).append(record(epoch, list(tasks), dev=dev))
        for task, scores in tasks.items():
            if scores["confusion"] is None:
                write_values(fold.predictions / f"{task}.csv")
        write_json(fold.scores, {"schema": 1, "fold": number, "seed": 1, "epoch": epochs, "tasks": dict(tasks)})
    result = {task: {next(iter(scores["metrics"])): figure(0.75)} for task, scores in tasks.items()}
    write_json(folder.result, {"schema": 1, "tasks": result})
    return folder


def write_values(path: Path) -> None:
    """Write predictions of two values that are nearly right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "target.valence", "target.arousal", "decision.valence", "decision.arousal"])
        for row in range(40):
            value = row / 40
            writer.writerow([f"{row}", value, 1 - value, value + 0.1 * (row % 3 - 1), 0.8 - 0.6 * value])
