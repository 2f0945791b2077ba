"""How well values over time agree, over all annotated moments of all recordings together and recording by recording.

Axes: n recordings, K values, R weightings. A weight is how often a recording counts, with all of its moments: sums over
the moments of each are kept, so that a bootstrap over recordings scores all of its resamples in a few matrix products.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from motet.tasks.agreement import AGREEMENT, Moments, Sums, ccc
from motet.tasks.counting import Values, mean_defined, ratio


@dataclass(frozen=True, slots=True, eq=False)
class TraceOutcome:
    """The sums of every recording, and how many annotated moments each has."""

    sums: Sums

    @classmethod
    def of(cls, pairs: Sequence[tuple[Values, Values]], num_values: int) -> "TraceOutcome":
        """Sum up predicted and true values [m, K] of n recordings."""
        return cls(Sums.of([truth for _, truth in pairs], [predicted for predicted, _ in pairs], num_values))

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return metrics [R], the mean over values, for every column of the weights [n, R]."""
        together = self.sums.weighted(weights)
        results: dict[str, Values] = {}
        for name in names:
            if name in AGREEMENT:
                results[name] = mean_defined(AGREEMENT[name](together))
            elif name == "mean_ccc":
                single = mean_defined(ccc(self.sums.single()))
                defined = np.isfinite(single)
                results[name] = ratio(np.where(defined, single, 0.0) @ weights, defined.astype(np.float64) @ weights)
        return results

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return every metric by value."""
        together: Moments = self.sums.weighted(np.ones((len(self.sums.counts), 1)))
        figures = {key: metric(together) for key, metric in AGREEMENT.items()}
        return {name: {key: float(found[code, 0]) for key, found in figures.items()} for code, name in enumerate(names)}
