"""Where batches get their maps from: the store, or features computed from stored signals while training.

Rows are those of one data set, in its order; time is in frames of the map that the network sees. Axes of what is
read: n row, T time, C channel, F bin, as in the store.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.draws import Occasion
from motet.extraction import as_item
from motet.features.extract import extract
from motet.features.feature import Feature
from motet.features.feature_map import TimeGrid
from motet.features.live import live_span
from motet.pipeline import Pipeline, Precision
from motet.signals.augment import AugmentationChain
from motet.signals.mix import Mix, level_of, read_samples
from motet.signals.recording import Recording
from motet.signals.signal import Signal
from motet.store.records import Entries
from motet.store.store import DamagedEntryError, Item, Store

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]


class Maps(Protocol):
    """The maps of one input of one data set.

    Attributes
    ----------
    channels, bins
        C and F of every map.
    grid
        The time of the frames.
    """

    channels: int
    bins: int
    grid: TimeGrid

    def frames(self, rows: Rows) -> NDArray[np.int64]:
        """Return the number of frames of some rows, int64 [n]."""
        ...

    def read_many(
        self, rows: Rows, starts: Rows, stops: Rows, out: NDArray[np.float32], occasion: Occasion | None = None
    ) -> None:
        """Read frames `starts` to `stops` of every row to the front of `out` [n, T, C, F].

        Parameters
        ----------
        occasion
            The key of random changes; None for no changes, as when evaluating.
        """
        ...


class StoredMaps:
    """Maps that are read as they are stored. What turns out damaged is computed again.

    Parameters
    ----------
    entries
        One a row, all present and of one shape: see `misfits`.

    Attributes
    ----------
    rate_hz
        The sampling rate of the signals that they were made of; 0 for finished maps.
    """

    def __init__(
        self,
        store: Store,
        entries: Entries,
        *,
        pipeline: Pipeline,
        recordings: Sequence[Recording[Any]],
        precision: Precision = "float32",
    ) -> None:
        assert not misfits(entries), "maps of one input have one shape"
        self._store, self._entries = store, entries
        self._pipeline, self._recordings, self._precision = pipeline, recordings, precision
        self._frames = entries.frames
        self.channels, self.bins = int(entries.channels[0]), int(entries.bins[0])
        self.grid = TimeGrid(float(entries.start_s.min()), float(entries.step_s[0]))
        self.rate_hz = float(entries.rate_hz[0])

    @property
    def num_bytes(self) -> int:
        """What the maps take on the disk."""
        return int(self._entries.num_bytes.sum())

    def identity(self) -> bytes:
        """Return what identifies the content of all maps; nothing where a Python object made them."""
        return b"".join(self._entries.keys) if self._pipeline.identified else b""

    def frames(self, rows: Rows) -> NDArray[np.int64]:
        """Return the number of frames of some rows."""
        return self._frames[rows]

    def read_many(
        self, rows: Rows, starts: Rows, stops: Rows, out: NDArray[np.float32], occasion: Occasion | None = None
    ) -> None:
        """Read frames of rows; nothing random precedes a stored map, so the occasion changes nothing."""
        try:
            self._store.read_many(self._entries[rows], starts, stops, out)
        except DamagedEntryError as damage:
            for problem in damage.problems:
                logger.warning("%s", problem)
            self._repair(set(damage.keys))
            self._store.read_many(self._entries[rows], starts, stops, out)

    def _repair(self, damaged: set[bytes]) -> None:
        keys = self._entries.keys
        rows = [row for row, key in enumerate(keys) if key in damaged]
        first = {keys[row]: row for row in reversed(rows)}
        self._store.append(
            as_item(key, self._pipeline, self._recordings[row], self._precision) for key, row in first.items()
        )
        self._entries = self._store.find(keys)


class MemoryMaps:
    """Maps in memory, as the store would hold them; for what is predicted once and kept nowhere.

    Parameters
    ----------
    items
        What `as_item` returns, one a row; at least one, all of one shape but for their frames.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._values = [item[1] for item in items]
        _, self.channels, self.bins = self._values[0].shape
        self.grid = TimeGrid(min(item[2] for item in items), items[0][3])
        self.rate_hz = items[0][4] if len(items[0]) == 5 else 0.0

    def frames(self, rows: Rows) -> NDArray[np.int64]:
        """Return the number of frames of some rows."""
        return np.array([len(self._values[row]) for row in rows.tolist()], dtype=np.int64)

    def read_many(
        self, rows: Rows, starts: Rows, stops: Rows, out: NDArray[np.float32], occasion: Occasion | None = None
    ) -> None:
        """Copy frames of rows; nothing random precedes a map in memory, so the occasion changes nothing."""
        for place, (row, start, stop) in enumerate(zip(rows.tolist(), starts, stops, strict=True)):
            out[place, : stop - start] = self._values[row][start:stop]


class LiveMaps:
    """Features of stored signals, computed row by row after a random change of the waveform.

    Parameters
    ----------
    signals
        The prepared signals, stored as maps of one bin.
    feature
        Built for their rate.
    augmentation
        Applied only where an occasion is given.
    seed, stage
        What the draws of the augmentation are keyed by, beside the occasion.
    mixes
        What is mixed in before, by the stage that keys its draws. Without an occasion, as in evaluation, only what is
        mixed in there too, and by draws of its own: the same in every run.
    """

    def __init__(
        self,
        signals: StoredMaps | MemoryMaps,
        feature: Feature,
        augmentation: AugmentationChain,
        *,
        seed: int,
        stage: str,
        mixes: Mapping[str, Mix] = MappingProxyType({}),
    ) -> None:
        self._signals, self._feature, self._augmentation = signals, feature, augmentation
        self._seed, self._stage, self._mixes = seed, stage, mixes
        self._levels: dict[int, float] = {}
        self.channels, self.bins = signals.channels, feature.num_bins
        self.grid = feature.grid(signals.grid.start_s)

    @property
    def clean(self) -> "LiveMaps":
        """The same maps with nothing mixed in."""
        return LiveMaps(self._signals, self._feature, AugmentationChain(()), seed=0, stage="")

    def frames(self, rows: Rows) -> NDArray[np.int64]:
        """Return the number of frames of some rows."""
        samples = self._signals.frames(rows)
        return np.array([self._feature.num_frames(int(count)) for count in samples], dtype=np.int64)

    def read_many(
        self, rows: Rows, starts: Rows, stops: Rows, out: NDArray[np.float32], occasion: Occasion | None = None
    ) -> None:
        """Compute frames of rows; the same frames of a whole map would be the same without augmentation."""
        uniforms = None
        if occasion is not None:
            uniforms = draws.uniform(
                self._seed, epoch=occasion.epoch, rows=occasion.row_ids, stage=self._stage,
                count=self._augmentation.num_draws,
            )  # fmt: skip
        mixed = self._draw_mixes(rows, occasion)
        for place, (row, start, stop) in enumerate(zip(rows, starts, stops, strict=True)):
            drawn = None if uniforms is None else uniforms[place]
            mixing = [(mix, numbers[place]) for mix, numbers in mixed]
            out[place, : stop - start] = self._compute(int(row), int(start), int(stop), drawn, mixing)

    def _draw_mixes(self, rows: Rows, occasion: Occasion | None) -> list[tuple[Mix, NDArray[np.float64]]]:
        """Return what is mixed in, with the numbers [n, 4] of every row."""
        if occasion is not None:
            return [
                (mix, draws.uniform(
                    self._seed, epoch=occasion.epoch, rows=occasion.row_ids, stage=stage, count=Mix.num_draws
                ))
                for stage, mix in self._mixes.items()
            ]  # fmt: skip
        return [
            (mix, draws.uniform(0, epoch=0, rows=rows, stage=f"{stage}.evaluation", count=Mix.num_draws))
            for stage, mix in self._mixes.items()
            if mix.settings.evaluation
        ]

    def _compute(
        self,
        row: int,
        start: int,
        stop: int,
        drawn: NDArray[np.float64] | None,
        mixing: Sequence[tuple[Mix, NDArray[np.float64]]],
    ) -> NDArray[np.float32]:
        num_samples = int(self._signals.frames(np.array([row]))[0])
        whole = self._feature.whole_clip and (start, stop) == (0, self._feature.num_frames(num_samples))
        if whole:
            begin, end, first, last = 0, num_samples, start, stop
        else:
            span = live_span(self._feature, start=start, stop=stop, num_samples=num_samples)
            begin, end, first, last = span.first_sample, span.end_sample, span.first_frame, span.end_frame
        signal = Signal(read_samples(self._signals, row, begin, end), self._feature.rate_hz)
        for mix, numbers in mixing:
            level = self._level(row, num_samples)
            signal = mix(signal, numbers, row=row, begin=begin, length=num_samples, level=level)
        if drawn is not None:
            signal = self._augmentation(signal, drawn)
        values = extract(self._feature, signal).values
        return np.asarray(values[:, first:last].transpose(1, 0, 2), np.float32)

    def _level(self, row: int, num_samples: int) -> float:
        """Return the level of a whole row as it is stored, measured once."""
        if row not in self._levels:
            self._levels[row] = level_of(read_samples(self._signals, row, 0, num_samples))
        return self._levels[row]


def misfits(entries: Entries) -> dict[int, str]:
    """Return, by position, why a map cannot stand beside most others: channels, bins, steps or rates differ."""
    fields = (entries.channels, entries.bins, entries.step_s, entries.rate_hz)
    shapes = list(zip(*(field.tolist() for field in fields), strict=True))
    counts = Counter(shapes)
    if len(counts) < 2:
        return {}
    usual = counts.most_common(1)[0][0]
    return {
        position: f"its map has {describe_map(*shape)}, where most have {describe_map(*usual)}; bring all to one "
        "form with signal.channels (such as mono) and signal.rate_hz, or leave it out"
        for position, shape in enumerate(shapes)
        if shape != usual
    }


def describe_map(channels: int, bins: int, step_s: float, rate_hz: float) -> str:
    """Return what a map is like, in words."""
    plural = "" if channels == 1 else "s"
    rate = f", made at {rate_hz:g} Hz" if rate_hz else ""
    return f"{channels} channel{plural}, {bins} bins, a frame every {step_s:g} s{rate}"
