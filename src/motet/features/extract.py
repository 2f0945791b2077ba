"""Extraction: one decoded recording to its feature map, without gradient."""

import numpy as np
import torch

from motet.errors import DataError
from motet.features.feature import Feature
from motet.features.feature_map import FeatureMap
from motet.signals.signal import Signal


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
        values = feature(torch.from_numpy(samples)).contiguous().numpy()
    if not np.isfinite(np.add.reduce(values, axis=None)) and not np.isfinite(values).all():
        raise DataError(
            f"the features are not finite (samples reach {np.abs(signal.values).max():g}): "
            "repair the recording or normalise the signal"
        )
    return FeatureMap(values, feature.grid(signal.start_s))
