"""Several segments of one example become one prediction. Axes: S segments, K outputs.

One segment is returned as it is. A vote gives every segment one vote; the mean probabilities decide between equals,
with a weight too small to be seen (1e-6).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from motet.tasks.counting import Values

MergeRule = Literal["mean", "vote", "max", "median"]

_TIE_BREAK = 1e-6

_POOLS: Mapping[str, Callable[..., Any]] = MappingProxyType({"mean": np.mean, "max": np.max, "median": np.median})


def merge_classes(probabilities: Values, how: MergeRule) -> Values:
    """Merge the probabilities [S, K] of classes that exclude each other; the result [K] sums to 1.

    Examples
    --------
    >>> merge_classes(np.array([[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]]), "vote").round(3).tolist()
    [0.333, 0.667]
    """
    if len(probabilities) == 1:
        return probabilities[0]
    if how == "vote":
        ballots = np.zeros_like(probabilities)
        ballots[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = 1.0
        return _elect(ballots, probabilities)
    merged: Values = _POOLS[how](probabilities, axis=0)
    return merged / merged.sum()


def merge_labels(probabilities: Values, how: MergeRule) -> Values:
    """Merge the probabilities [S, K] of labels that do not exclude each other; votes are given from 0.5."""
    if len(probabilities) == 1:
        return probabilities[0]
    if how == "vote":
        return _elect((probabilities >= 0.5).astype(np.float64), probabilities)
    merged: Values = _POOLS[how](probabilities, axis=0)
    return merged


def merge_numbers(values: Values, how: Literal["mean", "max", "median"]) -> Values:
    """Merge predicted values [S, K]."""
    merged: Values = _POOLS[how](values, axis=0)
    return merged


def _elect(ballots: Values, probabilities: Values) -> Values:
    return (1 - _TIE_BREAK) * ballots.mean(axis=0) + _TIE_BREAK * probabilities.mean(axis=0)
