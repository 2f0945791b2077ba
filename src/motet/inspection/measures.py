"""Figures of one recording, in few passes over its samples. Axes: C channel, T time."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.features.feature_map import FeatureMap
from motet.files.digest import DIGEST_BYTES
from motet.signals.readers.audio import AudioFile
from motet.signals.recording import Recording

_RUN = 3  # so many samples in a row at the very extreme are a flat top and no peak


@dataclass(frozen=True, slots=True)
class Measured:
    """What a recording is like.

    Parameters
    ----------
    duration_s
        How long it lasts.
    rate_hz
        Samples per second; of a finished feature map, frames per second.
    channels
        Channels.
    digest
        Of the decoded values and the rate: equal for equal content, whatever the file is called or packed as.
    sound
        Whether it is a sound file, whose samples lie in [-1, 1].
    peak
        Largest magnitude.
    level
        Root of the mean square about the mean, of all channels.
    offset
        The mean of the channel where it is farthest from 0.
    flat_tops
        Samples that stand in a row of three or more at the very extreme: the sign of clipping.
    samples
        Samples per channel.
    """

    duration_s: float
    rate_hz: float
    channels: int
    digest: bytes
    sound: bool
    peak: float
    level: float
    offset: float
    flat_tops: int
    samples: int


def measure(recording: Recording[Any]) -> Measured | str:
    """Read a recording and return its figures, or why it cannot be read."""
    try:
        content = recording.read()
    except DataError as error:
        return str(error)
    if isinstance(content, FeatureMap):
        step_s = content.grid.step_s
        values = content.values.astype(np.float32).reshape(-1, content.values.shape[2]).T
        return _measured(values, 1.0 / step_s if step_s else 0.0, len(content.values), content.values.shape[1], False)
    return _measured(
        content.values,
        content.rate_hz,
        content.num_channels,
        content.num_samples,
        isinstance(recording.reader, AudioFile),
    )


def _measured(values: NDArray[np.float32], rate_hz: float, channels: int, samples: int, sound: bool) -> Measured:
    means = values.mean(axis=1, dtype=np.float64)
    power = np.einsum("ct,ct->c", values, values, dtype=np.float64, casting="same_kind") / max(1, values.shape[1])
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    digest = hashlib.blake2b(f"{rate_hz!r} {values.shape}".encode(), digest_size=DIGEST_BYTES)
    digest.update(np.ascontiguousarray(values).data)
    return Measured(
        duration_s=samples / rate_hz if rate_hz else 0.0,
        rate_hz=rate_hz,
        channels=channels,
        digest=digest.digest(),
        sound=sound,
        peak=float(max(-low.min(), high.max(), 0.0)),
        level=float(np.sqrt(max(0.0, (power - means**2).mean()))),
        offset=float(means[np.abs(means).argmax()]),
        flat_tops=_flat_tops(values, low, high),
        samples=samples,
    )


def _flat_tops(values: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]) -> int:
    """Count samples in rows at the extremes; a constant channel has no tops."""
    if values.shape[1] < _RUN:
        return 0
    extreme = ((values == low) | (values == high)) & (low < high)
    middle = extreme[:, :-2] & extreme[:, 1:-1] & extreme[:, 2:]
    if not middle.any():
        return 0
    inside = np.zeros_like(extreme)
    for shift in range(_RUN):
        inside[:, shift : shift + middle.shape[1]] |= middle
    return int(inside.sum())
