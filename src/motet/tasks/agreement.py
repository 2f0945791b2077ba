"""Metrics that compare numbers: concordance, correlation, absolute and squared error.

Axes: n rows, K values, R weightings; see `motet.tasks.counting`. Correlation is undefined (nan) where truth
or prediction does not vary, concordance where neither does and they agree. Means over values leave these out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

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
    truth_centre, predicted_centre = truth.mean(axis=0), predicted.mean(axis=0)
    t, p, error = truth - truth_centre, predicted - predicted_centre, predicted - truth
    total = weights.sum(axis=0)
    mean_t, mean_p, mean_tt, mean_pp, mean_tp, absolute, squared = (
        ratio(values.T @ weights, total) for values in (t, p, t * t, p * p, t * p, np.abs(error), error**2)
    )
    return Moments(
        bias=mean_p - mean_t + (predicted_centre - truth_centre)[:, None],
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
