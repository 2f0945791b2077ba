"""Several tasks with equal labels as one: the mean of what they say."""

from collections.abc import Mapping

import numpy as np

from motet.tasks.counting import Values
from motet.tasks.fused.fused import Fused
from motet.tasks.fused.rows import LEAST, exclude_each_other, logit, normalised, sigmoid
from motet.tasks.fused.settings import MeanSettings
from motet.tasks.task import Task


class Mean(Fused):
    """The weighted mean of probabilities, clip by clip or frame by frame; what is told of a clip counts in all frames.

    Arithmetic: P'(k) = sum over tasks of w P(k). Geometric: P'(k) proportional to the product of P(k)^w; of a label
    that stands by itself, for and against it, which is the mean of the logarithms of odds. Weights sum to 1. So one
    task that is learned by two heads is decided by both (Jung et al., "DcaseNet: an integrated pretrained deep neural
    network for detecting and classifying acoustic scenes and events", ICASSP 2021).

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores.
    bases
        The tasks, of equal labels.
    """

    def __init__(self, settings: MeanSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        given = np.ones(len(bases)) if settings.weights is None else np.array(settings.weights)
        self._weights, self._how = given / given.sum(), settings.how
        self._exclusive = exclude_each_other(task)

    def combine(self, *parts: Values) -> Values:
        """Return the mean [n, K] of the probabilities [n, K] of every task."""
        if self._how == "arithmetic":
            return self._averaged(*parts)
        if not self._exclusive:
            return sigmoid(self._averaged(*(logit(part) for part in parts)))
        return normalised(np.exp(self._averaged(*(np.log(np.maximum(part, LEAST)) for part in parts))))

    def _averaged(self, *parts: Values) -> Values:
        mean: Values = np.tensordot(self._weights, np.stack(np.broadcast_arrays(*parts)), axes=1)
        return mean
