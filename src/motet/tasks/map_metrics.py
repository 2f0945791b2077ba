"""How near a predicted map is to its target, one row at a time. Axes: T frames, K values of a frame; NumPy, float64.

Every figure takes prediction, target and what the network was given, all [T, K]; the last is None where it has another
shape than the target. Figures are means over K. What is undefined, as the ratio of a silent target, is nan.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from motet.tasks.counting import Values

_WINDOW = 256
_FLOOR_DB = -100.0


def mean_squared_error(predicted: Values, target: Values, given: Values | None) -> float:
    """Return the mean squared error."""
    return float(np.square(predicted - target).mean())


def mean_absolute_error(predicted: Values, target: Values, given: Values | None) -> float:
    """Return the mean absolute error."""
    return float(np.abs(predicted - target).mean())


def si_sdr(predicted: Values, target: Values, given: Values | None) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019, equation 5).

    Examples
    --------
    >>> target, noise = np.array([[1.0], [0.0], [-1.0], [0.0]]), np.array([[0.0], [1.0], [0.0], [-1.0]])
    >>> round(si_sdr(3 * target + 0.3 * noise, target, None), 6)
    20.0
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest = (predicted * target).sum(0) / np.square(target).sum(0) * target
        return float((10 * np.log10(np.square(nearest).sum(0) / np.square(predicted - nearest).sum(0))).mean())


def si_sdr_gain(predicted: Values, target: Values, given: Values | None) -> float:
    """Return by how many dB the ratio of the prediction is above that of what the network was given."""
    return np.nan if given is None else si_sdr(predicted, target, None) - si_sdr(given, target, None)


def log_spectral_distance(predicted: Values, target: Values, given: Values | None) -> float:
    """Return the log-spectral distance in dB (Gray and Markel 1976).

    It is the mean over windows of the root mean square difference of power spectra in dB. Hann windows of 256 frames
    move on by 64; what lies more than 100 dB below the target's largest power counts as lying there.
    """
    spectra = [_powers(values) for values in (predicted, target)]
    floor = max(float(spectra[1].max(initial=0.0)), np.finfo(np.float64).tiny) * 10 ** (_FLOOR_DB / 10)
    difference = 10 * (np.log10(np.maximum(spectra[0], floor)) - np.log10(np.maximum(spectra[1], floor)))
    return float(np.sqrt(np.square(difference).mean(axis=1)).mean())


def _powers(values: Values) -> Values:
    """Return power spectra [windows, bins, K]; the map is extended by zeros to whole windows."""
    count = max(1, -(-(len(values) - _WINDOW) // (_WINDOW // 4)) + 1)
    padded = np.zeros(((count - 1) * (_WINDOW // 4) + _WINDOW, values.shape[1]))
    padded[: len(values)] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=0)[:: _WINDOW // 4]
    powers: Values = np.square(np.abs(np.fft.rfft(windows * np.hanning(_WINDOW + 1)[:-1], axis=2))).transpose(0, 2, 1)
    return powers


MAP_FIGURES: Mapping[str, Callable[[Values, Values, Values | None], float]] = MappingProxyType(
    {
        "si_sdr": si_sdr,
        "si_sdr_gain": si_sdr_gain,
        "mse": mean_squared_error,
        "mae": mean_absolute_error,
        "lsd": log_spectral_distance,
    }
)
