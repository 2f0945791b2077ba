"""The mel scale and its triangular filters, computed in float64.

Two formulas are in use: `slaney` (Slaney, Auditory Toolbox, 1998: linear to 1 kHz, logarithmic above) and `htk`
(O'Shaughnessy, Speech Communication, 1987: `2595 log10(1 + f / 700)`).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

MelScale = Literal["slaney", "htk"]
MelNorm = Literal["slaney", "none"]
Array = NDArray[np.float64]

_LINEAR_HZ = 200.0 / 3.0  # Slaney: width of a mel below the break
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0  # Slaney: natural logarithm of the ratio of two mels above the break


def hz_to_mel(frequencies_hz: Array, *, scale: MelScale = "slaney") -> Array:
    """Convert Hz to mel.

    Examples
    --------
    >>> hz_to_mel(np.array([0.0, 1000.0])).round(9).tolist()
    [0.0, 15.0]
    """
    if scale == "htk":
        return np.asarray(2595.0 * np.log10(1.0 + frequencies_hz / 700.0))
    above = _BREAK_MEL + np.log(np.maximum(frequencies_hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(frequencies_hz < _BREAK_HZ, frequencies_hz / _LINEAR_HZ, above)


def mel_to_hz(mels: Array, *, scale: MelScale = "slaney") -> Array:
    """Convert mel to Hz, the inverse of `hz_to_mel`."""
    if scale == "htk":
        return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mels, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, mels * _LINEAR_HZ, above)


def mel_filters(
    bins_hz: Array,
    *,
    bands: int,
    low_hz: float,
    high_hz: float,
    scale: MelScale = "slaney",
    norm: MelNorm = "slaney",
) -> Array:
    """Return triangular filters whose corners are equally spaced in mel.

    Parameters
    ----------
    bins_hz
        Frequencies of the Fourier bins, shape [bins].
    bands
        Number of filters.
    low_hz, high_hz
        The lower corner of the first filter and the upper corner of the last.
    scale
        Formula of the mel scale.
    norm
        `slaney`: filters of equal area, 2 / width in Hz high; `none`: height 1.

    Returns
    -------
    Array
        Shape [bands, bins]. A filter narrower than the spacing of the bins may be all zero.
    """
    limits = hz_to_mel(np.array([low_hz, high_hz]), scale=scale)
    corners_hz = mel_to_hz(np.linspace(limits[0], limits[1], bands + 2), scale=scale)
    widths = np.diff(corners_hz)
    distance = corners_hz[:, None] - bins_hz[None, :]
    rising = -distance[:-2] / widths[:-1, None]
    falling = distance[2:] / widths[1:, None]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    if norm == "slaney":
        filters *= 2.0 / (corners_hz[2:] - corners_hz[:-2])[:, None]
    return filters
