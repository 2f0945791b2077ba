"""The metrics of a task: built-in ones by name, and the user's own.

All of it is NumPy. A built-in metric scores many weightings of the rows at once (see `motet.tasks.counting`);
one of the user's own is called with the rows repeated as often as they count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.tasks.agreement import AGREEMENT, moments
from motet.tasks.counting import COUNTING, Flags, Values, count, mean_defined
from motet.tasks.ranking import rank

LOWER_IS_BETTER = frozenset({"mae", "rmse"})


class Metric(Protocol):
    """A metric of the user's own: a class without required arguments.

    Its name in results is its attribute `name`, or else the name of the class. An attribute
    `higher_is_better` of False tells model selection to look for small values.
    """

    def __call__(self, probabilities: Values, targets: NDArray[Any]) -> float:
        """Score probabilities (of a regression: values) [n, K] against the encoded targets, [n] or [n, K]."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MetricSet:
    """What a task reports.

    Parameters
    ----------
    names
        In the order of the report; the first is the main one.
    own
        The user's own metrics among them.
    """

    names: tuple[str, ...]
    own: Mapping[str, Metric]

    @classmethod
    def build(cls, settings: Iterable[Any]) -> "MetricSet":
        """Build the metrics of a task's `metrics` option."""
        own: dict[str, Metric] = {}
        names: dict[str, None] = {}
        for item in settings:
            if isinstance(item, UserComponent):
                metric = item.build()
                name = str(getattr(metric, "name", type(metric).__name__))
                own[name] = metric
            else:
                name = str(item.kind)
            names[name] = None
        return cls(tuple(names), own)

    def higher_is_better(self, name: str) -> bool:
        """Tell whether a larger value of a metric is the better one."""
        if name in self.own:
            return bool(getattr(self.own[name], "higher_is_better", True))
        return name not in LOWER_IS_BETTER

    def score_own(self, probabilities: Values, targets: NDArray[Any], weights: Values) -> dict[str, Values]:
        """Return the user's own metrics for every column of whole weights [n, R]."""
        repeated = [np.repeat(np.arange(len(targets)), column.astype(np.int64)) for column in weights.T]
        return {
            name: np.array([float(metric(probabilities[rows], targets[rows])) for rows in repeated])
            for name, metric in self.own.items()
        }


def score_labels(
    names: Iterable[str], *, truth: Flags, decided: Flags, scores: Values, relevant: Flags, weights: Values
) -> dict[str, Values]:
    """Return metrics of labels for every column of the weights.

    Parameters
    ----------
    names
        The metrics that are wanted; others than built-in ones are left out.
    truth, decided
        What is counted, shape [n, K].
    scores, relevant
        What is ranked and by what, shape [n, J]; a binary task ranks its one positive label only.
    weights
        How often each row counts, shape [n, R].

    Returns
    -------
    dict
        Shape [R] by metric.
    """
    wanted = set(names)
    results: dict[str, Values] = {}
    if wanted & COUNTING.keys():
        counts = count(truth, decided, weights)
        results |= {name: COUNTING[name](counts) for name in COUNTING.keys() & wanted}
    if wanted & {"auc", "map"}:
        ranking = rank(scores, relevant, weights)
        areas = {"auc": mean_defined(ranking.auc), "map": mean_defined(ranking.average_precision)}
        results |= {name: areas[name] for name in areas.keys() & wanted}
    return results


def score_numbers(
    names: Iterable[str], *, truth: Values, predicted: Values, weights: Values
) -> dict[str, Values]:
    """Return metrics of numbers [n, K], the mean over values, for every column of the weights [n, R]."""
    compared = moments(truth, predicted, weights)
    return {name: mean_defined(AGREEMENT[name](compared)) for name in names if name in AGREEMENT}
