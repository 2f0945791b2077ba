"""The ordered stages of one input of one data set: decode, channels, resample, steps, features.

What is stored is the longest prefix of these stages that is deterministic and not fitted: the features, or, where
the waveform is augmented at random, the prepared signal, from which features are then computed row by row. A stored
map is keyed by the content of the recording, its span, and the settings and version of every stage before it.
"""

import hashlib
import json
from typing import Any, Literal

import numpy as np

from motet import catalog
from motet.config import Settings, UserComponent, dump, option
from motet.errors import DataError, MotetError
from motet.features.extract import extract
from motet.features.feature import Feature
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.features.settings import FeatureSettings, LogMelSettings
from motet.files import DigestCache
from motet.signals.prepare.chain import PreparationChain
from motet.signals.recording import Recording
from motet.signals.settings import SignalSettings
from motet.signals.signal import Signal

_VERSION = 1


class InputSettings(Settings):
    """How one input of a network is made from a recording."""

    signal: SignalSettings = option(SignalSettings(), "How the recording is read and prepared.")
    feature: FeatureSettings = option(LogMelSettings(), "What is computed from the signal.")  # type: ignore[valid-type]


class Pipeline:
    """From a recording to the map that is stored, and from a stored signal to features.

    Parameters
    ----------
    settings
        The stages.
    """

    def __init__(self, settings: InputSettings) -> None:
        self.settings = settings
        self._chain = PreparationChain(settings.signal)
        self._features: dict[float, Feature] = {}
        self.stored: Literal["features", "signal"] = "signal" if settings.signal.augment else "features"
        self.fingerprint = hashlib.blake2b(self._describe().encode(), digest_size=16).digest()

    def key(self, recording: Recording[Any], cache: DigestCache) -> bytes:
        """Return the key of the recording's stored map: 16 bytes."""
        digest = hashlib.blake2b(recording.reader.digest(cache), digest_size=16, key=self.fingerprint)
        if recording.start_s != 0.0 or recording.end_s is not None:
            digest.update(f"{recording.start_s!r}:{recording.end_s!r}".encode())
        return digest.digest()

    def compute(self, recording: Recording[Any]) -> FeatureMap:
        """Return the map that is stored: of features, or of the prepared signal.

        A recording that already is a feature map is taken as it is.

        Raises
        ------
        DataError
            If the recording cannot be used; the message names it.
        """
        content = recording.read()
        try:
            if isinstance(content, FeatureMap):
                return _checked(content)
            signal = self._chain(content)
            if self.stored == "signal":
                return _checked(as_map(signal))
            return _checked(extract(self.feature(signal.rate_hz), signal))
        except MotetError as error:
            raise DataError(f"{recording.describe()}: {error}") from error

    def feature(self, rate_hz: float) -> Feature:
        """Return the feature at this sampling rate, built once."""
        if rate_hz not in self._features:
            self._features[rate_hz] = catalog.build("feature", self.settings.feature, rate_hz)
        return self._features[rate_hz]

    def _describe(self) -> str:
        feature = self.settings.feature
        parts: dict[str, Any] = {"pipeline": _VERSION, "signal": self._chain.fingerprint()}
        if self.stored == "features":
            code = feature.digest if isinstance(feature, UserComponent) else None
            version = getattr(catalog.component_class("feature", feature), "version", 1)
            parts |= {"feature": dump(feature), "version": version, "code": code}
        return json.dumps(parts, sort_keys=True)


def as_map(signal: Signal) -> FeatureMap:
    """Return a signal as a map with one bin: shape [C, T, 1]."""
    return FeatureMap(signal.values[:, :, None], TimeGrid(signal.start_s, 1.0 / signal.rate_hz))


def _checked(map_: FeatureMap) -> FeatureMap:
    if map_.values.ndim != 3 or 0 in map_.values.shape:
        raise DataError(
            f"its feature map has the shape {map_.values.shape}, wanted is [C, T, F] with at least one frame"
        )
    if not np.isfinite(map_.values).all():
        raise DataError("its feature map holds NaN or infinity; look at the signal and at the steps before")
    return map_
