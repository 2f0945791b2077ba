"""Probabilities times the probability of activity (Pankajakshan et al. 2019; Morfi and Stowell 2018)."""

from collections.abc import Mapping

import numpy as np

from motet.errors import ConfigError
from motet.tasks.counting import Values
from motet.tasks.fused.fused import Fused
from motet.tasks.fused.rows import by_label, exclude_each_other, has_one_label
from motet.tasks.fused.settings import GateSettings
from motet.tasks.labels import unknown
from motet.tasks.task import Task


class Gate(Fused):
    """The probabilities of a task, times the probability a that anything is active, to the power of an exponent g.

    Of labels that stand side by side (multilabel, events, the positive one of a binary task), P'(k) = P(k) a^g, clip
    by clip or frame by frame. Of labels that exclude each other the label `nothing` takes what the others lose,
    P'(nothing) = 1 - (1 - P(nothing)) a^g. Several labels that are activity are any of them: their sum where they
    exclude each other, else 1 - prod(1 - P), as if they were independent.

    Sources: Pankajakshan, Bear and Benetos, "Polyphonic sound event and sound activity detection: a multi-task
    approach", WASPAA 2019, section 3; Morfi and Stowell, "Deep learning for audio event detection and tagging on
    low-resource datasets", Applied Sciences 8, 2018.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores.
    bases
        The gated task and that of activity.

    Raises
    ------
    ConfigError
        If a label that is named is unknown, or one must be named.

    Examples
    --------
    >>> from motet.tasks import Binary, Multilabel
    >>> from motet.tasks.settings import BinarySettings, MultilabelSettings
    >>> tags = Multilabel(MultilabelSettings(), "tags", ("bell", "dog"))
    >>> busy = Binary(BinarySettings(), "busy", ("no", "yes"))
    >>> gate = Gate(GateSettings(of="tags", by="busy"), tags, {"tags": tags, "busy": busy})
    >>> gate.fuse({"tags": np.array([[0.8, 0.5]]), "busy": np.array([[0.5]])}).tolist()
    [[0.4, 0.25]]
    """

    def __init__(self, settings: GateSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        self._of, self._by = bases.values()
        self._active = self._active_codes(settings)
        self._nothing = self._nothing_code(settings)

    def combine(self, *parts: Values) -> Values:
        """Return gated probabilities [n, K] from those of the task [n, K] and of activity."""
        outputs, telling = parts
        kept = self._activity(telling) ** self.exponent
        gated: Values = outputs * kept
        if self._nothing is None:
            return gated
        gated[:, self._nothing] = 1 - (1 - outputs[:, self._nothing]) * kept[:, 0]
        return gated

    def _activity(self, outputs: Values) -> Values:
        """Return the probability of activity, [n, 1]."""
        chosen = by_label(self._by, outputs)[:, self._active]
        if has_one_label(self._by):
            total: Values = np.minimum(chosen.sum(axis=1, keepdims=True), 1.0)
            return total
        activity: Values = 1 - np.prod(1 - chosen, axis=1, keepdims=True)
        return activity

    def _active_codes(self, settings: GateSettings) -> list[int]:
        where, labels = f"fuse.{self.name}.active", self._by.labels
        problems = [f"{where}: {unknown(label, labels)}" for label in settings.active if label not in labels]
        if not settings.active and exclude_each_other(self._by):
            problems.append(
                f"{where}: {settings.by!r} is one of {', '.join(labels[:12])}; name the labels that are activity"
            )
        if problems:
            raise ConfigError(*problems)
        if settings.active:
            return [labels.index(label) for label in settings.active]
        return [1] if has_one_label(self._by) else list(range(len(labels)))

    def _nothing_code(self, settings: GateSettings) -> int | None:
        where, labels = f"fuse.{self.name}.nothing", self._of.labels
        if not exclude_each_other(self._of):
            if settings.nothing is not None:
                raise ConfigError(
                    f"{where}: is {settings.nothing!r}, but the labels of {settings.of!r} do not exclude each other, "
                    "so all of them are gated; leave it out"
                )
            return None
        if settings.nothing is None:
            raise ConfigError(
                f"{where}: the labels of {settings.of!r} exclude each other ({', '.join(labels[:12])}), and one factor "
                "for all of them decides nothing; name the label that stands for nothing"
            )
        if settings.nothing not in labels:
            raise ConfigError(f"{where}: {unknown(settings.nothing, labels)}")
        return labels.index(settings.nothing)
