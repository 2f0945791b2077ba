"""Other recordings mixed into a recording at a signal-to-noise ratio. Axes: C channel, T time in samples.

The mixture of a recording is one signal, whichever part of it is read: the stretch of noise is as long as the whole
recording, and the ratio is that of the mean powers over both. Noise that is shorter begins again. Nothing here draws by
itself: every call receives its numbers, uniform in [0, 1).
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.settings import MixSettings, SnrRangeSettings
from motet.signals.signal import Signal

Rows = NDArray[np.int64]

_QUIETEST = 0.01


class StoredSignals(Protocol):
    """Where prepared signals lie; see `motet.maps`."""

    channels: int

    def frames(self, rows: Rows) -> NDArray[np.int64]:
        """Return the samples of some rows."""
        ...

    def read_many(self, rows: Rows, starts: Rows, stops: Rows, out: NDArray[np.float32]) -> None:
        """Read samples `starts` to `stops` of every row to the front of `out` [n, T, C, 1]."""
        ...


def read_samples(signals: StoredSignals, row: int, start: int, stop: int) -> NDArray[np.float32]:
    """Return some samples of a stored signal, [C, T]."""
    out = np.empty((1, stop - start, signals.channels, 1), np.float32)
    signals.read_many(np.array([row]), np.array([start]), np.array([stop]), out)
    samples: NDArray[np.float32] = out[0, :, :, 0].T
    return samples


def level_of(samples: NDArray[np.float32]) -> float:
    """Return the root mean square over all channels."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


class NoisePool:
    """Recordings that may be mixed in.

    Parameters
    ----------
    signals
        All stored recordings of the data, at the rate of what they are mixed into.
    rows
        Those of this pool.
    names
        What messages call the rows of `signals`.

    Raises
    ------
    DataError
        If one of them is silent: no gain makes it as loud as wanted.
    """

    def __init__(self, signals: StoredSignals, rows: Rows, names: "list[str]") -> None:
        self._signals, self._rows = signals, rows
        self._sizes = signals.frames(rows)
        self._levels = [
            level_of(read_samples(signals, row, 0, size))
            for row, size in zip(rows.tolist(), self._sizes.tolist(), strict=True)
        ]
        silent = [names[row] for row, level in zip(rows.tolist(), self._levels, strict=True) if level == 0.0]
        if silent:
            raise DataError(
                f"noise {silent[0]!r} is silent from its first sample to its last"
                + (f", and so are {len(silent) - 1} more" if len(silent) > 1 else "")
                + "; leave it out with `labels` or remove it"
            )

    @property
    def channels(self) -> int:
        """Channels of the noise, C."""
        return self._signals.channels

    def __len__(self) -> int:
        """Return the number of recordings."""
        return len(self._rows)

    def stretch(self, which: float, where: float, length: int, part: slice) -> tuple[NDArray[np.float32], float]:
        """Return a part of a stretch of noise, [C, T], and the level of the whole stretch.

        A stretch that lies more than 40 dB below its recording counts as lying there, so that a pause in the noise is
        not made as loud as the noise.

        Parameters
        ----------
        which, where
            The recording and the start, from 0 to 1.
        length
            Samples of the whole stretch.
        part
            Which of them are wanted.
        """
        place = int(which * len(self._rows))
        row, size, level = int(self._rows[place]), int(self._sizes[place]), self._levels[place]
        if size <= length:
            start = int(where * size)
            whole = read_samples(self._signals, row, 0, size)
            return whole[:, np.arange(start + part.start, start + part.stop) % size], level
        start = int(where * (size - length + 1))
        whole = read_samples(self._signals, row, start, start + length)
        return whole[:, part], max(level_of(whole), _QUIETEST * level)


@dataclass(frozen=True, slots=True)
class Mix:
    """One `signal.mix`.

    Parameters
    ----------
    settings
        See `MixSettings`.
    pools
        The recordings that may be mixed into each row; a row's number in `pool_of_row` says which.
    pool_of_row
        By row of the data set, shape [N].
    """

    settings: MixSettings
    pools: tuple[NoisePool, ...]
    pool_of_row: NDArray[np.int64]

    num_draws: ClassVar[int] = 4

    def __call__(
        self, signal: Signal, draws: NDArray[np.float64], *, row: int, begin: int, length: int, level: float
    ) -> Signal:
        """Return a part of a row's mixture.

        Parameters
        ----------
        signal
            The part, from sample `begin` on.
        draws
            Four numbers: whether, which recording, where in it, which ratio.
        length, level
            Samples and level of the whole row; a silent one stays silent.
        """
        if draws[0] >= self.settings.probability:
            return signal
        pool = self.pools[int(self.pool_of_row[row])]
        part = slice(begin, begin + signal.num_samples)
        noise, noise_level = pool.stretch(float(draws[1]), float(draws[2]), length, part)
        gain = level / noise_level * 10.0 ** (-self.ratio_db(float(draws[3])) / 20.0)
        return replace(signal, values=signal.values + np.float32(gain) * noise)

    def ratio_db(self, draw: float) -> float:
        """Return the ratio that a number from 0 to 1 stands for.

        Examples
        --------
        >>> [Mix(MixSettings(data="rain", snr_db=[-5, 0, 5]), (), np.array([])).ratio_db(d) for d in (0.1, 0.5, 0.9)]
        [-5.0, 0.0, 5.0]
        """
        ratios = self.settings.snr_db
        if isinstance(ratios, SnrRangeSettings):
            return ratios.low_db + (ratios.high_db - ratios.low_db) * draw
        return ratios[int(draw * len(ratios))] if isinstance(ratios, tuple) else ratios
