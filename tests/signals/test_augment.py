from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.config import UserComponent
from motet.draws import uniform
from motet.signals.augment import AUGMENTATIONS, AugmentationChain, WaveformGain, WaveformNoise, WaveformShift
from motet.signals.settings import (
    SignalSettings,
    WaveformAugmentSettings,
    WaveformGainSettings,
    WaveformNoiseSettings,
    WaveformShiftSettings,
)
from motet.signals.signal import Signal

ALL_KINDS: list[dict[str, Any]] = [{"kind": "gain"}, {"kind": "noise"}, {"kind": "time_shift"}]


def draws_of(row: int, count: int) -> NDArray[np.float64]:
    draws: NDArray[np.float64] = uniform(1, epoch=2, rows=np.array([row]), stage="augment", count=count)[0]
    return draws


@pytest.mark.parametrize(("draw", "gain_db"), [(0.0, -10.0), (0.5, 5.0), (0.9, 17.0)])
def test_a_gain_is_uniform_in_decibels(noise: NDArray[np.float32], draw: float, gain_db: float) -> None:
    augmentation = WaveformGain(WaveformGainSettings(low_db=-10.0, high_db=20.0))

    louder = augmentation(Signal(noise, 8000.0), np.array([0.0, draw]))

    np.testing.assert_allclose(louder.values, noise * 10 ** (gain_db / 20), rtol=1e-6)


@pytest.mark.parametrize("ratio_db", [0.0, 20.0])
def test_noise_reaches_its_ratio(tone: Any, ratio_db: float) -> None:
    clean = tone(440.0, 1000.0, duration_s=4.0)
    augmentation = WaveformNoise(WaveformNoiseSettings(low_db=ratio_db, high_db=ratio_db))

    noisy = augmentation(clean, np.array([0.0, 0.5, 0.25]))
    added = noisy.values - clean.values

    assert 10 * np.log10(np.mean(clean.values**2) / np.mean(added**2)) == pytest.approx(ratio_db, abs=0.1)
    assert abs(np.corrcoef(added)[0, 1]) < 0.03


def test_other_draws_give_other_noise_and_equal_draws_the_same(tone: Any) -> None:
    clean = tone(440.0)
    augmentation = WaveformNoise(WaveformNoiseSettings())
    first, again, other = (augmentation(clean, np.array([0.0, 0.5, draw])) for draw in (0.25, 0.25, 0.26))

    np.testing.assert_array_equal(first.values, again.values)
    assert np.abs(first.values - other.values).max() > 1e-3


def test_noise_leaves_silence_silent() -> None:
    silence = Signal(np.zeros((1, 100), dtype=np.float32), 8000.0)

    np.testing.assert_array_equal(
        WaveformNoise(WaveformNoiseSettings())(silence, np.array([0.0, 0.5, 0.5])).values, silence.values
    )


@pytest.mark.parametrize(("draw", "samples"), [(0.0, -800), (0.5, 0), (0.75, 400)])
def test_a_shift_rolls_by_whole_samples(noise: NDArray[np.float32], draw: float, samples: int) -> None:
    augmentation = WaveformShift(WaveformShiftSettings(max_s=0.1))

    shifted = augmentation(Signal(noise, 8000.0), np.array([0.0, draw]))

    np.testing.assert_array_equal(shifted.values, np.roll(noise, samples, axis=1))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_the_probability_decides_by_the_first_draw(noise: NDArray[np.float32], kind: dict[str, Any]) -> None:
    signal = Signal(noise, 8000.0)
    chain = AugmentationChain(SignalSettings.model_validate({"augment": [{**kind, "probability": 0.3}]}).augment)
    rest = [0.9] * (chain.num_draws - 1)

    assert chain(signal, np.array([0.3, *rest])) is signal
    assert not np.array_equal(chain(signal, np.array([0.29, *rest])).values, noise)


def test_a_chain_hands_each_its_own_draws_in_order(noise: NDArray[np.float32]) -> None:
    settings = SignalSettings.model_validate({"augment": ALL_KINDS}).augment
    chain = AugmentationChain(settings)
    draws = draws_of(7, chain.num_draws)

    expected = Signal(noise, 8000.0)
    expected = WaveformGain(WaveformGainSettings())(expected, draws[:2])
    expected = WaveformNoise(WaveformNoiseSettings())(expected, draws[2:5])
    expected = WaveformShift(WaveformShiftSettings())(expected, draws[5:])

    assert chain.num_draws == 7
    np.testing.assert_array_equal(chain(Signal(noise, 8000.0), draws).values, expected.values)


def test_the_given_signal_stays_as_it_is(noise: NDArray[np.float32]) -> None:
    signal = Signal(noise.copy(), 8000.0)
    chain = AugmentationChain(SignalSettings.model_validate({"augment": ALL_KINDS}).augment)

    changed = chain(signal, draws_of(3, chain.num_draws))

    np.testing.assert_array_equal(signal.values, noise)
    assert changed.values.dtype == np.float32


def test_every_kind_of_augmentation_has_its_class() -> None:
    assert {*AUGMENTATIONS, UserComponent} == set(get_args(get_args(WaveformAugmentSettings)[0]))


def test_an_empty_chain_changes_nothing(noise: NDArray[np.float32]) -> None:
    signal = Signal(noise, 8000.0)

    assert AugmentationChain(())(signal, np.empty(0)) is signal


class Flip:
    num_draws = 1

    def __call__(self, signal: Signal, draws: NDArray[np.float64]) -> Signal:
        return Signal(-signal.values, signal.rate_hz) if draws[0] < 0.5 else signal


def test_a_users_own_augmentation_takes_its_place(noise: NDArray[np.float32]) -> None:
    chain = AugmentationChain((UserComponent.of(Flip), WaveformGainSettings(low_db=20.0, high_db=20.0)))

    changed = chain(Signal(noise, 8000.0), np.array([0.1, 0.0, 0.0]))

    assert chain.num_draws == 3
    np.testing.assert_allclose(changed.values, -10.0 * noise, rtol=1e-6)
