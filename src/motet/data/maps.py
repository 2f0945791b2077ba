"""Where maps lie, and which of their frames make a segment. The injected `MapSource` reads them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from motet.data.segments import Segments
from motet.draws import Occasion
from motet.errors import DataError
from motet.features.feature_map import TimeGrid

Integers = NDArray[np.int64]


class MapSource(Protocol):
    """Where the maps of one input of one data set lie. Rows are those of the data set."""

    channels: int
    bins: int
    grid: TimeGrid

    def frames(self, rows: Integers) -> Integers:
        """Return the number of frames of each row's map, shape [n], at least 1."""
        ...

    def read_many(
        self,
        rows: Integers,
        starts: Integers,
        stops: Integers,
        out: NDArray[np.float32],
        occasion: Occasion | None = None,
    ) -> None:
        """Read frames `starts[i]` to `stops[i]` of row i to the front of `out[i]`; `out` is [n, T, C, F].

        Parameters
        ----------
        occasion
            The key of random changes of the waveform; None for no changes, as in evaluation.
        """
        ...


Sources = Mapping[str, Mapping[str, MapSource]]


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """Which frames of an input are wanted of some rows of a data set, all [n].

    Parameters
    ----------
    rows
        Rows of the data set.
    starts, stops
        What is read.
    frames
        How many frames the batch wants: more than there are where a row is shorter than a segment.
    """

    rows: Integers
    starts: Integers
    stops: Integers
    frames: Integers


@dataclass(frozen=True, slots=True, eq=False)
class DataSetMaps:
    """The maps of one data set.

    Parameters
    ----------
    lengths
        Frames of all rows by input.
    main
        Of the inputs that the network reads, the one with the longest time between frames, in whose frames segments
        are drawn; one moment in it is found in all others.
    num_frames
        Frames of a segment by input; absent for an input that is not cut: a vector (one frame a row).
    """

    sources: Mapping[str, MapSource]
    lengths: dict[str, Integers]
    main: str
    segments: Segments | None
    num_frames: dict[str, int]

    @classmethod
    def of(
        cls, sources: Mapping[str, MapSource], size: int, segments: Segments | None, unread: Collection[str] = ()
    ) -> "DataSetMaps":
        """Look at the maps of a data set with `size` rows, some of which may be targets only."""
        rows = np.arange(size)
        lengths = {name: np.asarray(source.frames(rows), dtype=np.int64) for name, source in sources.items()}
        timed = {name: sources[name].grid.step_s for name, frames in lengths.items() if frames.max(initial=0) > 1}
        read = [name for name in timed if name not in unread]
        main = max(read or timed or sources, key=lambda name: sources[name].grid.step_s)
        if not timed or segments is None:
            return cls(sources, lengths, main, None, {})
        return cls(
            sources, lengths, main, segments, {name: segments.num_frames(step_s) for name, step_s in timed.items()}
        )

    @property
    def step_s(self) -> float:
        """The time between the frames of the main input."""
        return self.sources[self.main].grid.step_s

    def main_lengths(self, rows: Integers) -> Integers:
        """Return the frames of some rows in the main input."""
        return self.lengths[self.main][rows]

    def ranges(self, name: str, rows: Integers, starts: Integers) -> Ranges:
        """Return the frames of an input that belong to segments that start at these frames of the main input."""
        lengths = self.lengths[name][rows]
        if name not in self.num_frames:
            return Ranges(rows, np.zeros_like(lengths), lengths, lengths)
        frames = np.full_like(lengths, self.num_frames[name])
        if name != self.main:
            moments = starts * (self.step_s / self.sources[name].grid.step_s)
            starts = np.minimum(np.rint(moments).astype(np.int64), np.maximum(lengths - frames, 0))
        return Ranges(rows, starts, np.minimum(starts + frames, lengths), frames)

    def read(
        self, name: str, ranges: Ranges, out: NDArray[np.float32], occasion: Occasion | None, *, clean: bool = False
    ) -> Integers:
        """Read ranges into `out`, fill shorter rows up as `pad` says, and return the valid frames of each.

        Parameters
        ----------
        clean
            Whether maps are read with nothing mixed in, where their source knows how.
        """
        source = self.sources[name]
        source = getattr(source, "clean", source) if clean else source
        source.read_many(ranges.rows, ranges.starts, ranges.stops, out, occasion)
        valid = ranges.stops - ranges.starts
        pad = "constant" if self.segments is None else self.segments.settings.pad
        if pad == "constant":
            return valid
        short = np.flatnonzero(valid < ranges.frames)
        places = zip(short.tolist(), valid[short].tolist(), ranges.frames[short].tolist(), strict=True)
        for place, count, wanted in places:
            fill_up(out[place, :wanted], count, pad)
        return ranges.frames


def fill_up(frames: NDArray[np.float32], valid: int, pad: Literal["repeat", "wrap"]) -> None:
    """Fill the frames [T, C, F] behind the first `valid` ones: with the last of them, or with all of them again.

    Examples
    --------
    >>> frames = np.array([1, 2, 0, 0, 0], dtype=np.float32)
    >>> fill_up(frames, 2, "wrap")
    >>> frames.tolist()
    [1.0, 2.0, 1.0, 2.0, 1.0]
    """
    if pad == "repeat":
        frames[valid:] = frames[valid - 1]
        return
    wanted = len(frames)
    while valid < wanted:
        count = min(valid, wanted - valid)
        frames[valid : valid + count] = frames[:count]
        valid += count


def shared_shapes(sources: Sources, data_sets: Sequence[str]) -> tuple[dict[str, tuple[int, int]], dict[str, TimeGrid]]:
    """Return channels and bins of every input, and its grid in the first data set that has it.

    Raises
    ------
    DataError
        If two data sets give one input in different shapes.
    """
    first: dict[str, tuple[str, MapSource]] = {}
    for data_set in data_sets:
        for name, source in sources[data_set].items():
            known_set, known = first.setdefault(name, (data_set, source))
            if (known.channels, known.bins) != (source.channels, source.bins):
                raise DataError(
                    f"input '{name}': data set '{known_set}' has {known.channels} channels of {known.bins} bins and "
                    f"'{data_set}' {source.channels} of {source.bins}, but one network reads both: give them the "
                    "same signal and features, or other names"
                )
    shapes = {name: (source.channels, source.bins) for name, (_, source) in first.items()}
    return shapes, {name: source.grid for name, (_, source) in first.items()}
