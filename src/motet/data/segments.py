"""Segments: pieces of one length in seconds, cut from maps of any length. Axes: n rows, S segments.

In training a row gives one segment per epoch, where the crop rule puts it. In evaluation it gives one as well, or,
with `hop_s`, as many as cover it; the predictions of these are then merged. A row that is shorter gives one segment
that starts at its first frame and is filled up by `pad`.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.data.settings import CentreCropSettings, RandomCropSettings, SegmentSettings, StartCropSettings
from motet.errors import ConfigError

Integers = NDArray[np.int64]

_STATISTICS: dict[str, Callable[[NDArray[np.float64]], np.floating]] = {
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "max": np.max,
}


class CropRule(Protocol):
    """Where segments start. A rule of the user's own is a class with this call."""

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        """Return the first frame of each row's segment, from 0 to `max(lengths - num_frames, 0)`, shape [n].

        Parameters
        ----------
        lengths
            Frames of each row, shape [n].
        num_frames
            Frames of a segment.
        uniforms
            A draw of each row in [0, 1), shape [n]; one half in evaluation.
        """
        ...


class RandomCrop:
    """Anywhere in the row, every frame equally likely; with a draw of one half, its centre."""

    def __init__(self, settings: RandomCropSettings) -> None:
        self.settings = settings

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        """Return the first frames [n]."""
        spare = np.maximum(lengths - num_frames, 0)
        starts: Integers = (uniforms * (spare + 1)).astype(np.int64)
        return starts


class CentreCrop:
    """The centre of the row."""

    def __init__(self, settings: CentreCropSettings) -> None:
        self.settings = settings

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        """Return the first frames [n]."""
        starts: Integers = (np.maximum(lengths - num_frames, 0) + 1) // 2
        return starts


class StartCrop:
    """The start of the row."""

    def __init__(self, settings: StartCropSettings) -> None:
        self.settings = settings

    def __call__(self, lengths: Integers, num_frames: int, uniforms: NDArray[np.float64]) -> Integers:
        """Return the first frames [n]."""
        return np.zeros(len(lengths), dtype=np.int64)


class Segments:
    """How the rows of a data set are cut.

    Parameters
    ----------
    settings
        The settings.
    length_s
        The length of a segment in seconds; see `fit_length`.

    Examples
    --------
    >>> segments = Segments(SegmentSettings(length_s=2.0, hop_s=1.0), 2.0)
    >>> segments.num_frames(step_s=0.5)
    4
    >>> rows, starts = segments.slide(np.array([3, 9]), step_s=0.5)
    >>> rows.tolist(), starts.tolist()
    ([0, 1, 1, 1, 1], [0, 0, 2, 4, 5])
    """

    def __init__(self, settings: SegmentSettings, length_s: float) -> None:
        self.settings = settings
        self.length_s = length_s
        self._crop = build_crop(settings.crop)

    @property
    def random(self) -> bool:
        """Whether the crop rule looks at draws."""
        return not isinstance(self.settings.crop, CentreCropSettings | StartCropSettings)

    def num_frames(self, step_s: float) -> int:
        """Return the frames of a segment of a map with this time between frames: at least one."""
        return max(1, round(self.length_s / step_s))

    def crop(self, lengths: Integers, step_s: float, uniforms: NDArray[np.float64] | None = None) -> Integers:
        """Return the first frame of one segment per row, shape [n].

        Parameters
        ----------
        lengths
            Frames of each row, shape [n].
        step_s
            The time between frames.
        uniforms
            Draws in [0, 1), shape [n]; none in evaluation.

        Raises
        ------
        ConfigError
            If a rule of the user's own puts a segment outside its row.
        """
        num_frames = self.num_frames(step_s)
        draws = np.full(len(lengths), 0.5) if uniforms is None else uniforms
        starts = self._crop(lengths, num_frames, draws)
        if isinstance(self.settings.crop, UserComponent):
            _check_starts(starts, lengths, num_frames, self.settings.crop.place)
        return starts

    def slide(self, lengths: Integers, step_s: float) -> tuple[Integers, Integers]:
        """Return the segments that evaluation looks at: the row of each, ascending, and its first frame, both [S].

        With `hop_s` they cover each row; the last ends with the row, so it may be nearer than a hop. Without, it is
        one per row, where the crop rule puts it.
        """
        if self.settings.hop_s is None:
            return np.arange(len(lengths)), self.crop(lengths, step_s)
        hop = max(1, round(self.settings.hop_s / step_s))
        spare = np.maximum(lengths - self.num_frames(step_s), 0)
        counts = -(-spare // hop) + 1
        rows = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, np.minimum(number * hop, spare[rows])

    def covering(self) -> "Segments":
        """Return segments that leave out no frame of a row: these, or where these do, such at half their length.

        What is predicted of a recording from its centre may be true of it all; a map of it has to be all of it.
        """
        if self.settings.hop_s is not None and self.settings.hop_s <= self.length_s:
            return self
        return Segments(self.settings.model_copy(update={"hop_s": self.length_s / 2}), self.length_s)


def fit_length(settings: SegmentSettings, durations_s: NDArray[np.float64]) -> float:
    """Return the length of a segment in seconds.

    Parameters
    ----------
    durations_s
        Durations of the training rows, shape [n]; not looked at where the length is given.

    Examples
    --------
    >>> fit_length(SegmentSettings(length_s="max"), np.array([1.0, 3.0]))
    3.0
    """
    if isinstance(settings.length_s, float):
        return settings.length_s
    return float(_STATISTICS[settings.length_s](durations_s))


def build_crop(
    settings: RandomCropSettings | CentreCropSettings | StartCropSettings | UserComponent,
) -> CropRule:
    """Return the rule of these settings."""
    if isinstance(settings, UserComponent):
        rule: CropRule = settings.build()
        return rule
    if isinstance(settings, RandomCropSettings):
        return RandomCrop(settings)
    return CentreCrop(settings) if isinstance(settings, CentreCropSettings) else StartCrop(settings)


def _check_starts(starts: Integers, lengths: Integers, num_frames: int, kind: str) -> None:
    starts = np.asarray(starts)
    last = np.maximum(lengths - num_frames, 0)
    if starts.shape != lengths.shape or not np.issubdtype(starts.dtype, np.integer):
        raise ConfigError(
            f"segments.crop: {kind} returned {starts.dtype} of shape {starts.shape}, but a crop rule returns one "
            f"whole number per row, shape {lengths.shape}: correct its __call__"
        )
    wrong = np.flatnonzero((starts < 0) | (starts > last))
    if len(wrong):
        row = wrong[0]
        raise ConfigError(
            f"segments.crop: {kind} put a segment of {num_frames} frames at frame {starts[row]} of a row with "
            f"{lengths[row]} frames, but it starts from 0 to {last[row]}: correct its __call__"
        )
