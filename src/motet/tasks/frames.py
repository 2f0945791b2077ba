"""Tasks that are predicted frame by frame, and what is kept of such a prediction.

A target is a list of variable length [E, D]: events, or the symbols of a sequence. It travels to the device as it is,
padded to the longest of the batch, and the task lays it out on the frames of the prediction, whose rate only the
network knows. Times are seconds from the start of the recording; in a batch, from the start of the row's segment. Axes:
n rows, T frames, K outputs, E entries of a target, D values of an entry.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.features.feature_map import TimeGrid
from motet.tasks.counting import Values
from motet.tasks.merge import MergeRule
from motet.tasks.task import Asked, Framed, PerFrame, Task

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class FrameValues:
    """What was predicted for the frames of one recording, or of one segment of it.

    Parameters
    ----------
    values
        Shape [T, K], float32.
    grid
        The time of the frames in the recording.
    """

    values: NDArray[np.float32]
    grid: TimeGrid


class FrameTask(Task):
    """A task with one prediction a frame. Probabilities of n rows are n `FrameValues`, in an array of objects."""

    merge_rules: ClassVar[tuple[MergeRule, ...]] = ("mean", "max")
    asked_when: ClassVar[tuple[Asked, ...]] = ("live",)

    @property
    def output_size(self) -> int:
        """The number of outputs that the network gives for every frame, K."""
        return PerFrame(len(self.output_names))

    @abstractmethod
    def encode(self, target: Any) -> NDArray[Any]:
        """Return one target as a list of entries, float64 [E, D]."""

    @abstractmethod
    def frame_probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities [T, K] from raw outputs [T, K]."""

    @abstractmethod
    def losses(self, prediction: Framed, target: Framed) -> "Tensor":
        """Return the loss of every row [n].

        Parameters
        ----------
        prediction
            Raw outputs [n, T, K] with the valid frames of each row and their grid.
        target
            Entries [n, E, D] with the number of each row's.
        """

    @abstractmethod
    def decide(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Decide for every row: n lists of entries, in an array of objects."""

    @abstractmethod
    def to_plain(self, encoded: NDArray[np.float64]) -> list[Any]:
        """Return the entries of one target or decision as JSON."""

    @abstractmethod
    def from_plain(self, plain: list[Any]) -> NDArray[np.float64]:
        """Return the entries of what `to_plain` returned.

        Raises
        ------
        ValueError, KeyError
            If it is something else.
        """

    def cut(self, target: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
        """Return the entries of a target within a segment, in seconds from its start; by default all as they are."""
        return target

    def collate(
        self, targets: NDArray[Any], starts_s: NDArray[np.float64], stops_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the targets of some rows as one array [n, E, D], and how many entries each row has [n].

        Parameters
        ----------
        targets
            Encoded targets, objects [n].
        starts_s, stops_s
            The segment of each row, shape [n].
        """
        spans = zip(targets, starts_s.tolist(), stops_s.tolist(), strict=True)
        cut = [self.cut(target, start_s, stop_s) for target, start_s, stop_s in spans]
        lengths = np.array([len(target) for target in cut], dtype=np.int64)
        padded = np.zeros((len(cut), int(lengths.max(initial=0)), cut[0].shape[1]), dtype=np.float32)
        for row, target in enumerate(cut):
            padded[row, : len(target)] = target
        return padded, lengths

    def probabilities(self, outputs: NDArray[Any]) -> Values:
        """Return probabilities [T, K] from raw outputs [T, K]."""
        return self.frame_probabilities(outputs).astype(np.float64)

    def collect(self, prediction: Framed, starts_s: NDArray[np.float64]) -> NDArray[Any]:
        """Return the probabilities of the valid frames of every row, with their time in the recording."""
        assert prediction.grid is not None, "a prediction of frames has a grid"
        grid, values = prediction.grid, prediction.values.float().cpu().numpy()
        lengths = [values.shape[1]] * len(values) if prediction.lengths is None else prediction.lengths.tolist()
        return as_objects(
            FrameValues(self.frame_probabilities(row[:length]), TimeGrid(grid.start_s + start_s, grid.step_s))
            for row, length, start_s in zip(values, lengths, starts_s.tolist(), strict=True)
        )

    def merge(self, probabilities: NDArray[Any], how: MergeRule) -> Any:
        """Lay the frames of overlapping segments over each other: their mean, or the largest."""
        return stitch(list(probabilities), how)

    def finite(self, probabilities: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell for every row whether all of its frames are finite, shape [n]."""
        return np.array([bool(np.isfinite(row.values).all()) for row in probabilities], dtype=bool)

    def label_flags(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which labels the entries of each target have, [n, K]; the last value of an entry is its code."""
        flags = np.zeros((len(targets), len(self.labels)), dtype=np.bool_)
        for row, target in enumerate(targets):
            flags[row, target[:, -1].astype(np.int64)] = True
        return flags

    def describe(self, probabilities: NDArray[Any], decisions: NDArray[Any]) -> list[tuple[Any, dict[str, float]]]:
        """Return every row's entries as plain data, and the largest probability of each output over time."""
        largest = [row.values.max(axis=0, initial=0.0).tolist() for row in probabilities]
        named = [dict(zip(self.output_names, row, strict=True)) for row in largest]
        return [(tuple(self.to_plain(row)), found) for row, found in zip(decisions, named, strict=True)]

    def confusion(self, decisions: NDArray[Any], targets: NDArray[Any]) -> None:
        """Return None: entries of different times are not each other's confusion."""
        return


def as_objects(items: Any) -> NDArray[Any]:
    """Return an array of objects [n], also where these are arrays of equal shape."""
    listed = list(items)
    array = np.empty(len(listed), dtype=object)
    for place, item in enumerate(listed):
        array[place] = item
    return array


def stitch(parts: Sequence[FrameValues], how: MergeRule = "mean") -> FrameValues:
    """Return segments of one recording as one: where they overlap, their mean or the largest; gaps are zero.

    Examples
    --------
    >>> grid = TimeGrid(0.0, 0.5)
    >>> first = FrameValues(np.array([[0.2], [0.4]], np.float32), grid)
    >>> second = FrameValues(np.array([[0.8], [1.0]], np.float32), TimeGrid(0.5, 0.5))
    >>> [round(value, 1) for value in stitch([first, second]).values.ravel().tolist()]
    [0.2, 0.6, 1.0]
    """
    ordered = sorted(parts, key=lambda part: part.grid.start_s)
    if len(ordered) == 1:
        return ordered[0]
    grid = ordered[0].grid
    places = [round((part.grid.start_s - grid.start_s) / grid.step_s) for part in ordered]
    size = max(place + len(part.values) for place, part in zip(places, ordered, strict=True))
    total = np.zeros((size, ordered[0].values.shape[1]), dtype=np.float32)
    counts = np.zeros((size, 1), dtype=np.float32)
    for place, part in zip(places, ordered, strict=True):
        covered = slice(place, place + len(part.values))
        total[covered] = np.maximum(total[covered], part.values) if how == "max" else total[covered] + part.values
        counts[covered] += 1
    return FrameValues(total if how == "max" else (total / np.maximum(counts, 1)).astype(np.float32), grid)
