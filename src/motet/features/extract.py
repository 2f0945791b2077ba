"""Extraction: one decoded recording to its feature map, without gradient.

A long recording is computed in parts of some thousand frames, so that memory does not grow with what lies between
samples and features; the parts overlap by the feature's context and fit together without a seam.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.errors import DataError
from motet.features.feature import Feature
from motet.features.feature_map import FeatureMap
from motet.features.live import live_span
from motet.signals.signal import Signal

_FRAMES_AT_ONCE = 8192  # 82 s in steps of 10 ms: 35 MB of complex amplitudes at 1,024 points


def extract(feature: Feature, signal: Signal) -> FeatureMap:
    """Compute the feature map of one recording.

    Parameters
    ----------
    feature
        Any feature, built for the signal's rate.
    signal
        Samples, shape [C, T].

    Returns
    -------
    FeatureMap
        float32 values, shape [C, frames, F], and the time of the frames in the recording.

    Raises
    ------
    DataError
        If the signal has another rate or no samples, or if the values overflow.

    Examples
    --------
    >>> from motet.features import LogMel
    >>> from motet.features.settings import LogMelSettings
    >>> tone = np.sin(np.arange(16000, dtype=np.float32))[None]
    >>> extract(LogMel(LogMelSettings(), 16000.0), Signal(tone, 16000.0)).values.shape
    (1, 101, 64)
    """
    if signal.rate_hz != feature.rate_hz:
        raise DataError(
            f"the signal has {signal.rate_hz:g} Hz, the feature was built for {feature.rate_hz:g} Hz: "
            f"set the signal's rate_hz to {feature.rate_hz:g}, so that it is resampled"
        )
    if signal.num_samples == 0:
        raise DataError("the signal holds no samples, at least one is needed: remove the recording")
    samples = np.require(signal.values, np.float32, ["C", "W"])
    with torch.inference_mode():
        values = _compute(feature, torch.from_numpy(samples))
    if not np.isfinite(np.add.reduce(values, axis=None)) and not np.isfinite(values).all():
        raise DataError(
            f"the features are not finite (samples reach {np.abs(signal.values).max():g}): "
            "repair the recording or normalise the signal"
        )
    return FeatureMap(values, feature.grid(signal.start_s), signal.rate_hz)


def _compute(feature: Feature, samples: Tensor) -> NDArray[np.float32]:
    num_samples = samples.shape[1]
    if (
        feature.whole_clip
        or (num_frames := feature.num_frames(num_samples)) <= _FRAMES_AT_ONCE
        or not feature.context_s
    ):
        whole: NDArray[np.float32] = feature(samples).contiguous().numpy()
        return whole
    values = np.empty((len(samples), num_frames, feature.num_bins), np.float32)
    for start in range(0, num_frames, _FRAMES_AT_ONCE):
        stop = min(start + _FRAMES_AT_ONCE, num_frames)
        span = live_span(feature, start=start, stop=stop, num_samples=num_samples)
        part = feature(samples[:, span.first_sample : span.end_sample])
        values[:, start:stop] = part[:, span.first_frame : span.end_frame].numpy()
    return values
