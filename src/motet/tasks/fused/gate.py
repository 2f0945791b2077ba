"""Probabilities times the probability of activity (Pankajakshan et al. 2019; Morfi and Stowell 2018)."""

from collections.abc import Mapping

from motet.errors import ConfigError
from motet.tasks.counting import Values
from motet.tasks.fused.activity import ActiveLabels, check_nothing
from motet.tasks.fused.fused import Fused
from motet.tasks.fused.rows import exclude_each_other
from motet.tasks.fused.settings import GateSettings
from motet.tasks.task import Task


class Gate(Fused):
    """The probabilities of a task, times the probability a that anything is active, to the power of an exponent g.

    Of labels that stand side by side (multilabel, events, the positive one of a binary task), P'(k) = P(k) a^g, clip
    by clip or frame by frame. Of labels that exclude each other the label `nothing` takes what the others lose,
    P'(nothing) = 1 - (1 - P(nothing)) a^g. Several labels that are activity are any of them: their sum where they
    exclude each other, else 1 - prod(1 - P), as if they were independent. Clips that are gated frame by frame are
    `GateInTime`.

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
    >>> import numpy as np
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
        self._of, by = bases.values()
        self._active = ActiveLabels.of(self.name, settings, by)
        self._nothing = self._nothing_code(settings)

    def combine(self, *parts: Values) -> Values:
        """Return gated probabilities [n, K] from those of the task [n, K] and of activity."""
        outputs, telling = parts
        kept = self._active.probability(telling) ** self.exponent
        gated: Values = outputs * kept
        if self._nothing is None:
            return gated
        gated[:, self._nothing] = 1 - (1 - outputs[:, self._nothing]) * kept[:, 0]
        return gated

    def _nothing_code(self, settings: GateSettings) -> int | None:
        if settings.nothing is None and exclude_each_other(self._of):
            raise ConfigError(
                f"fuse.{self.name}.nothing: the labels of {settings.of!r} exclude each other "
                f"({', '.join(self._of.labels[:12])}), and one factor for all of them decides nothing; name the label "
                "that stands for nothing"
            )
        check_nothing(self.name, settings, self._of)
        return None if settings.nothing is None else self._of.labels.index(settings.nothing)
