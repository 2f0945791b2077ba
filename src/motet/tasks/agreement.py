"""Metrics that compare numbers: concordance, correlation, absolute and squared error.

Axes: n rows, K values, R weightings; see `motet.tasks.counting`. Correlation is undefined (nan) where truth
or prediction does not vary, concordance where neither does and they agree. Means over values leave these out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Values, ratio


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Weighted means from which every metric here follows; shape [K, R] each.

    Parameters
    ----------
    bias
        Mean of prediction minus truth.
    truth_variance, predicted_variance, covariance
        Second moments about the means, divided by the rows.
    absolute_error, squared_error
        Means over rows.
    """

    bias: Values
    truth_variance: Values
    predicted_variance: Values
    covariance: Values
    absolute_error: Values
    squared_error: Values


def moments(truth: Values, predicted: Values, weights: Values) -> Moments:
    """Compare predictions [n, K] with the truth [n, K] for every column of the weights [n, R]."""
    centre = predicted.mean(axis=0) - truth.mean(axis=0)
    total = weights.sum(axis=0)
    return _moments([ratio(values.T @ weights, total) for values in _terms(truth, predicted)], centre)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What moments need of rows that hold several pairs of values each: their sums.

    Parameters
    ----------
    counts
        Pairs of each row, shape [n].
    terms
        Sums over the pairs of each row, about the means of all pairs: truth, prediction, their squares and product,
        absolute and squared error; shape [n, K] each.
    centre
        Mean of all predictions minus mean of all truths, shape [K].
    """

    counts: Values
    terms: Sequence[Values]
    centre: Values

    @classmethod
    def of(cls, truth: Sequence[Values], predicted: Sequence[Values], num_values: int) -> "Sums":
        """Sum up true and predicted values [m, K] of n rows; m differs from row to row."""
        lengths = [len(row) for row in truth]
        edges = np.cumsum([0, *lengths])
        nothing = np.zeros((0, num_values))
        t, p = (np.concatenate([nothing, *rows]) for rows in (truth, predicted))
        centre = p.mean(axis=0) - t.mean(axis=0) if len(t) else np.zeros(num_values)
        sums = [_sum_between(values, edges) for values in (_terms(t, p) if len(t) else [nothing] * _NUM_TERMS)]
        return cls(np.asarray(lengths, dtype=np.float64), sums, centre)

    def weighted(self, weights: Values) -> Moments:
        """Return the moments over all pairs of rows that count as often as the weights [n, R] say."""
        total = self.counts @ weights
        return _moments([ratio(values.T @ weights, total) for values in self.terms], self.centre)

    def single(self) -> Moments:
        """Return the moments of each row by itself, shape [K, n]."""
        return _moments([ratio(values.T, self.counts) for values in self.terms], self.centre)


_NUM_TERMS = 7


def _terms(truth: Values, predicted: Values) -> list[Values]:
    t, p, error = truth - truth.mean(axis=0), predicted - predicted.mean(axis=0), predicted - truth
    return [t, p, t * t, p * p, t * p, np.abs(error), error**2]


def _sum_between(values: Values, edges: NDArray[np.int64]) -> Values:
    """Return the sums of consecutive rows [n, K]: those from each edge up to the next."""
    return np.stack([values[start:stop].sum(axis=0) for start, stop in pairwise(edges.tolist())])


def _moments(means: Sequence[Values], centre: Values) -> Moments:
    """Return moments from the means [K, R] of the terms."""
    mean_t, mean_p, mean_tt, mean_pp, mean_tp, absolute, squared = means
    return Moments(
        bias=mean_p - mean_t + centre[:, None],
        truth_variance=_spread(mean_tt - mean_t**2, mean_tt),
        predicted_variance=_spread(mean_pp - mean_p**2, mean_pp),
        covariance=mean_tp - mean_t * mean_p,
        absolute_error=absolute,
        squared_error=squared,
    )


def ccc(moments: Moments) -> Values:
    """Return Lin's concordance correlation coefficient by value, shape [K, R].

    Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45 (1989), equation
    1, with variances divided by the number of rows.
    """
    spread = moments.truth_variance + moments.predicted_variance
    return ratio(2 * moments.covariance, spread + moments.bias**2)


def pearson(moments: Moments) -> Values:
    """Return Pearson's correlation coefficient by value, shape [K, R]."""
    scale = np.sqrt(moments.truth_variance * moments.predicted_variance)
    return np.clip(ratio(moments.covariance, scale), -1.0, 1.0)


def mae(moments: Moments) -> Values:
    """Return the mean absolute error by value, shape [K, R]."""
    return moments.absolute_error


def rmse(moments: Moments) -> Values:
    """Return the root of the mean squared error by value, shape [K, R]."""
    return np.sqrt(moments.squared_error)


AGREEMENT: Mapping[str, Callable[[Moments], Values]] = MappingProxyType(
    {"ccc": ccc, "pearson": pearson, "mae": mae, "rmse": rmse}
)


def _spread(variance: Values, scale: Values) -> Values:
    """Return a variance, 0 where it is no more than what rounding leaves of equal numbers."""
    return np.where(variance > 1e-12 * scale, variance, 0.0)
