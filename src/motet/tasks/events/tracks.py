"""Frames of many recordings on one axis, and the events and peaks in them.

Decisions are tuned by trying many values on all development rows, so all recordings whose frames are equally far apart
lie behind each other on one axis of C cells, with silent cells between them; every step is then one array operation.
A frame stands for half a step on either side of its time, so a run of active frames lasts from half a step before the
first to half a step behind the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motet.tasks.counting import Flags, Values
from motet.tasks.events.event_list import Codes, EventTable
from motet.tasks.frames import FrameValues

_SILENT = -1.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Smoothing:
    """What becomes of active frames, in this order: median filter, closing of gaps, dropping of short events."""

    median_s: float = 0.0
    min_gap_s: float = 0.0
    min_duration_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Recordings with frames of one distance, behind each other.

    Parameters
    ----------
    step_s
        The time between frames, in seconds.
    values
        Probabilities, shape [C, K]; below 0 between recordings.
    rows
        The recording of every cell, shape [C].
    times_s
        The time of every cell in its recording, in seconds, shape [C].
    """

    step_s: float
    values: Values
    rows: Codes
    times_s: Values

    def spans(self, code: int, threshold: float, smoothing: Smoothing) -> tuple[Codes, Values, Values]:
        """Return recording, onset and offset of every event of one class."""
        active = self._filtered(self.values[:, code] >= threshold, smoothing.median_s)
        changes = np.flatnonzero(np.diff(active, prepend=False, append=False))
        first, last = changes[::2], changes[1::2] - 1
        if smoothing.min_gap_s > 0 and len(first) > 1:
            gaps = (first[1:] - last[:-1] - 1) * self.step_s
            apart = (gaps >= smoothing.min_gap_s - _ROUNDING) | (self.rows[first[1:]] != self.rows[last[:-1]])
            first, last = first[np.append(True, apart)], last[np.append(apart, True)]
        long = (last - first + 1) * self.step_s >= smoothing.min_duration_s - _ROUNDING
        first, last = first[long], last[long]
        onsets = np.maximum(self.times_s[first] - self.step_s / 2, 0.0)
        return self.rows[first], onsets, self.times_s[last] + self.step_s / 2

    def peaks(self, code: int, window_s: float) -> Codes:
        """Return the cells of one class than which none is larger within the window; of equal ones the first."""
        values = self.values[:, code]
        largest = values >= 0
        for distance in range(1, round(window_s / self.step_s) + 1):
            largest[distance:] &= values[distance:] > values[:-distance]
            largest[:-distance] &= values[:-distance] >= values[distance:]
        return np.flatnonzero(largest)

    def _filtered(self, active: Flags, median_s: float) -> Flags:
        """Return which cells are active in most of the window around them; beyond a recording nothing is."""
        reach = round(median_s / self.step_s) // 2
        if reach == 0:
            return active
        sums = np.cumsum(np.pad(active, (reach + 1, reach)).astype(np.int64))
        most: Flags = sums[2 * reach + 1 :] - sums[: -2 * reach - 1] > reach
        return most


def tracks_of(rows: Sequence[FrameValues], longest_s: float) -> list[Track]:
    """Return recordings as tracks, one for each distance between frames.

    Parameters
    ----------
    longest_s
        The longest window, in seconds, that will be laid over a track.
    """
    steps = np.array([row.grid.step_s for row in rows])
    tracks = []
    for step_s in np.unique(steps):
        gap = 1 + round(longest_s / step_s)
        own = np.flatnonzero(steps == step_s)
        chosen = [rows[row] for row in own.tolist()]
        pieces = [np.pad(row.values, ((0, gap), (0, 0)), constant_values=_SILENT) for row in chosen]
        times = [row.grid.start_s + step_s * np.arange(len(piece)) for row, piece in zip(chosen, pieces, strict=True)]
        cells = np.repeat(own, [len(piece) for piece in pieces])
        tracks.append(Track(float(step_s), np.concatenate(pieces).astype(np.float64), cells, np.concatenate(times)))
    return tracks


def table_of(num_rows: int, found: Sequence[tuple[int, Codes, Values, Values]]) -> EventTable:
    """Return the events of some classes and tracks, (code, recordings, onsets, offsets) each, as one table."""
    sizes = [len(part[1]) for part in found]
    codes = np.repeat(np.array([part[0] for part in found], dtype=np.int64), sizes)
    rows, onsets, offsets = (np.concatenate([part[place] for part in found]) for place in (1, 2, 3))
    order = np.lexsort((codes, offsets, onsets, rows))
    return EventTable(num_rows, rows[order], onsets[order], offsets[order], codes[order])
