"""Metrics that rank rows by their probability: area under the ROC curve, average precision.

Axes: n rows, K labels, R weightings; see `motet.tasks.counting`. Rows of equal probability share a rank.
The area of a label that no row or every row has is undefined (nan), and so is the average precision of one
that no row has. Means over labels leave these out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Flags, Values, ratio


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """How well probabilities rank the rows that have a label.

    Parameters
    ----------
    auc
        Area under the ROC curve by label, shape [K, R].
    average_precision
        Average precision by label, shape [K, R]: the sum of precision times the gain in recall, without
        interpolation.
    """

    auc: Values
    average_precision: Values


def rank(scores: Values, truth: Flags, weights: Values) -> Ranking:
    """Rank rows by scores [n, K] against the truth [n, K] for every column of the weights [n, R]."""
    shape = (scores.shape[1], weights.shape[1])
    result = Ranking(np.full(shape, np.nan), np.full(shape, np.nan))
    total = weights.sum(axis=0)
    for label in range(scores.shape[1]):
        if truth[:, label].any():
            steps = _steps(scores[:, label], truth[:, label], weights)
            result.auc[label], result.average_precision[label] = _areas(*steps, total=total)
    return result


def _steps(scores: Values, truth: Flags, weights: Values) -> tuple[Values, Values, Values]:
    """Return by tied group with positives, best first: their weight, all weight before it and to its end."""
    order = np.argsort(-scores, kind="stable")
    positive = np.flatnonzero(truth[order])
    start, stop = _tied_groups(scores[order], positive)
    first_in_group = np.flatnonzero(np.diff(start, prepend=-1))
    gained = weights[order[positive]]
    if len(first_in_group) < len(positive):
        gained = np.add.reduceat(gained, first_in_group, axis=0)
    cumulated = np.zeros((len(scores) + 1, weights.shape[1]))
    np.cumsum(weights[order], axis=0, out=cumulated[1:])
    return gained, cumulated[start[first_in_group]], cumulated[stop[first_in_group]]


def _tied_groups(ordered: Values, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the run of equal values around each position starts, and where it stops (exclusive)."""
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    group = np.searchsorted(starts, positions, side="right") - 1
    return starts[group], np.append(starts[1:], len(ordered))[group]


def _areas(gained: Values, before: Values, after: Values, *, total: Values) -> tuple[Values, Values]:
    """Return the area under the ROC curve and the average precision, shape [R] each."""
    positives = gained.sum(axis=0)
    reached = np.cumsum(gained, axis=0)
    tied_negatives = after - before - gained
    beaten = (total - positives) - (after - reached) + tied_negatives / 2
    auc = ratio(np.einsum("gr,gr->r", gained, beaten), positives * (total - positives))
    precision = np.divide(reached, after, out=np.zeros_like(reached), where=after > 0)
    return auc, ratio(np.einsum("gr,gr->r", gained, precision), positives)
