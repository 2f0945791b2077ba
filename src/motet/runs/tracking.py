"""Where the record of an epoch goes beside `metrics.jsonl`: the log, and TensorBoard where it is installed."""

import importlib.util
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

logger = logging.getLogger("motet")


def scalars(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield (`part/task/metric`, value) for every number of an epoch's record."""
    for task, loss in record["loss"].items():
        yield f"train/{task}/loss", loss
    for what, found in record.get("track", {}).items():
        for pair, value in found.items():
            yield f"{what}/{pair}", value
    for part in ("train", "dev"):
        for task, metrics in record[part].items():
            for metric, value in metrics.items():
                yield f"{part}/{task}/{metric}", value


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
    for task, metrics in (record["dev"] or record["train"]).items():
        name, value = next(iter(metrics.items()))
        parts.append(f"{task} {name} {value:.4f}" + ("" if record["dev"] else " in training"))
    return " | ".join(parts) + (" *" if best and record["dev"] else "")
