"""What is predicted of one task for some rows of a corpus."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Predictions of one task for some rows.

    Parameters
    ----------
    rows
        Row numbers of the corpus, ascending, shape [n].
    probabilities
        Merged over segments, float64, shape [n, K]; values of a regression. Of a task of frames, objects [n].
    """

    rows: Rows
    probabilities: NDArray[Any]

    def of(self, rows: Rows) -> "Predicted":
        """Return the predictions of some of its rows."""
        if len(rows) == len(self.rows):
            return self
        return Predicted(rows, self.probabilities[np.searchsorted(self.rows, rows)])
