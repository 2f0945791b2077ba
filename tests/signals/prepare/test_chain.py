import json
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.errors import DataError
from motet.signals.prepare.chain import STEPS, PreparationChain
from motet.signals.prepare.channels import Channels
from motet.signals.prepare.filters import HighPass
from motet.signals.prepare.level import Normalise
from motet.signals.prepare.resample import Resample
from motet.signals.settings import HighPassSettings, NormaliseSettings, SignalSettings, StepSettings
from motet.signals.signal import Signal


def chain_of(**settings: Any) -> PreparationChain:
    return PreparationChain(SignalSettings.model_validate(settings))


def test_the_order_is_channels_resampling_then_the_steps(noise: NDArray[np.float32]) -> None:
    signal = Signal(noise, 16_000.0)
    chain = chain_of(rate_hz=8000, channels="mono", steps=[{"kind": "high_pass", "low_hz": 100}, "normalise"])

    expected = Resample(8000.0)(Channels("mono")(signal))
    expected = Normalise(NormaliseSettings())(HighPass(HighPassSettings(low_hz=100.0))(expected))

    np.testing.assert_array_equal(chain(signal).values, expected.values)


def test_no_settings_mean_no_work(noise: NDArray[np.float32]) -> None:
    signal = Signal(noise, 16_000.0)

    assert chain_of()(signal) is signal


def test_every_kind_of_step_has_its_class() -> None:
    assert {*STEPS, UserComponent} == set(get_args(get_args(StepSettings)[0]))


@pytest.mark.parametrize(
    "other",
    [
        {"rate_hz": 16_000},
        {"channels": "left"},
        {"steps": []},
        {"steps": [{"kind": "normalise", "method": "rms"}]},
        {"steps": ["normalise", "pre_emphasis"]},
    ],
)
def test_the_fingerprint_tells_chains_apart(other: dict[str, Any]) -> None:
    settings = {"rate_hz": 8000, "channels": "mono", "steps": ["normalise"]}

    assert chain_of(**settings).fingerprint() == chain_of(**settings).fingerprint()
    assert chain_of(**settings).fingerprint() != chain_of(**{**settings, **other}).fingerprint()


def test_the_fingerprint_is_json_and_carries_versions() -> None:
    fingerprint = chain_of(channels=[1, 0], steps=["normalise"]).fingerprint()

    assert json.loads(json.dumps(fingerprint, allow_nan=False)) == [
        {"kind": "channels", "version": 1, "select": [1, 0]},
        {"kind": "resample", "version": 1, "rate_hz": None},
        {"kind": "normalise", "version": 1, "method": "peak", "per": "channel", "level_db": None},
    ]


def test_the_reader_and_the_augmentation_do_not_change_the_fingerprint() -> None:
    assert chain_of().fingerprint() == chain_of(reader={"rate_hz": 50}, augment=["gain"]).fingerprint()


class Crop:
    version = 1

    def __init__(self, *, samples: int) -> None:
        self.samples = samples

    def __call__(self, signal: Signal) -> Signal:
        return Signal(signal.values[:, : self.samples], signal.rate_hz)


class Divide:
    version = 1

    def __call__(self, signal: Signal) -> Signal:
        with np.errstate(all="ignore"):
            return Signal(signal.values / np.float32(0.0), signal.rate_hz)


def test_a_users_own_step_takes_its_place_and_is_never_stored(noise: NDArray[np.float32]) -> None:
    chain = PreparationChain(SignalSettings(steps=(UserComponent.of(Crop, samples=5), NormaliseSettings())))

    assert chain(Signal(noise, 8000.0)).num_samples == 5
    assert chain.fingerprint() is None


def test_a_step_that_leaves_nothing_is_an_error(noise: NDArray[np.float32]) -> None:
    chain = PreparationChain(SignalSettings(steps=(UserComponent.of(Crop, samples=0),)))

    with pytest.raises(DataError, match="the steps of signal leave no samples; leave the recording out"):
        chain(Signal(noise, 8000.0))


def test_a_step_that_spoils_values_is_an_error(noise: NDArray[np.float32]) -> None:
    chain = PreparationChain(SignalSettings(steps=(UserComponent.of(Divide),)))

    with pytest.raises(DataError, match="after the steps of signal: 8000 of 8000 values are NaN, infinite or beyond"):
        chain(Signal(noise, 8000.0))


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "normalise", "method": "rms"},
        {"kind": "normalise", "method": "peak", "per": "recording", "level_db": -3.0},
        {"kind": "normalise", "method": "standard"},
    ],
)
def test_the_gain_is_what_normalise_multiplied_by(noise: NDArray[np.float32], step: dict[str, Any]) -> None:
    uneven = Signal(noise * np.array([[1.0], [4.0]], np.float32), 16_000.0)
    high_pass = {"kind": "high_pass", "low_hz": 100}
    chain = chain_of(rate_hz=8000, steps=[step, high_pass])
    signal, gain = chain.with_gain(uneven)
    np.testing.assert_array_equal(signal.values, chain(uneven).values)
    plain = chain_of(rate_hz=8000, steps=[high_pass])(uneven)
    assert gain.shape == ((1, 1) if "per" in step else (2, 1))
    # What the filter leaves of a mean that was taken away is nothing after its first moments.
    np.testing.assert_allclose(signal.values[:, 2000:], (plain.values * gain)[:, 2000:], rtol=1e-4, atol=1e-4)


def test_gains_of_several_steps_are_one_and_silence_has_none(noise: NDArray[np.float32]) -> None:
    chain = chain_of(steps=[{"kind": "normalise", "method": "rms"}, {"kind": "normalise", "method": "peak"}])
    _, gain = chain.with_gain(Signal(noise, 16_000.0))
    np.testing.assert_allclose(gain, 1.0 / np.abs(noise).max(axis=1, keepdims=True), rtol=1e-6)
    assert chain.with_gain(Signal(np.zeros((1, 8), np.float32), 16_000.0))[1].tolist() == [[1.0]]
    assert chain_of(channels="left").with_gain(Signal(noise, 16_000.0))[1].tolist() == [[1.0]]


class Mean:
    version = 1

    def __call__(self, signal: Signal) -> Signal:
        return Signal(signal.values.mean(axis=0, keepdims=True), signal.rate_hz)


def test_other_channels_have_no_gain(noise: NDArray[np.float32]) -> None:
    chain = PreparationChain(SignalSettings(steps=(NormaliseSettings(), UserComponent.of(Mean))))
    assert chain.with_gain(Signal(noise, 8000.0))[1].tolist() == [[1.0]]
