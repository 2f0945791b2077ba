"""Maps of the segments of one recording, laid over each other. Axes: C channel, T frame, F bin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class MapPart:
    """What was predicted of one segment.

    Parameters
    ----------
    first
        Where it begins in the whole map, in frames.
    values
        Shape [C, T, F], without padding.
    """

    first: int
    values: NDArray[np.float32]


def joined(parts: Sequence[MapPart], frames: int) -> NDArray[np.float32]:
    """Return the map of a recording, [C, frames, F].

    Where segments overlap, one fades into the other: a frame weighs as much as it is far from the ends of its segment,
    where a network has heard the least of what is around. Where none overlap, they stand one behind the other. Frames
    that no segment reaches, as the rounding of two rates may leave them, hold the last one before them.

    Examples
    --------
    >>> first, second = (np.full((1, 3, 1), value, np.float32) for value in (0.0, 4.0))
    >>> joined([MapPart(0, first), MapPart(1, second)], 5).ravel().tolist()
    [0.0, 1.3333333730697632, 2.6666667461395264, 4.0, 4.0]
    """
    whole = parts[0].values if len(parts) == 1 else _faded(parts)
    missing = frames - whole.shape[1]
    return whole[:, :frames] if missing <= 0 else np.pad(whole, ((0, 0), (0, missing), (0, 0)), mode="edge")


def _faded(parts: Sequence[MapPart]) -> NDArray[np.float32]:
    channels, _, bins = parts[0].values.shape
    size = max(part.first + part.values.shape[1] for part in parts)
    total, weights = np.zeros((channels, size, bins)), np.zeros((size, 1))
    for part in parts:
        length = part.values.shape[1]
        weight = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1))[:, None]
        total[:, part.first : part.first + length] += part.values * weight
        weights[part.first : part.first + length] += weight
    reached = np.maximum.accumulate(np.where(weights[:, 0] > 0, np.arange(size), 0))
    faded: NDArray[np.float32] = (total / np.maximum(weights, 1))[:, reached].astype(np.float32)
    return faded
