"""Ranking metrics against scikit-learn, with ties and with weights."""

import numpy as np
import pytest
import sklearn.metrics as reference

from motet.tasks.ranking import rank


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("levels", [3, 20, 10**9])
def test_areas_equal_scikit_learn(seed: int, levels: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, levels, (80, 3)) / levels
    truth = generator.random((80, 3)) < 0.3
    weights = generator.integers(0, 4, 80)
    ranking = rank(scores, truth, weights[:, None].astype(np.float64))
    rows = np.repeat(np.arange(80), weights)
    for label in range(3):
        t, s = truth[rows, label], scores[rows, label]
        assert ranking.auc[label, 0] == pytest.approx(reference.roc_auc_score(t, s), abs=1e-12)
        expected = reference.average_precision_score(t, s)
        assert ranking.average_precision[label, 0] == pytest.approx(expected, abs=1e-12)


def test_many_weightings_are_ranked_as_each_alone() -> None:
    generator = np.random.default_rng(0)
    scores, truth = generator.random((40, 2)).round(1), generator.random((40, 2)) < 0.4
    weights = generator.integers(0, 3, (40, 6)).astype(np.float64)
    together = rank(scores, truth, weights)
    for column in range(6):
        alone = rank(scores, truth, weights[:, column : column + 1])
        np.testing.assert_allclose(together.auc[:, column], alone.auc[:, 0], rtol=1e-14)
        np.testing.assert_allclose(together.average_precision[:, column], alone.average_precision[:, 0], rtol=1e-14)


def test_closed_forms() -> None:
    once = np.ones((4, 1))
    scores = np.array([[0.9], [0.8], [0.2], [0.1]])
    perfect = rank(scores, np.array([[True], [True], [False], [False]]), once)
    assert (perfect.auc[0, 0], perfect.average_precision[0, 0]) == (1.0, 1.0)
    worst = rank(scores, np.array([[False], [False], [False], [True]]), once)
    assert (worst.auc[0, 0], worst.average_precision[0, 0]) == (0.0, 0.25)
    tied = rank(np.full((4, 1), 0.5), np.array([[True], [False], [False], [False]]), once)
    assert (tied.auc[0, 0], tied.average_precision[0, 0]) == (0.5, 0.25)


def test_labels_without_positives_or_without_negatives_are_undefined() -> None:
    scores = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    truth = np.array([[False, True, True], [False, True, False]])
    ranking = rank(scores, truth, np.ones((2, 1)))
    np.testing.assert_array_equal(ranking.auc[:, 0], [np.nan, np.nan, 0.0])
    np.testing.assert_array_equal(ranking.average_precision[:, 0], [np.nan, 1.0, 0.5])
    dropped = rank(scores[:, 2:], truth[:, 2:], np.array([[0.0], [1.0]]))
    assert np.isnan(dropped.auc[0, 0])
    assert np.isnan(dropped.average_precision[0, 0])
