"""Synthetic events: one to three textures, each for a while, over quiet noise, and often at the same time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motet.signals.readers.synthetic.base import Synthetic, with_noise
from motet.signals.readers.synthetic.textures import NUM_DRAWS, texture, texture_name

_MOST_EVENTS = 3
_SHORTEST, _LONGEST = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when it begins and ends in the recording, in seconds, and its class."""

    onset_s: float
    offset_s: float
    label: str


@dataclass(frozen=True, slots=True)
class EventsTruth:
    """What is known of a recording of events.

    Parameters
    ----------
    events
        All events, by onset; no class twice.
    """

    events: tuple[Event, ...]

    @property
    def labels(self) -> frozenset[str]:
        """The classes that occur."""
        return frozenset(event.label for event in self.events)


@dataclass(frozen=True, slots=True)
class SyntheticEvents(Synthetic):
    """One channel with one to three events of different classes.

    Examples
    --------
    >>> sorted(SyntheticEvents(index=5, classes=6).truth().labels)
    ['click', 'hiss', 'hum']
    """

    def truth(self) -> EventsTruth:
        """Return the events with their times."""
        events = (
            Event(start / self.rate_hz, stop / self.rate_hz, texture_name(number))
            for number, start, stop in self._spans()
        )
        return EventsTruth(tuple(sorted(events, key=lambda event: (event.onset_s, event.label))))

    def synthesise(self) -> NDArray[np.float32]:
        """Return the whole recording, shape [1, T]."""
        noise = self.noise_generator()
        sound = np.zeros(self.num_samples, dtype=np.float32)
        for number, start, stop in self._spans():
            sound[start:stop] += texture(
                number,
                num_samples=stop - start,
                unit_samples=self.duration_s * self.rate_hz * _LONGEST,
                draws=self.draws(f"texture {number}", NUM_DRAWS),
                noise=noise,
            )
        return with_noise(sound, self.noise_db, noise)[None]

    def _spans(self) -> list[tuple[int, int, int]]:
        """Return the texture, first sample and end of every event."""
        count_draw, *draws = self.draws("events", 1 + 3 * _MOST_EVENTS)
        num_events = min(1 + int(count_draw * _MOST_EVENTS), self.classes)
        num_samples = self.num_samples
        others = [number for number in range(self.classes) if number != self.class_number]
        spans = []
        for position in range(num_events):
            which, length, onset = draws[3 * position : 3 * position + 3]
            number = self.class_number if position == 0 else others.pop(int(which * len(others)))
            size = max(1, int(num_samples * (_SHORTEST + (_LONGEST - _SHORTEST) * length)))
            start = int(onset * (num_samples - size + 1))
            spans.append((number, start, start + size))
        return spans
