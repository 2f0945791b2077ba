"""Metrics that count decisions: recall, precision, F1, accuracy, confusion.

Axes: n rows, K labels, R weightings. A weight is how often a row counts, so that a bootstrap scores all of
its resamples in a few matrix products; one column of ones is the plain score. Truth and decisions are
booleans [n, K], one-hot where a row has exactly one label.

What is undefined is nan: the recall of a label without rows, the precision of one never predicted, F1 where
both hold. Means over labels take those that are present (UAR), or those present or predicted (macro means,
which count an undefined part as 0, as scikit-learn does).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Weighted counts, from which every metric here follows.

    Parameters
    ----------
    hits, present, predicted
        Rows that have a label and are given it, that have it, and that are given it; shape [K, R].
    exact, total
        Rows that are right in every label, and all rows; shape [R].
    """

    hits: Values
    present: Values
    predicted: Values
    exact: Values
    total: Values

    @property
    def recall(self) -> Values:
        """Recall by label, shape [K, R]."""
        return ratio(self.hits, self.present)

    @property
    def precision(self) -> Values:
        """Precision by label, shape [K, R]."""
        return ratio(self.hits, self.predicted)

    @property
    def f1(self) -> Values:
        """F1 by label, shape [K, R]."""
        return ratio(2 * self.hits, self.present + self.predicted)

    @property
    def seen(self) -> Flags:
        """Labels that are present or predicted, shape [K, R]."""
        return self.present + self.predicted > 0


def count(truth: Flags, decided: Flags, weights: Values) -> Counts:
    """Count decisions [n, K] against the truth [n, K] for every column of the weights [n, R]."""
    hits, present, predicted = (flags.T.astype(np.float64) @ weights for flags in (truth & decided, truth, decided))
    exact = (truth == decided).all(axis=1).astype(np.float64) @ weights
    return Counts(hits, present, predicted, exact, weights.sum(axis=0))


def uar(counts: Counts) -> Values:
    """Return the mean recall over labels that are present, shape [R]."""
    return mean_defined(counts.recall)


def accuracy(counts: Counts) -> Values:
    """Return the share of rows that are right in every label, shape [R]."""
    return ratio(counts.exact, counts.total)


def f1_macro(counts: Counts) -> Values:
    """Return the mean F1 over labels that are present or predicted, shape [R]."""
    return mean_defined(counts.f1)


def f1_weighted(counts: Counts) -> Values:
    """Return the mean F1 weighted by the rows of each label, shape [R]."""
    return ratio((np.nan_to_num(counts.f1) * counts.present).sum(axis=0), counts.present.sum(axis=0))


def f1_micro(counts: Counts) -> Values:
    """Return F1 of all labels counted together, shape [R]."""
    return ratio(2 * counts.hits.sum(axis=0), (counts.present + counts.predicted).sum(axis=0))


def precision_macro(counts: Counts) -> Values:
    """Return the mean precision over labels that are present or predicted, shape [R]."""
    return ratio(np.nan_to_num(counts.precision).sum(axis=0), counts.seen.sum(axis=0))


def recall_macro(counts: Counts) -> Values:
    """Return the mean recall over labels that are present or predicted, shape [R]."""
    return ratio(np.nan_to_num(counts.recall).sum(axis=0), counts.seen.sum(axis=0))


COUNTING: Mapping[str, Callable[[Counts], Values]] = MappingProxyType(
    {
        "uar": uar,
        "accuracy": accuracy,
        "f1_macro": f1_macro,
        "f1_weighted": f1_weighted,
        "f1_micro": f1_micro,
        "precision_macro": precision_macro,
        "recall_macro": recall_macro,
    }
)


def confusion(targets: NDArray[np.int64], decided: NDArray[np.int64], num_labels: int) -> NDArray[np.int64]:
    """Return how many rows of each label (first axis) were given each label (second axis), shape [K, K]."""
    cells = np.bincount(targets * num_labels + decided, minlength=num_labels**2)
    return cells.reshape(num_labels, num_labels).astype(np.int64)


def ratio(numerator: Values, denominator: Values | NDArray[np.int64]) -> Values:
    """Divide; nan where the denominator is 0."""
    undefined = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=undefined, where=denominator != 0)
    return undefined


def mean_defined(values: Values) -> Values:
    """Return the mean over the first axis of what is not nan; nan where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))
