"""Where the record of an epoch goes beside `metrics.jsonl`: the log, and TensorBoard where it is installed."""

import importlib.util
import logging
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from motet.networks.settings import LOSSES

logger = logging.getLogger("motet")


def scalars(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield (`part/task/metric`, value) for every number of an epoch's record; what is undefined is left out."""
    for task, loss in record["loss"].items():
        yield f"train/{task}/loss", loss
    for what, found in record.get("track", {}).items():
        for pair, value in found.items():
            yield f"{what}/{pair}", value
    for part in ("train", "dev"):
        for task, metrics in record[part].items():
            for metric, value in metrics.items():
                if value is not None and not math.isnan(value):
                    yield f"{part}/{task}/{metric}", value


def main_figures(figures: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str]]:
    """Return what is told of an epoch at a glance: the main metric of every task, and all losses of the network's own.

    Examples
    --------
    >>> main_figures({"digit": {"uar": 0.9, "accuracy": 0.8}, "losses": {"contrast": 0.1, "spread": 0.2}})
    [('digit', 'uar'), ('losses', 'contrast'), ('losses', 'spread')]
    """
    return [
        (task, name)
        for task, metrics in figures.items()
        for number, name in enumerate(metrics)
        if number == 0 or task == LOSSES
    ]


def write_tensorboard(folder: Path, records: Sequence[Mapping[str, Any]]) -> bool:
    """Add epochs' records to the event files of a fold; return False where tensorboardX is not installed.

    Each call writes a file of its own, so that a killed run leaves whole files; TensorBoard joins them. The first
    epoch is part of the name: by its time alone, a file would replace another of the same second.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        return False
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder), filename_suffix=f".{records[0]['epoch']}") as writer:
        for record in records:
            for name, value in scalars(record):
                writer.add_scalar(name, value, record["epoch"])
    return True


def rewrite_tensorboard(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write the event files of a fold anew, so that a kill leaves no epoch out and none twice."""
    shutil.rmtree(folder, ignore_errors=True)
    if records:
        write_tensorboard(folder, records)


def epoch_line(record: Mapping[str, Any], epochs: int, best: bool) -> str:
    """Return an epoch in one line: `epoch 3/40 loss 0.512 | digit uar 0.934 | speaker uar 0.981 *`.

    The figures are those of development rows; without any, those of training rows, and the line says so.
    """
    loss = sum(record["loss"].values())
    parts = [f"epoch {record['epoch']}/{epochs} loss {loss:.4f}"]
    for task, name in main_figures(record["dev"] or record["train"]):
        value = (record["dev"] or record["train"])[task][name]
        parts.append(f"{task} {name} {value:.4f}" + ("" if record["dev"] else " in training"))
    return " | ".join(parts) + (" *" if best and record["dev"] else "")
