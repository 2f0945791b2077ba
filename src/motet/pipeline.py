"""The ordered stages of one input of one data set: decode, channels, resample, steps, features.

What is stored is the longest prefix of these stages that is deterministic and not fitted: the features, or, where
the waveform is mixed or augmented at random, the prepared signal, from which features are then computed row by row.
A stored map is keyed by the content of the recording, its span, and the settings and version of every stage before it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from motet import catalog
from motet.config import Settings, fingerprint, option
from motet.errors import DataError, MotetError, UserCodeError
from motet.features.extract import extract
from motet.features.feature import Feature
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.features.settings import FeatureSettings, LogMelSettings
from motet.files import DigestCache
from motet.signals.prepare.chain import PreparationChain
from motet.signals.recording import Recording
from motet.signals.settings import SignalSettings
from motet.signals.signal import Signal

Precision = Literal["float32", "float16"]

_VERSION = 2


class InputSettings(Settings):
    """How one input of a network is made from a recording."""

    signal: SignalSettings = option(SignalSettings(), "How the recording is read and prepared.")
    feature: FeatureSettings = option(LogMelSettings(), "What is computed from the signal.")


class Pipeline:
    """From a recording to the map that is stored, and from a stored signal to features.

    Parameters
    ----------
    settings
        The stages.

    Attributes
    ----------
    stored
        What is stored: features, or the prepared signal.
    identified
        Whether every stage is identified by its settings or its file. A Python object of the user's own is not: its
        maps get keys of this process only.
    """

    def __init__(self, settings: InputSettings) -> None:
        self.settings = settings
        self._chain = PreparationChain(settings.signal)
        self._features: dict[float, Feature] = {}
        self.stored: Literal["features", "signal"] = "signal" if _is_varied(settings.signal) else "features"
        described = self._describe()
        self.identified = described is not None
        text = json.dumps(described, sort_keys=True) if described else uuid4().hex
        self._fingerprint = hashlib.blake2b(text.encode(), digest_size=16).digest()

    def key(self, recording: Recording[Any], cache: DigestCache, precision: Precision = "float32") -> bytes:
        """Return the key of the recording's stored map in this precision: 16 bytes."""
        digest = hashlib.blake2b(recording.reader.digest(cache), digest_size=16, key=self._fingerprint)
        if precision != "float32":
            digest.update(precision.encode())
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
        with _named(recording):
            if isinstance(content, FeatureMap):
                if self.stored == "signal":
                    raise DataError("is a finished feature map without waveform: remove signal.mix and signal.augment")
                return _checked(content)
            if content.num_samples == 1:
                raise DataError("holds a single sample, which is no signal; replace it or leave it out")
            signal = self._chain(content)
            if self.stored == "signal":
                return as_map(signal)
            return extract(self.feature(signal.rate_hz), signal)

    @property
    def changes_level(self) -> bool:
        """Whether preparation changes the level of a recording by what `prepare` tells; else that is 1."""
        return self._chain.changes_level

    def prepare(self, recording: Recording[Signal]) -> tuple[Signal, NDArray[np.float64]]:
        """Return the signal before features, and by what its level was changed; see `PreparationChain.with_gain`.

        Raises
        ------
        DataError
            If the recording cannot be used; the message names it.
        """
        content = recording.read()
        with _named(recording):
            return self._chain.with_gain(content)

    def feature(self, rate_hz: float) -> Feature:
        """Return the feature at this sampling rate, built once."""
        if rate_hz not in self._features:
            self._features[rate_hz] = catalog.build("feature", self.settings.feature, rate_hz)
        return self._features[rate_hz]

    def _describe(self) -> dict[str, Any] | None:
        """Return what identifies the stages of the stored prefix; None where a Python object is among them."""
        chain = self._chain.fingerprint()
        if chain is None:
            return None
        parts: dict[str, Any] = {"pipeline": _VERSION, "signal": chain}
        if self.stored == "signal":
            return parts
        feature = fingerprint(self.settings.feature)
        version = getattr(catalog.component_class("feature", self.settings.feature), "version", 1)
        return None if feature is None else parts | {"feature": feature, "version": version}


@contextmanager
def _named(recording: Recording[Any]) -> Iterator[None]:
    """Name a recording in what goes wrong with it, but for mistakes in the user's own code."""
    try:
        yield
    except UserCodeError:
        raise
    except MotetError as error:
        raise DataError(f"{recording.describe()}: {error}") from error


def _is_varied(signal: SignalSettings) -> bool:
    """Tell whether the waveform is another one whenever it is read."""
    return bool(signal.mix or signal.augment)


def as_map(signal: Signal) -> FeatureMap:
    """Return a signal as a map with one bin: shape [C, T, 1]."""
    return FeatureMap(signal.values[:, :, None], TimeGrid(signal.start_s, 1.0 / signal.rate_hz), signal.rate_hz)


def _checked(map_: FeatureMap) -> FeatureMap:
    if map_.values.ndim != 3 or 0 in map_.values.shape:
        raise DataError(
            f"its feature map has the shape {map_.values.shape}, wanted is [C, T, F] with at least one frame"
        )
    if not np.isfinite(map_.values).all():
        raise DataError("its feature map holds NaN or infinity; look at the signal and at the steps before")
    return map_
