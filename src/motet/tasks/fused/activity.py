"""Which labels of a task are activity, how probable it is that any of them is there, and which label is none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError
from motet.tasks.counting import Flags, Values
from motet.tasks.fused.rows import by_label, exclude_each_other, has_one_label
from motet.tasks.fused.settings import GateSettings
from motet.tasks.labels import unknown
from motet.tasks.task import Task


@dataclass(frozen=True, slots=True)
class ActiveLabels:
    """The labels of a task that are activity, any of them.

    Parameters
    ----------
    task
        The task that tells activity.
    codes
        The codes of these labels.
    """

    task: Task
    codes: tuple[int, ...]

    @classmethod
    def of(cls, name: str, settings: GateSettings, task: Task) -> "ActiveLabels":
        """Take the labels that settings name; by default all, and of a binary task the positive one.

        Raises
        ------
        ConfigError
            If a label is unknown, or one must be named.
        """
        where, labels = f"fuse.{name}.active", task.labels
        problems = [f"{where}: {unknown(label, labels)}" for label in settings.active if label not in labels]
        if not settings.active and exclude_each_other(task):
            problems.append(
                f"{where}: {settings.by!r} is one of {', '.join(labels[:12])}; name the labels that are activity"
            )
        if problems:
            raise ConfigError(*problems)
        if settings.active:
            return cls(task, tuple(labels.index(label) for label in settings.active))
        return cls(task, (1,) if has_one_label(task) else tuple(range(len(labels))))

    def probability(self, outputs: Values) -> Values:
        """Return the probability of activity [n, 1] from the outputs of the task [n, K]."""
        chosen = by_label(self.task, outputs)[:, list(self.codes)]
        if has_one_label(self.task):
            total: Values = np.minimum(chosen.sum(axis=1, keepdims=True), 1.0)
            return total
        activity: Values = 1 - np.prod(1 - chosen, axis=1, keepdims=True)
        return activity

    def among(self, codes: NDArray[np.float64]) -> Flags:
        """Tell which codes are activity."""
        return np.isin(codes, self.codes)


def check_nothing(name: str, settings: GateSettings, of: Task) -> None:
    """Refuse a label that is to stand for nothing where there is no such label, or labels stand side by side.

    Raises
    ------
    ConfigError
        Saying which.
    """
    nothing, where = settings.nothing, f"fuse.{name}.nothing"
    if nothing is not None and not exclude_each_other(of):
        raise ConfigError(
            f"{where}: is {nothing!r}, but the labels of {settings.of!r} do not exclude each other, so all of them are "
            "gated; leave it out"
        )
    if nothing is not None and nothing not in of.labels:
        raise ConfigError(f"{where}: {unknown(nothing, of.labels)}")
