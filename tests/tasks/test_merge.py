"""Merging segments: closed forms and what stays a probability."""

import numpy as np
import pytest

from motet.tasks.merge import MergeRule, merge_classes, merge_labels, merge_numbers

_SEGMENTS = np.array([[0.9, 0.1, 0.0], [0.3, 0.5, 0.2], [0.2, 0.5, 0.3]])


@pytest.mark.parametrize("how", ["mean", "vote", "max", "median"])
def test_classes_stay_a_distribution(how: MergeRule) -> None:
    merged = merge_classes(_SEGMENTS, how)
    assert merged.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(merge_classes(_SEGMENTS[::-1], how), merged, rtol=1e-12)
    np.testing.assert_array_equal(merge_classes(_SEGMENTS[:1], how), _SEGMENTS[0])


def test_closed_forms_of_classes() -> None:
    np.testing.assert_allclose(merge_classes(_SEGMENTS, "mean"), _SEGMENTS.mean(axis=0))
    np.testing.assert_allclose(merge_classes(_SEGMENTS, "vote"), [1 / 3, 2 / 3, 0], atol=1e-6)
    np.testing.assert_allclose(merge_classes(_SEGMENTS, "max"), np.array([0.9, 0.5, 0.3]) / 1.7)
    np.testing.assert_allclose(merge_classes(_SEGMENTS, "median"), np.array([0.3, 0.5, 0.2]) / 1.0)


def test_the_mean_breaks_a_tie_of_votes() -> None:
    assert merge_classes(np.array([[0.6, 0.4], [0.1, 0.9]]), "vote").argmax() == 1
    assert merge_classes(np.array([[0.9, 0.1], [0.4, 0.6]]), "vote").argmax() == 0


def test_the_mean_stands_in_where_every_median_is_zero() -> None:
    np.testing.assert_allclose(merge_classes(np.eye(3), "median"), np.full(3, 1 / 3))


def test_closed_forms_of_labels() -> None:
    segments = np.array([[0.9, 0.5], [0.2, 0.1], [0.1, 0.2]])
    np.testing.assert_allclose(merge_labels(segments, "mean"), [0.4, 0.8 / 3])
    np.testing.assert_allclose(merge_labels(segments, "vote"), [1 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(merge_labels(segments, "max"), [0.9, 0.5])
    np.testing.assert_allclose(merge_labels(segments, "median"), [0.2, 0.2])
    np.testing.assert_array_equal(merge_labels(segments[:1], "vote"), segments[0])


def test_closed_forms_of_numbers() -> None:
    values = np.array([[1.0], [2.0], [6.0]])
    assert [merge_numbers(values, how)[0] for how in ("mean", "max", "median")] == [3.0, 6.0, 2.0]
