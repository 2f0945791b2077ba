"""Labels conditioned on scenes: what is usual where something was heard.

Axes: n rows, S scenes, K outputs of the task whose labels are conditioned.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError, DataError
from motet.tasks.classification import Binary
from motet.tasks.counting import Values
from motet.tasks.fused.fused import EXPONENTS, Fused, Known
from motet.tasks.fused.rows import LEAST, by_label, exclude_each_other, logit, normalised, sigmoid
from motet.tasks.fused.settings import ConditionSettings
from motet.tasks.labels import unknown
from motet.tasks.task import Task

_SLACK = 1e-3


class Condition(Fused):
    """The probabilities of a task, with the scene as further evidence.

    What is usual where the recording may have been made is a mixture over scenes s, weighted by the probabilities that
    their own task gives them, q(k) = sum over s of P(k given s) P(s). With p(k) = sum over s of P(k given s) pi(s),
    where pi are the shares of the scenes among training rows, and an exponent g:

    - `odds`: the odds of label k times (odds of q(k) / odds of p(k))^g; of labels that exclude each other,
      P'(k) proportional to P(k) (q(k) / p(k))^g. With g = 1 this is Bayes' rule where, given the label, what is heard
      of it and what is heard of the scene are independent; a scene that says nothing about k changes nothing.
    - `product`: P'(k) = P(k) q(k)^g, a context-dependent event prior as a factor.
    - `geometric`: P'(k) proportional to P(k)^(1 - g) q(k)^g, for and against each label that stands by itself.

    The table is counted on training rows with targets of both, P(k given s) = (n_sk + a p(k)) / (n_s + a), with
    a = `smoothing`; so a scene of few rows is taken as all scenes are on average. Of events, a row counts once for each
    label that occurs in it. Logarithms are taken of probabilities of at least 1e-6.

    Sources: Heittola, Mesaros, Eronen and Virtanen, "Context-dependent sound event detection", EURASIP Journal on
    Audio, Speech, and Music Processing 2013, section 3; Komatsu, Imoto and Togami, "Scene-dependent acoustic event
    detection with scene conditioning and fake-scene-conditioned loss", ICASSP 2020, who condition the network.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores.
    bases
        The task that is conditioned and that of the scenes.

    Raises
    ------
    ConfigError
        If the table does not have the labels of both tasks.
    """

    def __init__(self, settings: ConditionSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        self._of, self._by = bases.values()
        self._how, self._smoothing = settings.how, settings.smoothing
        self._given = None if settings.table is None else self._checked(settings.table)
        blank = np.full((len(self._by.labels), len(self._of.output_names)), 0.5)
        self._table = blank if self._given is None else self._given
        self._prior = np.full(len(self._of.output_names), 0.5)

    @property
    def exponents(self) -> Sequence[float]:
        """What is tried where the exponent is tuned; the share of a geometric mean is at most 1."""
        return tuple(exponent for exponent in EXPONENTS if exponent <= 1 or self._how != "geometric")

    def rows_to_count(self, known: Mapping[str, Known]) -> NDArray[np.bool_]:
        """Return which rows [N] the table, or only the shares of the scenes, are counted on."""
        of, by = (known[name].present for name in self.bases)
        return by if self._given is not None else of & by

    def fit(self, known: Mapping[str, Known]) -> None:
        """Count the table on training rows, or for a table that is given the shares of the scenes.

        Raises
        ------
        DataError
            If no training row has what is counted.
        """
        rows = self.rows_to_count(known)
        if not rows.any():
            both = "targets of both" if self._given is None else f"a target of {self._by.name!r}"
            raise DataError(
                f"fuse.{self.name}: no training row has {both}, so nothing can be counted; give the table, or data "
                f"with {both}"
            )
        of, by = (known[name] for name in self.bases)
        held = self._by.label_flags(by.values[rows]).astype(np.float64)
        if self._given is None:
            self._table, self._prior = _counted(held, self._flags(of.values[rows]), self._smoothing)
        else:
            self._table, self._prior = self._given, held.mean(axis=0) @ self._given

    def combine(self, *parts: Values) -> Values:
        """Return conditioned probabilities [n, K] from those of the task [n, K] and of the scenes."""
        outputs, telling = parts
        usual = by_label(self._by, telling) @ self._table
        if exclude_each_other(self._of):
            return normalised(self._exclusive(outputs, usual))
        if self._how == "odds":
            return sigmoid(logit(outputs) + self.exponent * (logit(usual) - logit(self._prior)))
        if self._how == "geometric":
            return sigmoid((1 - self.exponent) * logit(outputs) + self.exponent * logit(usual))
        return outputs * _held(usual) ** self.exponent

    def state(self) -> dict[str, Any]:
        """Return what was counted and tuned, as JSON."""
        return {**super().state(), "table": self._table.tolist(), "prior": self._prior.tolist()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        super().load_state(state)
        self._table, self._prior = np.array(state["table"]), np.array(state["prior"])

    def _exclusive(self, outputs: Values, usual: Values) -> Values:
        if self._how == "odds":
            return outputs * (_held(usual) / _held(self._prior)) ** self.exponent
        if self._how == "geometric":
            return _held(outputs) ** (1 - self.exponent) * _held(usual) ** self.exponent
        return outputs * _held(usual) ** self.exponent

    def _flags(self, targets: NDArray[Any]) -> Values:
        """Return which outputs each target has, [n, K]."""
        flags = self._of.label_flags(targets).astype(np.float64)
        return flags[:, 1:] if isinstance(self._of, Binary) else flags

    def _checked(self, table: Mapping[str, Mapping[str, float]]) -> Values:
        """Return a table [S, K] from one by name."""
        where, scenes, labels = f"fuse.{self.name}.table", self._by.labels, self._of.output_names
        problems = [f"{where}: {unknown(scene, scenes)}" for scene in table if scene not in scenes]
        missing = [scene for scene in scenes if scene not in table]
        if missing:
            problems.append(
                f"{where}: has no row for the scene {missing[0]!r}; every label of {self._by.name!r} has one"
            )
        for scene, row in table.items():
            problems += [f"{where}.{scene}: {unknown(label, labels)}" for label in row if label not in labels]
            if exclude_each_other(self._of) and abs(sum(row.values()) - 1) > _SLACK:
                problems.append(
                    f"{where}.{scene}: sums to {sum(row.values()):g}, but the labels of {self._of.name!r} exclude each "
                    "other; let every row sum to 1"
                )
        if problems:
            raise ConfigError(*problems)
        return np.array([[table[scene].get(label, 0.0) for label in labels] for scene in scenes])


def _counted(scenes: Values, labels: Values, smoothing: float) -> tuple[Values, Values]:
    """Return P(label given scene) [S, K] and P(label) [K] from flags of scenes [n, S] and of labels [n, K]."""
    prior = labels.mean(axis=0)
    rows = scenes.sum(axis=0)[:, None] + smoothing
    hits = scenes.T @ labels + smoothing * prior
    return np.where(rows > 0, hits / np.maximum(rows, LEAST), prior), prior


def _held(probabilities: Values) -> Values:
    held: Values = np.maximum(probabilities, LEAST)
    return held
