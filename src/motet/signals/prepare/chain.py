"""All steps of an experiment's `signal` settings, in their order: channels, resampling, then `steps`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.config import Settings, UserComponent
from motet.errors import DataError, UserCodeError
from motet.signals.prepare.channels import Channels
from motet.signals.prepare.cut import Cut
from motet.signals.prepare.filters import BandPass, HighPass, LowPass
from motet.signals.prepare.level import Normalise
from motet.signals.prepare.pre_emphasis import PreEmphasis
from motet.signals.prepare.resample import Resample
from motet.signals.prepare.step import Step
from motet.signals.prepare.trim import TrimSilence
from motet.signals.readers.spans import checked
from motet.signals.settings import (
    BandPassSettings,
    CutSettings,
    HighPassSettings,
    LowPassSettings,
    NormaliseSettings,
    PreEmphasisSettings,
    SignalSettings,
    TrimSilenceSettings,
)
from motet.signals.signal import Signal

STEPS: Mapping[type[Settings], Any] = {
    BandPassSettings: BandPass,
    HighPassSettings: HighPass,
    LowPassSettings: LowPass,
    NormaliseSettings: Normalise,
    PreEmphasisSettings: PreEmphasis,
    CutSettings: Cut,
    TrimSilenceSettings: TrimSilence,
}


class PreparationChain:
    """What is done to every decoded signal. Deterministic and fitted to nothing, so its result may be stored.

    Parameters
    ----------
    settings
        The `signal` part of an experiment; its reader and its augmentation are not used here.

    Examples
    --------
    >>> import numpy as np
    >>> chain = PreparationChain(SignalSettings(rate_hz=8000, channels="mono", steps=["normalise"]))
    >>> chain(Signal(np.ones((2, 16000), dtype=np.float32), rate_hz=16000.0)).values.shape
    (1, 8000)
    """

    def __init__(self, settings: SignalSettings) -> None:
        self._settings = settings
        self.steps: tuple[Step, ...] = (*_built_in(settings), *(_build(step) for step in settings.steps))

    def __call__(self, signal: Signal) -> Signal:
        """Return the prepared signal.

        Raises
        ------
        DataError
            If a step refuses the signal, or leaves no samples or values that are not finite. The message does not
            name the recording; the caller does.
        """
        if not self.steps:
            return signal
        for step in self.steps:
            signal = step(signal)
        return _usable(signal)

    @property
    def changes_level(self) -> bool:
        """Whether a step has a gain; see `with_gain`."""
        return any(isinstance(step, Normalise) for step in self.steps)

    def with_gain(self, signal: Signal) -> tuple[Signal, NDArray[np.float64]]:
        """Return the prepared signal and what `normalise` multiplied it by: each channel, [C, 1], or all, [1, 1].

        It is 1 without such a step. Other steps have no gain: a filter is a change of the signal, not of its level.

        Raises
        ------
        DataError
            As for the signal alone.
        """
        gain = np.ones((1, 1))
        for step in self.steps:
            if isinstance(step, Normalise):
                gain = gain * step.gain(signal)
            signal = step(signal)
            if len(gain) not in (1, signal.num_channels):
                gain = np.ones((1, 1))  # a step of the user's own made other channels of these: no gain is theirs
        return _usable(signal), gain

    def fingerprint(self) -> list[dict[str, Any]] | None:
        """Return what identifies the steps: strict JSON, part of the key of everything stored.

        None if a step is a Python object, which nothing identifies: then the results must not be stored.
        """
        described = [_described(step) for step in self._settings.steps]
        if None in described:
            return None
        channels = {"kind": "channels", "version": Channels.version, "select": self._settings.channels}
        resample = {"kind": "resample", "version": Resample.version, "rate_hz": self._settings.rate_hz}
        return [channels, resample, *(step for step in described if step is not None)]


def _usable(signal: Signal) -> Signal:
    if signal.num_samples == 0:
        raise DataError("the steps of signal leave no samples; leave the recording out, or ease signal.steps")
    checked(signal.values, "after the steps of signal")
    return signal


def _built_in(settings: SignalSettings) -> list[Step]:
    steps: list[Step] = []
    if settings.channels != "all":
        steps.append(Channels(settings.channels))
    if settings.rate_hz is not None:
        steps.append(Resample(settings.rate_hz))
    return steps


class UserStep:
    """A step of the user's own, whose signals are looked at before they go on.

    Parameters
    ----------
    settings
        The user's component.
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: UserComponent) -> None:
        self._step, self._place = settings.build(), settings.place

    def __call__(self, signal: Signal) -> Signal:
        """Return the changed signal.

        Raises
        ------
        UserCodeError
            If the user's step returns no signal.
        """
        changed = self._step(signal)
        if not isinstance(changed, Signal) or np.ndim(changed.values) != 2:
            found = (
                f"samples {list(np.shape(changed.values))}" if isinstance(changed, Signal) else type(changed).__name__
            )
            raise UserCodeError(
                f"signal.steps: {self._place} returned {found}, but wanted is a Signal with samples "
                "[channels, samples]: correct its __call__, dataclasses.replace(signal, values=...) makes one"
            )
        return replace(changed, values=np.asarray(changed.values, np.float32))


def _build(settings: Settings) -> Step:
    if isinstance(settings, UserComponent):
        return UserStep(settings)
    step: Step = STEPS[type(settings)](settings)
    return step


def _described(settings: Settings) -> dict[str, Any] | None:
    if not isinstance(settings, UserComponent):
        return {"version": STEPS[type(settings)].version, **settings.model_dump(mode="json")}
    if settings.digest is None:
        return None
    return {"kind": settings.name, "digest": settings.digest, "options": settings.options}
