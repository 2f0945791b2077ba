"""What every fused task offers: probabilities from those of other tasks, and targets from theirs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Values
from motet.tasks.fused.rows import together
from motet.tasks.task import Task

Seen = Mapping[str, NDArray[Any]]
"""The probabilities of tasks by name, for the same rows."""

EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The encoded targets of a task for N rows, and which rows have one."""

    values: NDArray[Any]
    present: NDArray[np.bool_]


class Fused(ABC):
    """One fused task.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores: a task of the same labels, which has no head.
    bases
        The tasks that it is made of, by name, in the order of `combine`.
    """

    told_by_all: ClassVar[bool] = False
    """Whether the targets of all that it is made of tell its own, and not those of one."""

    def __init__(self, settings: Any, task: Task, bases: Mapping[str, Task]) -> None:
        self.settings = settings
        self.task = task
        self.bases = dict(bases)
        given = getattr(settings, "exponent", 1.0)
        self._tunes = given == "tuned"
        self.exponent = 1.0 if self._tunes else float(given)

    @property
    def name(self) -> str:
        """Its name."""
        return self.task.name

    @property
    def scored_by(self) -> tuple[str, ...]:
        """The tasks of all of which a row needs a target, to be scored."""
        truth: str | None = self.settings.truth
        return self.told_by if truth is None else (truth,)

    @property
    def told_by(self) -> tuple[str, ...]:
        """The tasks whose targets tell its own: all, or the first that is of frames, or of clips, as it is."""
        if self.told_by_all:
            return tuple(self.bases)
        return (next(name for name, task in self.bases.items() if task.per_frame == self.task.per_frame),)

    @property
    def exponents(self) -> Sequence[float]:
        """What is tried where the exponent is tuned, from what changes least on."""
        return EXPONENTS

    @property
    def tunes_exponent(self) -> bool:
        """Whether its exponent is chosen on development rows."""
        return self._tunes

    def targets(self, known: Mapping[str, Known]) -> Known:
        """Return its targets from those of other tasks, or those that its settings name."""
        truth: str | None = self.settings.truth
        return self.told(known) if truth is None else known[truth]

    def told(self, known: Mapping[str, Known]) -> Known:
        """Return its targets from those of the tasks in `told_by`; by default they are those of this one task."""
        return known[self.told_by[0]]

    def fit(self, known: Mapping[str, Known]) -> None:
        """Learn what it needs from the targets of training rows."""
        return

    @abstractmethod
    def combine(self, *parts: Values) -> Values:
        """Return probabilities [n, K] from those of every task that it is made of."""

    def fuse(self, seen: Seen) -> NDArray[Any]:
        """Return its probabilities: [n, K] of clips, n `FrameValues` of frames."""
        return together(self.name, self.combine, *(seen[name] for name in self.bases))

    def tune(self, seen: Seen, targets: NDArray[Any]) -> None:
        """Choose exponent and values of the decision on development rows; the first of the best exponents is taken."""
        if self._tunes:
            self.exponent = max(self.exponents, key=lambda exponent: self._value(exponent, seen, targets))
        self.task.tune(self.fuse(seen), targets)

    def state(self) -> dict[str, Any]:
        """Return what was fitted and tuned, as JSON."""
        return {"exponent": self.exponent, "decision": self.task.decision_state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self.exponent = state["exponent"]
        self.task.load_decision_state(state["decision"])

    def _value(self, exponent: float, seen: Seen, targets: NDArray[Any]) -> float:
        """Return the main metric with an exponent, larger being better."""
        self.exponent = exponent
        probabilities = self.fuse(seen)
        self.task.tune(probabilities, targets)
        value = self.task.score(probabilities, targets)[self.task.main_metric]
        if np.isnan(value):
            return -np.inf
        return value if self.task.higher_is_better(self.task.main_metric) else -value
