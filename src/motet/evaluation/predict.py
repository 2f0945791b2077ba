"""Rows to predictions: every segment through the network, then the segments of an example merged.

Axes: S segments, n examples, K outputs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.data.batch import Batch, Column
from motet.evaluation.fused import Tune, fuse_predictions, to_predict, with_fused
from motet.evaluation.predicted import Predicted
from motet.model import Model
from motet.tasks.dense import Dense
from motet.tasks.frames import as_objects
from motet.tasks.merge import MergeRule
from motet.tasks.task import Task

Rows = NDArray[np.int64]
TakeMaps = Callable[[str, Batch, Column], None]
"""Called with a dense task's name, a batch and the maps that are predicted for it, [n, T, K], scaled as targets are."""
Wanted = Callable[[Batch], Mapping[str, Tensor | None]]


class OwnLosses:
    """Mean losses of the network's own, over all segments of all rows."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take the losses [n] of some segments, by name."""
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(loss.double().sum())
            self._counts[name] = self._counts.get(name, 0) + len(loss)

    def means(self) -> dict[str, float]:
        """Return the mean of each loss, by name."""
        return {name: self._sums[name] / self._counts[name] for name in sorted(self._sums)}


def with_targets(batch: Batch) -> Mapping[str, Tensor | None]:
    """Want each task for the rows that have a target of it."""
    return {task: column.rows for task, column in batch.targets.items()}


def predict_batches(
    model: Model,
    batches: Iterable[Batch],
    *,
    device: torch.device,
    merge: Callable[[int], MergeRule],
    wanted: Wanted = with_targets,
    tune: Tune | None = None,
    losses: OwnLosses | None = None,
    maps: TakeMaps | None = None,
) -> dict[str, Predicted]:
    """Predict the rows of some batches; then fuse what is predicted, example by example.

    Parameters
    ----------
    merge
        The rule by which the segments of a row become one prediction.
    wanted
        Which rows of a batch are predicted, by task; None for all.
    tune
        Called before a task is fused.
    losses
        Where given, it receives the losses of the network's own.
    maps
        Where given, it receives the maps of dense tasks, which are then not measured and not among what is returned.
    """
    asked: dict[str, list[Rows]] = {}
    rows: dict[str, list[Rows]] = {name: [] for name in model.tasks}
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in model.tasks}
    model.eval()
    with torch.inference_mode():
        for batch in batches:
            inputs = model.scale(batch, device)
            those = with_fused(wanted(batch), model.fused)
            for name, own in those.items():
                asked.setdefault(name, []).append(_ids(batch, own))
            needed = to_predict(those, model.fused).items()
            output = model.infer(inputs, {name: None if own is None else own.to(device) for name, own in needed})
            if losses is not None:
                losses.add(output.losses)
            truth = model.targets(batch, device)
            for name, column in output.predictions.items():
                task = model.tasks[name]
                if maps is not None and isinstance(task, Dense):
                    maps(name, batch, column)
                    continue
                present = slice(None) if column.rows is None else column.rows.cpu()
                starts_s = torch.zeros(batch.size) if batch.starts_s is None else batch.starts_s
                rows[name].append(_ids(batch, column.rows))
                if isinstance(task, Dense):
                    given = model.given(name, inputs, truth[name])
                    found[name].append(task.measure(column, truth[name], given))
                else:
                    found[name].append(task.collect(column, starts_s[present].double().numpy()))
    merged = {
        name: _merged(model.tasks[name], np.concatenate(rows[name]), np.concatenate(found[name]), merge)
        for name in model.tasks
        if rows[name]
    }
    each = {name: np.unique(np.concatenate(own)) for name, own in asked.items()}
    learned = {name: part.of(each[name]) for name, part in merged.items() if name in each}
    return learned | fuse_predictions(
        model.fused, merged, {name: own for name, own in each.items() if name in model.fused}, tune
    )


def _ids(batch: Batch, rows: Tensor | None) -> Rows:
    ids: Rows = batch.row_ids[slice(None) if rows is None else rows.cpu()].numpy()
    return ids


def _merged(task: Task, rows: Rows, probabilities: NDArray[Any], merge: Callable[[int], MergeRule]) -> Predicted:
    order = np.argsort(rows, kind="stable")
    rows, probabilities = rows[order], probabilities[order]
    unique, first = np.unique(rows, return_index=True)
    if len(unique) == len(rows):
        return Predicted(rows, probabilities)
    parts: list[NDArray[Any]] = np.split(probabilities, first[1:])
    merged = [task.merge(part, merge(int(row))) for row, part in zip(unique, parts, strict=True)]
    return Predicted(unique, as_objects(merged) if task.per_frame else np.stack(merged))
