"""Mixtures: the ratio, the stretch of noise, and that a part is a part of the whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.config import validate
from motet.errors import ConfigError, DataError
from motet.signals.mix import Mix, NoisePool, level_of
from motet.signals.settings import MixSettings
from motet.signals.signal import Signal


class Stored:
    """Signals in memory, read as the store reads them."""

    def __init__(self, signals: Sequence[NDArray[np.float32]]) -> None:
        self.signals, self.channels = signals, signals[0].shape[0]

    def frames(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([self.signals[row].shape[1] for row in rows.tolist()])

    def read_many(self, rows: Any, starts: Any, stops: Any, out: NDArray[np.float32]) -> None:
        for place, (row, start, stop) in enumerate(zip(rows, starts, stops, strict=True)):
            out[place, : stop - start, :, 0] = self.signals[row][:, start:stop].T


def _noise(seed: int, size: int, channels: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((channels, size), dtype=np.float32)


def _pool(*signals: NDArray[np.float32], rows: Sequence[int] | None = None) -> NoisePool:
    names = [f"clip-{number}" for number in range(len(signals))]
    return NoisePool(Stored(signals), np.array(range(len(signals)) if rows is None else rows), names)


def _mix(pool: NoisePool, **options: Any) -> Mix:
    return Mix(MixSettings(data="rain", **options), (pool,), np.zeros(9, dtype=np.int64))


def _mixed(mix: Mix, clean: NDArray[np.float32], draws: Sequence[float], begin: int = 0, end: int | None = None) -> Any:
    part = Signal(clean[:, begin:end], 8000.0)
    drawn = np.array(draws)
    return mix(part, drawn, row=0, begin=begin, length=clean.shape[1], level=level_of(clean)).values


@pytest.mark.parametrize("ratio_db", [-5.0, 0.0, 12.0])
@pytest.mark.parametrize("size", [400, 1000, 5000])
def test_the_ratio_is_that_of_the_powers(ratio_db: float, size: int) -> None:
    clean = 0.3 * _noise(1, 1000)
    mixed = _mixed(_mix(_pool(_noise(2, size)), snr_db=ratio_db), clean, (0.0, 0.0, 0.5, 0.0))
    added = mixed - clean
    tolerance = 0.35 if size == 400 else 1e-4  # the level of a short one is that of all of it, which is cut at an end
    assert 20 * np.log10(level_of(clean) / level_of(added)) == pytest.approx(ratio_db, abs=tolerance)


@pytest.mark.parametrize("size", [300, 5000])
def test_a_part_of_the_mixture_is_that_of_the_whole(size: int) -> None:
    clean, mix, draws = _noise(1, 1000), _mix(_pool(_noise(2, size))), (0.2, 0.3, 0.7, 0.1)
    whole = _mixed(mix, clean, draws)
    np.testing.assert_allclose(_mixed(mix, clean, draws, 350, 620), whole[:, 350:620], rtol=1e-6)


def test_recording_and_start_follow_the_draws() -> None:
    ramps = [np.arange(1, 101, dtype=np.float32)[None] + 1000 * number for number in range(3)]
    pool = _pool(*ramps, rows=[0, 2])
    whole = slice(0, 10)
    assert pool.stretch(0.49, 0.0, 10, whole)[0][0, 0] == 1
    assert pool.stretch(0.5, 0.999, 10, whole)[0][0].tolist() == [2000 + value for value in range(91, 101)]
    assert pool.stretch(0.0, 0.99, 150, slice(0, 3))[0][0].tolist() == [100, 1, 2]


def test_a_pause_in_the_noise_is_not_made_as_loud_as_the_noise() -> None:
    noise = np.zeros((1, 2000), dtype=np.float32)
    noise[0, 1500:] = 1.0
    values, level = _pool(noise).stretch(0.0, 0.0, 100, slice(0, 100))
    assert level == pytest.approx(0.01 * level_of(noise))
    assert not values.any()


def test_ratios_come_from_a_list_or_a_range() -> None:
    chosen = [_mix(_pool(_noise(0, 9)), snr_db=[0.0, 5.0]).ratio_db(draw) for draw in (0.0, 0.49, 0.5, 0.99)]
    assert chosen == [0.0, 0.0, 5.0, 5.0]
    between = MixSettings.model_validate({"data": "rain", "snr_db": {"low_db": -5, "high_db": 15}})
    assert Mix(between, (), np.array([])).ratio_db(0.25) == 0.0


def test_a_share_of_the_rows_is_mixed() -> None:
    clean, mix = _noise(1, 100), _mix(_pool(_noise(2, 300)), probability=0.3)
    assert _mixed(mix, clean, (0.3, 0.0, 0.0, 0.0)) is not None
    np.testing.assert_array_equal(_mixed(mix, clean, (0.3, 0.0, 0.0, 0.0)), clean)
    assert (_mixed(mix, clean, (0.29, 0.0, 0.0, 0.0)) != clean).all()


def test_one_channel_is_mixed_into_all_and_silence_stays_silent() -> None:
    clean, mix = _noise(1, 100, channels=2), _mix(_pool(_noise(2, 300)))
    added = _mixed(mix, clean, (0.0,) * 4) - clean
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    assert not _mixed(mix, np.zeros((1, 100), np.float32), (0.0,) * 4).any()


def test_each_row_has_its_pool() -> None:
    one, other = (np.full((1, 50), value, dtype=np.float32) for value in (1.0, -1.0))
    mix = Mix(MixSettings(data="rain"), (_pool(one), _pool(other)), np.array([1, 0]))
    clean = Signal(np.ones((1, 20), dtype=np.float32), 8000.0)
    found = [mix(clean, np.zeros(4), row=row, begin=0, length=20, level=1.0).values[0, 0] for row in (0, 1)]
    assert found == [0.0, 2.0]


def test_silent_noise_is_refused_by_name() -> None:
    silent = np.zeros((1, 50), dtype=np.float32)
    with pytest.raises(DataError, match=r"noise 'clip-1' is silent from its first .* and so are 1 more"):
        _pool(_noise(0, 50), silent, silent)
    assert len(_pool(_noise(0, 50), silent, rows=[0])) == 1


@pytest.mark.parametrize("ratio", [float("nan"), [0.0, float("nan")], float("inf"), [], "loud"])
def test_a_ratio_is_a_finite_number(ratio: Any) -> None:
    with pytest.raises(ConfigError, match=r"snr_db") as found:
        validate(MixSettings, {"data": "rain", "snr_db": ratio})
    if ratio == "loud":
        assert "'loud' is not a number" in str(found.value)
