"""Probabilities of several tasks for the same rows, put together row by row, or frame by frame.

Axes: n rows, T frames, K outputs of a task. Of clips, probabilities are [n, K]; of frames, n `FrameValues`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.features.feature_map import TimeGrid
from motet.tasks.classification import Binary, Multiclass
from motet.tasks.counting import Values
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.task import Task

LEAST = 1e-6
"""What a probability is held away from 0 and 1 before its logarithm is taken."""
_STEP_TOLERANCE_S = 1e-6


def together(name: str, combine: Callable[..., Values], *parts: NDArray[Any]) -> NDArray[Any]:
    """Return what `combine` makes of the probabilities of several tasks.

    Parameters
    ----------
    name
        The fused task, for messages.
    combine
        From [n, K] of every task to [n, K]; of frames it is called row by row, with [T, K] of a task of frames and
        [1, K] of a task of clips.

    Raises
    ------
    DataError
        If tasks of frames have other frames.
    """
    if not any(part.dtype == object for part in parts):
        return combine(*parts)
    return as_objects(_framed(name, combine, row) for row in zip(*parts, strict=True))


def _framed(name: str, combine: Callable[..., Values], row: tuple[Any, ...]) -> FrameValues:
    framed = [part for part in row if isinstance(part, FrameValues)]
    first = framed[0]
    for other in framed[1:]:
        if len(other.values) != len(first.values) or not alike(first.grid, other.grid):
            raise DataError(
                f"fuse.{name}: {len(first.values)} frames of {first.grid.step_s:g} s do not lie on "
                f"{len(other.values)} frames of {other.grid.step_s:g} s; let the heads of its tasks leave behind "
                "layers that keep time alike"
            )
    values = [part.values.astype(np.float64) if isinstance(part, FrameValues) else part[None] for part in row]
    return FrameValues(combine(*values).astype(np.float32), first.grid)


def alike(first: TimeGrid, second: TimeGrid) -> bool:
    """Tell whether frames of two grids lie at the same times."""
    return (
        abs(first.step_s - second.step_s) < _STEP_TOLERANCE_S and abs(first.start_s - second.start_s) < first.step_s / 2
    )


def exclude_each_other(task: Task) -> bool:
    """Tell whether the outputs of a task are probabilities of which exactly one label is true."""
    return isinstance(task, Multiclass)


def has_one_label(task: Task) -> bool:
    """Tell whether a row has exactly one label of a task."""
    return isinstance(task, Multiclass | Binary)


def by_label(task: Task, outputs: Values) -> Values:
    """Return the probability of every label of a task with one label a row; that of a binary task has one output."""
    return np.concatenate([1 - outputs, outputs], axis=1) if isinstance(task, Binary) else outputs


def normalised(weights: Values) -> Values:
    """Return rows [n, K] that sum to 1; where nothing is left, all alike."""
    total = weights.sum(axis=1, keepdims=True)
    even = np.full_like(weights, 1 / weights.shape[1])
    shares: Values = np.divide(weights, total, out=even, where=total > 0)
    return shares


def logit(probabilities: Values) -> Values:
    """Return the logarithm of the odds."""
    held = np.clip(probabilities, LEAST, 1 - LEAST)
    odds: Values = np.log(held) - np.log1p(-held)
    return odds


def sigmoid(logits: Values) -> Values:
    """Return the probabilities of logarithms of odds."""
    probabilities: Values = np.exp(-np.logaddexp(0.0, -logits))
    return probabilities
