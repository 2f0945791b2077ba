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
