"""Intervals by the percentile bootstrap: test rows are drawn again, whole clusters at a time.

Rows of one speaker, patient or recording are not independent, and neither are the predictions of one row by several
seeds; so what is drawn are clusters, as many as there are, with replacement (Efron and Tibshirani, "An introduction to
the bootstrap", 1993, section 13.3; Field and Welsh, "Bootstrapping clustered data", JRSS B 69, 2007). A resample is a
weighting of the rows: how often each one's cluster was drawn. Axes: n rows, R resamples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_BLOCK_CELLS = 250_000
_MIN_DEFINED = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies with the given confidence; nan where that cannot be said."""

    low: float
    high: float


def bootstrap(
    clusters: NDArray[np.int64],
    statistics: Callable[[Values], dict[str, Values]],
    *,
    resamples: int,
    confidence: float,
    generator: np.random.Generator,
) -> dict[str, Interval]:
    """Return an interval for every statistic.

    Parameters
    ----------
    clusters
        The cluster of every row, codes from 0 without gaps, shape [n].
    statistics
        Returns figures by name, shape [R], for weightings of the rows [n, R].
    resamples
        How often clusters are drawn. Without any, or with fewer than two clusters, all intervals are nan.
    confidence
        The share of resamples inside the interval; what lies outside is split evenly. Resamples in which a figure is
        undefined do not count; if half of them or more are, its interval is nan.
    generator
        Where the draws come from.

    Examples
    --------
    >>> values = np.arange(100.0)
    >>> means = bootstrap(
    ...     np.arange(100), lambda weights: {"mean": values @ weights / weights.sum(axis=0)},
    ...     resamples=1000, confidence=0.95, generator=np.random.default_rng(0),
    ... )
    >>> 43 < means["mean"].low < 45, 54 < means["mean"].high < 56
    (True, True)
    """
    num_clusters = int(clusters.max(initial=-1)) + 1
    if resamples == 0 or num_clusters < 2:
        names = statistics(np.ones((len(clusters), 1)))
        return {name: Interval(np.nan, np.nan) for name in names}
    blocks = [statistics(weights[clusters]) for weights in _draw(num_clusters, len(clusters), resamples, generator)]
    return {name: _percentiles(np.concatenate([block[name] for block in blocks]), confidence) for name in blocks[0]}


def _draw(num_clusters: int, num_rows: int, resamples: int, generator: np.random.Generator) -> Iterator[Values]:
    """Yield how often every cluster was drawn, shape [clusters, R], in blocks that fit the cache and change nothing."""
    size = max(1, _BLOCK_CELLS // num_rows)
    for start in range(0, resamples, size):
        count = min(size, resamples - start)
        drawn = generator.integers(num_clusters, size=(count, num_clusters)) * count + np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=num_clusters * count)
        yield times.reshape(num_clusters, count).astype(np.float64)


def _percentiles(values: Values, confidence: float) -> Interval:
    defined = values[~np.isnan(values)]
    if len(defined) <= _MIN_DEFINED * len(values):
        return Interval(np.nan, np.nan)
    outside = 50 * (1 - confidence)
    low, high = np.percentile(defined, [outside, 100 - outside])
    return Interval(float(low), float(high))
