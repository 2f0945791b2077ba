"""A map as target: what an input was before anything random was done to it, or an input that the network never sees.

Noise mixed in makes that denoising, random changes of the features a denoising autoencoder, nothing at all plain
reconstruction, and a shift in time prediction of what comes next. An input that no encoder reads can be anything that
belongs to the row: the recording at a higher rate, or another recording. Targets are scaled as the input is.

Axes: n rows, T frames, K values of a frame, M figures. What is kept of a prediction are its figures, float64 [n, M],
not the map.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.tasks.counting import Values, ratio
from motet.tasks.map_metrics import MAP_FIGURES
from motet.tasks.map_settings import DenseSettings
from motet.tasks.merge import MergeRule
from motet.tasks.metrics import MetricSet
from motet.tasks.task import Asked, Framed, LessonKind, MapOutput, Task

if TYPE_CHECKING:
    from torch import Tensor

    from motet.tasks.running import Running


class Dense(Task):
    """A map of the shape of an input. Targets are read with the rows; their code is 0.

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        The input that is the target.

    Examples
    --------
    >>> task = Dense(DenseSettings(of="noisy"), "clean")
    >>> task.output_size.of, task.main_metric
    ('noisy', 'si_sdr_gain')
    """

    merge_rules: ClassVar[tuple[MergeRule, ...]] = ("mean", "median", "max")
    stratifies: ClassVar[bool] = False
    lesson_kind: ClassVar[LessonKind | None] = "maps"
    asked_when: ClassVar[tuple[Asked, ...]] = ("live",)

    def __init__(self, settings: DenseSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        metrics = MetricSet.build(settings.metrics, task=name)
        super().__init__(
            settings,
            name,
            labels=(settings.of,),
            output_names=metrics.names,
            target_shape=(),
            target_dtype=np.int64,
            decision_dtype=np.float64,
            row_loss=_no_loss,
            decision=_no_decision,
            metrics=metrics,
            weight=settings.weight,
        )

    @property
    def output_size(self) -> MapOutput:
        """One map of the shape of the input."""
        return MapOutput(self.settings.of, self.settings.given)

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the input that is the target."""
        return tuple(dict.fromkeys(str(target) for target in targets))

    def encode(self, target: Any) -> NDArray[Any]:
        """Return 0: the map itself is read with the rows."""
        return np.array(0, dtype=np.int64)

    def decode(self, encoded: NDArray[Any]) -> list[str]:
        """Return the name of the input that is the target, for every row."""
        return [self.settings.of] * len(encoded)

    def losses(self, prediction: Framed, target: Framed) -> "Tensor":
        """Return the loss of every row [n] from predicted and true maps [n, T, K].

        Raises
        ------
        DataError
            If a row ends before the target that lies ahead begins.
        """
        return self._lost(prediction, target, ahead=self.settings.shift)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] against the map [n, T, K] that a teacher made of the same.

        Frames that make what lies behind the end of a row count here no more than against the true map.
        """
        return self._lost(prediction, lesson, ahead=0)

    def _lost(self, prediction: Framed, wanted: Framed, *, ahead: int) -> "Tensor":
        """Return the loss of every row [n], each frame against the one that lies so far ahead of it."""
        from motet.tasks.map_losses import as_long_as, map_loss

        shift = self.settings.shift
        values, truth, lengths = as_long_as(prediction, wanted), wanted.values, wanted.lengths
        if shift:
            self._check_shift(truth.shape[1] if lengths is None else int(lengths.min()))
            stop = truth.shape[1] - shift
            values, truth = values[:, :stop], truth[:, ahead : ahead + stop]
            lengths = None if lengths is None else (lengths - shift).clamp(min=1)
        return map_loss(self.settings.loss)(values, truth, lengths)

    def followed(self, prediction: Framed, target: Framed) -> "tuple[Tensor, Tensor]":
        """Return no lines: the loss tells how training goes."""
        return prediction.values[:0, 0], target.values[:0, 0]

    def measure(self, prediction: Framed, target: Framed, given: "Tensor | None") -> Values:
        """Return the figures of every row [n, M].

        Parameters
        ----------
        prediction, target
            What was predicted and what is true: maps [n, T, K]. A prediction that ends a frame early holds its last.
        given
            What the network was given, at the moments of the target [n, T, K]; None where it is nothing alike.
        """
        from motet.tasks.map_losses import as_long_as

        lengths = [target.values.shape[1]] * len(target.values) if target.lengths is None else target.lengths.tolist()
        predicted, true = (values.double().cpu().numpy() for values in (as_long_as(prediction, target), target.values))
        before = None if given is None else given.double().cpu().numpy()
        shift = self.settings.shift
        if shift:
            self._check_shift(min(lengths, default=shift + 1))
        figures = np.zeros((len(lengths), len(self.output_names)))
        for row, length in enumerate(lengths):
            own = None if before is None else before[row, :length]
            maps = _aligned(predicted[row, :length], true[row, :length], own, shift)
            figures[row] = [MAP_FIGURES[name](*maps) for name in self.output_names]
        return figures

    def _check_shift(self, shortest: int) -> None:
        if shortest <= self.settings.shift:
            raise DataError(
                f"task '{self.name}': shift is {self.settings.shift} frames, but a row has {shortest}: make shift "
                "smaller, or leave out recordings that are so short"
            )

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return figures as they are."""
        return np.asarray(outputs, dtype=np.float64)

    def finite(self, probabilities: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell for every row whether a figure is defined at all; those of silence may not be."""
        return np.asarray(~np.isnan(probabilities).all(axis=1))

    def decide(self, probabilities: Values) -> NDArray[Any]:
        """Return 0 for every row: the predicted map is the decision."""
        return np.zeros(len(probabilities))

    def describe(self, probabilities: NDArray[Any], decisions: NDArray[Any]) -> list[tuple[Any, dict[str, float]]]:
        """Return for every row the input that the map is like, and its figures."""
        return [(self.settings.of, dict(zip(self.output_names, row, strict=True))) for row in probabilities.tolist()]

    def merge(self, probabilities: Values, how: MergeRule) -> Values:
        """Return the figures [M] of an example from those of its segments [S, M]."""
        pools: dict[str, Callable[..., Any]] = {"mean": np.nanmean, "median": np.nanmedian, "max": np.nanmax}
        merged: Values = pools[how](probabilities, axis=0)
        return merged

    def compare(self, probabilities: Values, decisions: NDArray[Any], targets: NDArray[Any]) -> "MapOutcome":
        """Return the figures, ready to be averaged."""
        return MapOutcome(dict(zip(self.output_names, probabilities.T, strict=True)))

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> None:
        """Return None: maps are not confused."""
        return

    def running(self) -> "Running":
        """Return running figures that stay empty."""
        from motet.tasks.running import Running

        return Running(lambda predictions, targets: predictions.sum(), lambda sums: {})


@dataclass(frozen=True, slots=True, eq=False)
class MapOutcome:
    """Figures of maps by name, each [n]; nan where undefined."""

    figures: Mapping[str, Values]

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return the mean figures [R] over rows where they are defined, for every column of the weights [n, R]."""
        results = {}
        for name in names:
            if name in self.figures:
                defined = np.isfinite(self.figures[name])
                values = np.where(defined, self.figures[name], 0.0)
                results[name] = ratio(values @ weights, defined.astype(np.float64) @ weights)
        return results

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return the mean of every figure."""
        once = np.ones((len(next(iter(self.figures.values()))), 1))
        means = {name: float(values[0]) for name, values in self.score(self.figures, once).items()}
        return {names[0]: {"rows": float(len(once)), **means}}


def _aligned(
    predicted: Values, target: Values, given: Values | None, shift: int
) -> tuple[Values, Values, Values | None]:
    """Return maps in which every frame stands beside the one that it is to be."""
    if not shift:
        return predicted, target, given
    return predicted[:-shift], target[shift:], None if given is None else given[:-shift]


def _no_loss(predictions: "Tensor", targets: "Tensor") -> "Tensor":
    raise AssertionError("a map has a loss only with the lengths of its rows")


def _no_decision(probabilities: Values) -> NDArray[Any]:
    raise AssertionError("a map is its own decision")
