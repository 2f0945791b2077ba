"""Decisions: from probabilities to labels. Axes: n rows, K outputs.

A decision may be tuned on development rows. One of the user's own is a class whose objects are called with
probabilities [n, K]; where it also has `tune`, `state` and `load_state`, it is tuned and saved like the
others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.tasks.counting import Flags, Values
from motet.tasks.settings import ArgmaxSettings, IdentitySettings, ThresholdSettings, TunedThresholdSettings


class Decision(Protocol):
    """What every decision offers."""

    def __call__(self, probabilities: Values) -> NDArray[Any]:
        """Decide for every row: codes [n] of classes, booleans [n, K] of labels, or values [n, K]."""
        ...


@runtime_checkable
class TunedDecision(Protocol):
    """A decision with values that are chosen on development rows."""

    def tune(self, probabilities: Values, targets: NDArray[Any]) -> None:
        """Choose values for probabilities [n, K] and encoded targets."""
        ...

    def state(self) -> Mapping[str, Any]:
        """Return the chosen values, as JSON."""
        ...

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        ...


@dataclass(frozen=True, slots=True)
class Argmax:
    """The most probable class; of equal ones the first."""

    settings: ArgmaxSettings

    def __call__(self, probabilities: Values) -> NDArray[np.int64]:
        """Return codes, shape [n]."""
        codes: NDArray[np.int64] = probabilities.argmax(axis=1)
        return codes


@dataclass(frozen=True, slots=True)
class Identity:
    """The predicted values themselves."""

    settings: IdentitySettings

    def __call__(self, probabilities: Values) -> Values:
        """Return the values, shape [n, K]."""
        return probabilities


@dataclass(frozen=True, slots=True)
class Threshold:
    """Every label at or above one fixed probability."""

    settings: ThresholdSettings

    def __call__(self, probabilities: Values) -> Flags:
        """Return which labels are given, shape [n, K]."""
        return probabilities >= self.settings.value


class TunedThreshold:
    """Every label at or above its own probability, which makes its F1 or UAR largest on development rows.

    Until it is tuned, and for a label that development rows have never or always, the threshold is 0.5.
    """

    def __init__(self, settings: TunedThresholdSettings) -> None:
        self._metric = settings.metric
        self._thresholds: Values | None = None

    def __call__(self, probabilities: Values) -> Flags:
        """Return which labels are given, shape [n, K]."""
        return probabilities >= (0.5 if self._thresholds is None else self._thresholds)

    def tune(self, probabilities: Values, targets: NDArray[Any]) -> None:
        """Choose one threshold for each label from probabilities [n, K] and targets [n] or [n, K]."""
        truth = targets.reshape(probabilities.shape) > 0.5
        self._thresholds = np.array(
            [
                best_threshold(scores, flags, self._metric)
                for scores, flags in zip(probabilities.T, truth.T, strict=True)
            ]
        )

    def state(self) -> dict[str, Any]:
        """Return the thresholds."""
        return {} if self._thresholds is None else {"thresholds": self._thresholds.tolist()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back the thresholds."""
        self._thresholds = np.array(state["thresholds"]) if "thresholds" in state else None


def best_threshold(scores: Values, truth: Flags, metric: str) -> float:
    """Return the threshold with the largest F1 or UAR of one label.

    Thresholds lie halfway between two neighbouring scores, or at 0.5 where that decides the same; of equally
    good ones the nearest to 0.5 is taken.

    Parameters
    ----------
    scores, truth
        Probability and truth of each row, shape [n].
    metric
        `f1` or `uar`.
    """
    positives, rows = int(truth.sum()), len(truth)
    if positives in (0, rows):
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    given = np.arange(rows + 1)
    hits = np.concatenate(([0], np.cumsum(truth[order])))
    if metric == "f1":
        values = 2 * hits / (given + positives)
    else:
        values = (hits / positives + 1 - (given - hits) / (rows - positives)) / 2
    above, below = np.append(ordered[0] + 1, ordered), np.append(ordered, ordered[-1] - 1)
    cuts = np.flatnonzero(above > below)
    best = cuts[values[cuts] >= values[cuts].max() - 1e-12]
    thresholds = _between(below[best], above[best])
    return float(thresholds[np.abs(thresholds - 0.5).argmin()])


def _between(below: Values, above: Values) -> Values:
    """Return 0.5 where it lies in (below, above], else the middle."""
    middle = (below + above) / 2
    middle = np.where(middle > below, middle, above)
    return np.where((below < 0.5) & (above >= 0.5), 0.5, middle)


_DECISIONS: Mapping[type, Callable[[Any], Decision]] = {
    ArgmaxSettings: Argmax,
    IdentitySettings: Identity,
    ThresholdSettings: Threshold,
    TunedThresholdSettings: TunedThreshold,
}


def build_decision(settings: Any) -> Decision:
    """Build the decision of a task's `decision` option."""
    if isinstance(settings, UserComponent):
        built: Decision = settings.build_own()
        return built
    return _DECISIONS[type(settings)](settings)
