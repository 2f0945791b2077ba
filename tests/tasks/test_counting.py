"""Counting metrics against scikit-learn, with and without weights."""

import numpy as np
import pytest
import sklearn.metrics as reference
from numpy.typing import NDArray

from motet.tasks.counting import COUNTING, Counts, confusion, count, mean_defined, ratio

Flags = NDArray[np.bool_]

_AVERAGED = {
    "f1_macro": (reference.f1_score, "macro"),
    "f1_weighted": (reference.f1_score, "weighted"),
    "f1_micro": (reference.f1_score, "micro"),
    "precision_macro": (reference.precision_score, "macro"),
    "recall_macro": (reference.recall_score, "macro"),
}


def _one_hot(codes: NDArray[np.int64], size: int) -> Flags:
    flags: Flags = codes[:, None] == np.arange(size)
    return flags


def _codes(seed: int, *, rows: int = 60, classes: int = 5) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return truth and decisions; some classes may be absent from either."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(generator.permutation(classes)[: generator.integers(1, classes + 1)], rows)
    wrong = generator.choice(generator.permutation(classes)[: generator.integers(1, classes + 1)], rows)
    return truth, np.where(generator.random(rows) < 0.5, truth, wrong)


def _counts_of(truth: Flags, decided: Flags, weights: NDArray[np.int64]) -> Counts:
    return count(truth, decided, weights[:, None].astype(np.float64))


@pytest.mark.parametrize("seed", range(12))
def test_single_label_metrics_equal_scikit_learn(seed: int) -> None:
    truth, decided = _codes(seed)
    weights = np.random.default_rng(seed).integers(0, 4, len(truth))
    counts = _counts_of(_one_hot(truth, 5), _one_hot(decided, 5), weights)
    kept = weights > 0
    truth, decided, weights = truth[kept], decided[kept], weights[kept]
    for name, (metric, average) in _AVERAGED.items():
        expected = metric(truth, decided, sample_weight=weights, average=average, zero_division=0)
        assert COUNTING[name](counts)[0] == pytest.approx(expected, abs=1e-12), name
    recalls = [np.average(decided[truth == c] == c, weights=weights[truth == c]) for c in np.unique(truth)]
    assert COUNTING["uar"](counts)[0] == pytest.approx(np.mean(recalls), abs=1e-12)
    assert COUNTING["accuracy"](counts)[0] == pytest.approx(
        reference.accuracy_score(truth, decided, sample_weight=weights), abs=1e-12
    )


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("seed", range(4))
def test_uar_is_balanced_accuracy(seed: int) -> None:
    truth, decided = _codes(seed)
    counts = _counts_of(_one_hot(truth, 5), _one_hot(decided, 5), np.ones(len(truth), np.int64))
    expected = reference.balanced_accuracy_score(truth, decided)
    assert COUNTING["uar"](counts)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_multilabel_metrics_equal_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.random((50, 6)) < generator.random(6) * 0.6
    decided = generator.random((50, 6)) < generator.random(6) * 0.6
    truth[:, 0] = decided[:, 0] = False
    weights = generator.integers(0, 3, 50)
    counts = _counts_of(truth, decided, weights)
    rows = np.repeat(np.arange(50), weights)
    t, d = truth[rows], decided[rows]
    seen = np.flatnonzero(t.any(axis=0) | d.any(axis=0))
    for name, (metric, average) in _AVERAGED.items():
        expected = metric(t, d, labels=seen, average=average, zero_division=0)
        assert COUNTING[name](counts)[0] == pytest.approx(expected, abs=1e-12), name
    assert COUNTING["accuracy"](counts)[0] == pytest.approx(reference.accuracy_score(t, d), abs=1e-12)


def test_many_weightings_are_scored_as_each_alone() -> None:
    truth, decided = (_one_hot(codes, 5) for codes in _codes(3))
    weights = np.random.default_rng(0).integers(0, 4, (60, 7)).astype(np.float64)
    together = count(truth, decided, weights)
    for column in range(7):
        alone = count(truth, decided, weights[:, column : column + 1])
        for metric in COUNTING.values():
            assert metric(together)[column] == metric(alone)[0]


def test_per_label_figures_and_what_is_undefined() -> None:
    truth = _one_hot(np.array([0, 0, 1]), 4)
    decided = _one_hot(np.array([0, 2, 0]), 4)
    counts = count(truth, decided, np.ones((3, 1)))
    np.testing.assert_array_equal(counts.recall[:, 0], [0.5, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(counts.precision[:, 0], [0.5, np.nan, 0.0, np.nan])
    np.testing.assert_array_equal(counts.f1[:, 0], [0.5, 0.0, 0.0, np.nan])
    assert COUNTING["uar"](counts)[0] == 0.25
    assert COUNTING["f1_macro"](counts)[0] == pytest.approx(1 / 6)


def test_without_rows_everything_is_undefined() -> None:
    counts = count(_one_hot(np.array([0]), 2), _one_hot(np.array([0]), 2), np.zeros((1, 1)))
    assert all(np.isnan(metric(counts)[0]) for metric in COUNTING.values())


def test_confusion_has_truth_before_decision() -> None:
    truth, decided = _codes(5)
    expected = reference.confusion_matrix(truth, decided, labels=range(5))
    np.testing.assert_array_equal(confusion(truth, decided, 5), expected)


def test_ratio_and_mean_skip_what_is_undefined() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])), [0.5, np.nan])
    np.testing.assert_array_equal(mean_defined(np.array([[1.0, np.nan], [np.nan, np.nan]])), [1.0, np.nan])
