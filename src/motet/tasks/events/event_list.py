"""Lists of events, of one recording and of many.

An event is a row of three numbers: onset and offset in seconds from the start of the recording, and the code of its
class. The list of a recording is float64 [E, 3], ascending by onset; an event that has only an onset ends where it
starts. A recording of which only the classes are known, not their times, is *weakly labelled*: its times are nan, and
where none of the classes occurs its one entry has the code -1. An empty list says that nothing happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Flags, Values

Codes = NDArray[np.int64]

NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """The events of many recordings in one table, by recording and then by onset; N events.

    Parameters
    ----------
    num_rows
        The number of recordings, n.
    rows
        The recording of every event, from 0, shape [N], ascending.
    onsets, offsets
        In seconds from the start of its recording, shape [N].
    codes
        Its class, shape [N].
    """

    num_rows: int
    rows: Codes
    onsets: Values
    offsets: Values
    codes: Codes

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.rows)

    @classmethod
    def of(cls, lists: Sequence[Values]) -> "EventTable":
        """Return the events of some recordings; weak labels, which have no times, are left out."""
        sizes = [len(events) for events in lists]
        rows = np.repeat(np.arange(len(lists)), sizes)
        joined = np.concatenate([np.zeros((0, 3)), *lists]).astype(np.float64)
        order = np.lexsort((joined[:, 0], rows))
        order = order[~np.isnan(joined[order, 0])]
        onsets, offsets, codes = joined[order].T
        return cls(len(lists), rows[order], onsets, offsets, codes.astype(np.int64))

    def select(self, chosen: Flags | Codes) -> "EventTable":
        """Return some of the events."""
        return EventTable(
            self.num_rows, self.rows[chosen], self.onsets[chosen], self.offsets[chosen], self.codes[chosen]
        )

    def lists(self) -> list[Values]:
        """Return the list of every recording, [E, 3] each."""
        table = np.stack([self.onsets, self.offsets, self.codes.astype(np.float64)], axis=1)
        return np.split(table, np.searchsorted(self.rows, np.arange(1, self.num_rows)))

    def count(self, num_classes: int) -> Values:
        """Return how many events of each class every recording has, shape [n, K]."""
        return count_by(self.rows, self.codes, (self.num_rows, num_classes))


def is_weak(events: Values) -> bool:
    """Return whether a recording has labels without times.

    Examples
    --------
    >>> is_weak(np.array([[np.nan, np.nan, 2.0]])), is_weak(np.zeros((0, 3)))
    (True, False)
    """
    return bool(np.isnan(events[:, :2]).any())


def weak_labels(codes: Sequence[int]) -> Values:
    """Return the list of a recording of which only the classes are known."""
    return np.array([[np.nan, np.nan, code] for code in (sorted(codes) or [NOTHING])], dtype=np.float64)


def united(events: Values) -> Values:
    """Return a list in which events of one class that touch or overlap are one.

    Examples
    --------
    >>> united(np.array([[0.0, 2.0, 0], [1.0, 3.0, 0], [4.0, 5.0, 0]])).tolist()
    [[0.0, 3.0, 0.0], [4.0, 5.0, 0.0]]
    """
    if len(events) == 0:
        return events
    if is_weak(events):
        return weak_labels(sorted({int(code) for code in events[:, 2]} - {NOTHING}))
    merged: list[list[float]] = []
    for onset, offset, code in events[np.lexsort((events[:, 0], events[:, 2]))].tolist():
        if merged and merged[-1][2] == code and onset <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], offset)
        else:
            merged.append([onset, offset, code])
    return by_onset(np.array(merged))


def by_onset(events: Values) -> Values:
    """Return a list ascending by onset, then offset, then class."""
    return events[np.lexsort((events[:, 2], events[:, 1], events[:, 0]))]


def count_by(rows: Codes, codes: Codes, shape: tuple[int, int]) -> Values:
    """Return how often every pair of row and code occurs, shape [n, K]."""
    counted = np.bincount(rows * shape[1] + codes, minlength=shape[0] * shape[1])
    return counted.reshape(shape).astype(np.float64)
