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

    Where every median is 0 the mean stands in.

    Examples
    --------
    >>> merge_classes(np.array([[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]]), "vote").round(3).tolist()
    [0.333, 0.667]
    """
    if len(probabilities) == 1:
        return _pool(probabilities, "mean")
    if how == "vote":
        ballots = np.zeros_like(probabilities)
        ballots[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = 1.0
        return _elect(ballots, probabilities)
    merged = _pool(probabilities, how)
    total = np.sum(merged)
    return merged / total if total > 0 else _pool(probabilities, "mean")


def merge_labels(probabilities: Values, how: MergeRule) -> Values:
    """Merge the probabilities [S, K] of labels that do not exclude each other; votes are given from 0.5."""
    if how == "vote" and len(probabilities) > 1:
        return _elect((probabilities >= 0.5).astype(np.float64), probabilities)
    return _pool(probabilities, "mean" if how == "vote" else how)


def merge_numbers(values: Values, how: Literal["mean", "max", "median"]) -> Values:
    """Merge predicted values [S, K]."""
    return _pool(values, how)


def _pool(values: Values, how: str) -> Values:
    merged: Values = _POOLS[how](values, axis=0)
    return merged


def _elect(ballots: Values, probabilities: Values) -> Values:
    return (1 - _TIE_BREAK) * _pool(ballots, "mean") + _TIE_BREAK * _pool(probabilities, "mean")
