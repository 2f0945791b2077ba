"""`motet predict`."""

import argparse
import csv
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motet.cli.output import print_json
from motet.cli.screen import console
from motet.experiment.map_files import MapFile

if TYPE_CHECKING:
    from motet.experiment.predict import FilePredictions
    from motet.experiment.predict_group import TaskPrediction

logger = logging.getLogger("motet")


def run(arguments: argparse.Namespace) -> int:
    """Predict recordings and print a row for each as CSV, or one JSON document."""
    from motet.experiment.predict import predict

    with console() as screen:
        predicted = predict(
            Path(arguments.model),
            arguments.paths,
            like=arguments.like,
            fold=arguments.fold,
            maps=arguments.output is not None,
            output=arguments.output,
            on_error=arguments.on_error,
            allow_code=arguments.allow_code,
            progress=screen,
        )
        for reason in predicted.skipped.values():
            logger.warning("skipped %s", reason)
    if arguments.json:
        print_json(as_json(predicted))
    else:
        csv.writer(sys.stdout, lineterminator="\n").writerows(as_rows(predicted))
    return 0


def as_json(predicted: "FilePredictions") -> dict[str, Any]:
    """Return predictions as plain data."""
    return {
        "predictions": [
            {"path": path, "tasks": {name: _plain(found) for name, found in tasks.items()}}
            for path, tasks in predicted.tasks.items()
        ],
        "skipped": [{"path": path, "reason": reason} for path, reason in predicted.skipped.items()],
    }


def as_rows(predicted: "FilePredictions") -> Iterator[list[Any]]:
    """Yield a header, then a row for each file: the decision of every task, then its probabilities to six digits.

    Several labels stand with `|` between them; entries such as events stand as JSON; of a map stands its file. A
    regression has no probabilities: its values stand under `TASK.VALUE`, and under `TASK` where it is only one.
    """
    for number, (path, tasks) in enumerate(predicted.tasks.items()):
        cells = {"path": path}
        for name, found in tasks.items():
            cells.update(_cells(name, found))
        if number == 0:
            yield list(cells)
        yield list(cells.values())


def _plain(found: "TaskPrediction") -> dict[str, Any]:
    match found.decision:
        case str() as label:
            return {"label": label, "probabilities": found.probabilities}
        case MapFile() as file:
            time = {"rate_hz": file.rate_hz, "start_s": file.start_s}
            return {"file": file.path.as_posix(), "shape": list(file.shape), **time}
        case tuple() as entries:
            return {"entries": list(entries), "probabilities": found.probabilities}
        case list() as labels:
            return {"labels": labels, "probabilities": found.probabilities}
        case values:
            return {"values": values}


def _cells(name: str, found: "TaskPrediction") -> Iterator[tuple[str, Any]]:
    if isinstance(found.decision, Mapping):
        single = len(found.decision) == 1
        yield from ((name if single else f"{name}.{value}", number) for value, number in found.decision.items())
        return
    yield name, _text(found.decision)
    yield from ((f"{name}.{label}", f"{probability:.6f}") for label, probability in found.probabilities.items())


def _text(decision: Any) -> str:
    if isinstance(decision, tuple):
        return json.dumps(decision, ensure_ascii=False)
    if isinstance(decision, MapFile):
        return decision.path.as_posix()
    return decision if isinstance(decision, str) else "|".join(decision)
