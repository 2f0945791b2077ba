"""The bootstrap against closed forms, and what it does with clusters and undefined figures."""

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.evaluation import intervals
from motet.evaluation.intervals import Interval, bootstrap

Values = NDArray[np.float64]


def _interval_of_mean(values: Values, clusters: NDArray[np.int64], *, resamples: int = 4000, seed: int = 0) -> Interval:
    return bootstrap(
        clusters,
        lambda weights: {"mean": values @ weights / weights.sum(axis=0)},
        resamples=resamples,
        confidence=0.95,
        generator=np.random.default_rng(seed),
    )["mean"]


def test_the_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    interval = _interval_of_mean(values, np.arange(400))
    half = 1.959964 * values.std() / np.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.03)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        interval = _interval_of_mean(generator.normal(0.0, 1.0, 60), np.arange(60), resamples=400)
        held += interval.low <= 0.0 <= interval.high
    assert 0.89 <= held / 200 <= 0.99


def test_equal_rows_of_a_cluster_add_nothing() -> None:
    values = np.random.default_rng(2).normal(size=50)
    alone = _interval_of_mean(values, np.arange(50))
    repeated = _interval_of_mean(np.repeat(values, 9), np.repeat(np.arange(50), 9))
    assert repeated.low == pytest.approx(alone.low)
    assert repeated.high == pytest.approx(alone.high)
    as_if_independent = _interval_of_mean(np.repeat(values, 9), np.arange(450))
    assert as_if_independent.high - as_if_independent.low == pytest.approx((alone.high - alone.low) / 3, rel=0.1)


def test_every_resample_draws_as_many_clusters_as_there_are() -> None:
    clusters = np.array([0, 0, 1, 2, 2, 2])

    def check(weights: Values) -> dict[str, Values]:
        first = weights[[0, 2, 3]]
        np.testing.assert_array_equal(weights, first[clusters])
        np.testing.assert_array_equal(first.sum(axis=0), 3.0)
        return {"any": first[0]}

    bootstrap(clusters, check, resamples=100, confidence=0.9, generator=np.random.default_rng(0))


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(3).normal(size=40)
    assert _interval_of_mean(values, np.arange(40)) == _interval_of_mean(values, np.arange(40))
    assert _interval_of_mean(values, np.arange(40)) != _interval_of_mean(values, np.arange(40), seed=1)


def test_many_rows_are_drawn_in_blocks() -> None:
    shapes = []

    def record(weights: Values) -> dict[str, Values]:
        shapes.append(weights.shape)
        return {"sum": weights.sum(axis=0)}

    bootstrap(np.arange(90_000), record, resamples=5, confidence=0.9, generator=np.random.default_rng(0))
    assert shapes == [(90_000, 2), (90_000, 2), (90_000, 1)]


def test_blocks_change_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).normal(size=70)
    whole = _interval_of_mean(values, np.arange(70))
    monkeypatch.setattr(intervals, "_BLOCK_CELLS", 70 * 7)
    assert _interval_of_mean(values, np.arange(70)) == whole


def test_resamples_without_a_figure_do_not_count() -> None:
    def sometimes(weights: Values) -> dict[str, Values]:
        drawn = weights[0] > 0
        return {"most": np.where(drawn, 1.0, np.nan), "few": np.where(weights[0] > 1, 1.0, np.nan)}

    result = bootstrap(np.arange(30), sometimes, resamples=500, confidence=0.95, generator=np.random.default_rng(0))
    assert result["most"] == Interval(1.0, 1.0)
    assert np.isnan(result["few"].low)
    assert np.isnan(result["few"].high)


@pytest.mark.parametrize(("clusters", "resamples"), [([0, 0, 0], 100), ([0, 1, 2], 0)])
def test_there_is_no_interval_from_one_cluster_or_without_resamples(clusters: list[int], resamples: int) -> None:
    interval = _interval_of_mean(np.arange(3.0), np.array(clusters), resamples=resamples)
    assert np.isnan(interval.low)
    assert np.isnan(interval.high)
