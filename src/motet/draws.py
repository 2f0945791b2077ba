"""Random draws keyed by (seed, epoch, row, stage): order, workers and resuming change nothing.

Nothing here has state. A draw is a hash of its key (SplitMix64: Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014), so any subset of rows can be drawn in any order.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, eq=False)
class Occasion:
    """For which epoch, and as which rows, something is drawn: what the random changes of these rows are keyed by.

    Parameters
    ----------
    row_ids
        One number a row, int64 [n]; a row that comes again in an epoch has another one.
    """

    epoch: int
    row_ids: NDArray[np.int64]

    def of(self, rows: slice) -> "Occasion":
        """Return the occasion of some of the rows."""
        return Occasion(self.epoch, self.row_ids[rows])


def key(seed: int, *parts: int | str) -> int:
    """Return a 64-bit key for a seed and any number of names and numbers."""
    text = "\x1f".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def generator(seed: int, *parts: int | str) -> np.random.Generator:
    """Return a NumPy generator for draws that belong together, such as one epoch's order of rows."""
    return np.random.Generator(np.random.Philox(key=key(seed, *parts)))


def uniform(seed: int, *, epoch: int, rows: NDArray[np.int64], stage: str, count: int = 1) -> NDArray[np.float64]:
    """Draw `count` numbers for every row, uniform in [0, 1).

    Parameters
    ----------
    rows
        Row numbers, shape [n]; the draw of a row depends on no other row.
    stage
        What the draw is for: "crop", "time_mask", ...

    Returns
    -------
    NDArray
        Shape [n, count].

    Examples
    --------
    >>> both = uniform(1, epoch=0, rows=np.array([4, 7]), stage="crop")
    >>> alone = uniform(1, epoch=0, rows=np.array([7]), stage="crop")
    >>> bool(both[1, 0] == alone[0, 0])
    True
    """
    base = np.uint64(key(seed, epoch, stage))
    columns = np.arange(1, count + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        row_state = _mix(base + rows.astype(np.uint64)[:, None] * _GOLDEN)
        state = _mix(row_state + columns[None, :] * _GOLDEN)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))
