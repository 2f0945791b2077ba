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
from motet.errors import ConfigError, UserCodeError
from motet.tasks.agreement import AGREEMENT, moments
from motet.tasks.counting import COUNTING, Flags, Values, count, mean_defined
from motet.tasks.ranking import rank

LOWER_IS_BETTER = frozenset(
    {
        *("mae", "rmse", "cer", "wer", "mse", "lsd"),
        *("segment_error_rate", "segment_error_rate_macro", "event_error_rate", "event_error_rate_macro"),
    }
)


class Metric(Protocol):
    """A metric of the user's own: a class without required arguments.

    Its name in results is its attribute `name`, or else the name of the class or function. An attribute
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
    def build(cls, settings: Iterable[Any], *, task: str) -> "MetricSet":
        """Build the metrics of a task's `metrics` option; messages name the task.

        Raises
        ------
        ConfigError
            If two metrics have one name.
        """
        own: dict[str, Metric] = {}
        names: list[str] = []
        for item in settings:
            metric = item.build() if isinstance(item, UserComponent) else None
            name = str(item.kind) if metric is None else _own_name(metric)
            if name in names:
                raise ConfigError(f"task {task!r}: two metrics are called {name!r}; drop one, or rename your own")
            names.append(name)
            if metric is not None:
                own[name] = metric
        return cls(tuple(names), own)

    def higher_is_better(self, name: str) -> bool:
        """Tell whether a larger value of a metric is the better one."""
        if name in self.own:
            return bool(getattr(self.own[name], "higher_is_better", True))
        return name not in LOWER_IS_BETTER

    def score_own(self, probabilities: Values, targets: NDArray[Any], weights: Values) -> dict[str, Values]:
        """Return the user's own metrics for every column of whole weights [n, R]."""
        if not self.own:
            return {}
        repeated = [np.repeat(np.arange(len(targets)), column.astype(np.int64)) for column in weights.T]
        return {
            name: np.array(
                [
                    _number(name, metric(probabilities[rows], targets[rows])) if len(rows) else np.nan
                    for rows in repeated
                ]
            )
            for name, metric in self.own.items()
        }


def _number(name: str, value: Any) -> float:
    if np.ndim(value) or np.asarray(value).dtype.kind not in "biuf":
        raise UserCodeError(f"the metric {name!r} returned {value!r}, but a metric is one number: correct its __call__")
    return float(value)


def _own_name(metric: Any) -> str:
    for named in (metric, type(metric)):
        for attribute in ("name", "__name__"):
            if isinstance(name := getattr(named, attribute, None), str):
                return name
    raise AssertionError("every class has a name")


class Outcome(Protocol):
    """Truth and predictions of some rows, ready to be scored."""

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return built-in metrics [R] for every column of the weights [n, R]; other names are left out."""
        ...

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return figures by label or value."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabelOutcome:
    """Labels as they are and as they were predicted.

    Parameters
    ----------
    truth, decided
        What is counted, shape [n, K].
    scores, relevant
        What is ranked and by what, shape [n, J]: all labels, or of a binary task only the last.
    """

    truth: Flags
    decided: Flags
    scores: Values
    relevant: Flags

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return built-in metrics [R] for every column of the weights [n, R]."""
        wanted = set(names)
        results: dict[str, Values] = {}
        if wanted & COUNTING.keys():
            counts = count(self.truth, self.decided, weights)
            results |= {name: COUNTING[name](counts) for name in COUNTING.keys() & wanted}
        if wanted & {"auc", "map"}:
            ranking = rank(self.scores, self.relevant, weights)
            results["auc"] = mean_defined(ranking.auc)
            results["map"] = mean_defined(ranking.average_precision)
        return results

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return rows, precision, recall and F1 by label; of those that are ranked area and average precision too."""
        once = np.ones((len(self.truth), 1))
        counts, ranking = count(self.truth, self.decided, once), rank(self.scores, self.relevant, once)
        counted = {"rows": counts.present, "precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
        ranked = {"auc": ranking.auc, "average_precision": ranking.average_precision}
        table = _rows(names, counted)
        for name, figures in _rows(names[-self.scores.shape[1] :], ranked).items():
            table[name] |= figures
        return table


@dataclass(frozen=True, slots=True, eq=False)
class NumberOutcome:
    """Values as they are and as they were predicted, shape [n, K]."""

    truth: Values
    predicted: Values

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return built-in metrics [R], the mean over values, for every column of the weights [n, R]."""
        compared = moments(self.truth, self.predicted, weights)
        return {name: mean_defined(AGREEMENT[name](compared)) for name in names if name in AGREEMENT}

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return every metric by value."""
        compared = moments(self.truth, self.predicted, np.ones((len(self.truth), 1)))
        return _rows(names, {key: metric(compared) for key, metric in AGREEMENT.items()})


def _rows(names: tuple[str, ...], columns: Mapping[str, Values]) -> dict[str, dict[str, float]]:
    return {name: {key: float(column[code, 0]) for key, column in columns.items()} for code, name in enumerate(names)}
