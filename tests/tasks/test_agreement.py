"""Metrics of numbers against scikit-learn, SciPy and closed forms."""

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics as reference
from numpy.typing import NDArray

from motet.tasks.agreement import AGREEMENT, Moments, moments


def _weighted(truth: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.int64]) -> Moments:
    return moments(truth, predicted, weights[:, None].astype(np.float64))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_metrics_equal_the_references(seed: int, offset: float) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.normal(offset, 2.0, (70, 2))
    predicted = 0.5 * truth + generator.normal(1.0, 1.0, (70, 2))
    weights = generator.integers(0, 4, 70)
    compared = _weighted(truth, predicted, weights)
    rows = np.repeat(np.arange(70), weights)
    for value in range(2):
        t, p = truth[rows, value], predicted[rows, value]
        ccc = 2 * np.cov(t, p, bias=True)[0, 1] / (t.var() + p.var() + (t.mean() - p.mean()) ** 2)
        assert AGREEMENT["ccc"](compared)[value, 0] == pytest.approx(ccc, rel=1e-8, abs=1e-15)
        assert AGREEMENT["pearson"](compared)[value, 0] == pytest.approx(scipy.stats.pearsonr(t, p)[0], abs=1e-8)
        assert AGREEMENT["mae"](compared)[value, 0] == pytest.approx(reference.mean_absolute_error(t, p))
        assert AGREEMENT["rmse"](compared)[value, 0] == pytest.approx(reference.root_mean_squared_error(t, p))


def test_closed_forms() -> None:
    truth = np.array([[1.0], [2.0], [3.0]])
    same = moments(truth, truth, np.ones((3, 1)))
    assert [float(metric(same)[0, 0]) for metric in AGREEMENT.values()] == pytest.approx([1.0, 1.0, 0.0, 0.0])
    shifted = moments(truth, truth + 1, np.ones((3, 1)))
    assert AGREEMENT["pearson"](shifted)[0, 0] == pytest.approx(1.0)
    assert AGREEMENT["ccc"](shifted)[0, 0] == pytest.approx((4 / 3) / (4 / 3 + 1))


@pytest.mark.parametrize("constant", [0.1, 1e6 + 0.1])
def test_what_does_not_vary_has_no_correlation(constant: float) -> None:
    truth = np.array([[constant], [constant], [constant]])
    predicted = np.array([[1.0], [2.0], [3.0]])
    for pair in ((truth, predicted), (predicted, truth)):
        compared = moments(*pair, np.ones((3, 1)))
        assert np.isnan(AGREEMENT["pearson"](compared)[0, 0])
        assert AGREEMENT["ccc"](compared)[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(AGREEMENT["ccc"](moments(truth, truth, np.ones((3, 1))))[0, 0])


def test_a_weighting_that_leaves_one_value_has_no_correlation() -> None:
    truth, predicted = np.array([[1.1], [1.1], [3.3]]), np.array([[1.7], [1.7], [3.1]])
    compared = moments(truth, predicted, np.array([[2.0], [1.0], [0.0]]))
    assert np.isnan(AGREEMENT["pearson"](compared)[0, 0])
    assert AGREEMENT["mae"](compared)[0, 0] == pytest.approx(0.6)


def test_without_rows_everything_is_undefined() -> None:
    compared = moments(np.ones((2, 1)), np.ones((2, 1)), np.zeros((2, 1)))
    assert all(np.isnan(metric(compared)[0, 0]) for metric in AGREEMENT.values())
