"""Differences on paired rows: values against closed forms and other programs, coverage, and what is refused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, permutation_test

import motet
from motet import catalog
from motet.evaluation.compare import compare_predictions, holm, pair
from motet.evaluation.predictions import Predictions
from motet.evaluation.settings import IntervalSettings
from motet.tasks.settings import MulticlassSettings, RegressionSettings
from motet.tasks.task import Task

LABELS = ("ant", "bee", "cat")
MULTICLASS: Task = catalog.build("task", MulticlassSettings(), "animal", LABELS)
REGRESSION: Task = catalog.build("task", RegressionSettings(), "size", ("size",))


def predictions(
    decided: Sequence[int] | NDArray[Any],
    targets: Sequence[int] | NDArray[Any],
    *,
    ids: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    **model: Any,
) -> Predictions:
    probabilities = np.eye(3)[list(decided)] * 0.7 + 0.1
    names = [str(row) for row in range(len(targets))] if ids is None else ids
    return Predictions.of(MULTICLASS, names, probabilities, np.array(targets), data_set="zoo", groups=groups, **model)


def random_pair(
    seed: int, *, rows: int = 120, right: tuple[float, float] = (0.6, 0.6)
) -> tuple[Predictions, Predictions]:
    generator = np.random.default_rng(seed)
    targets = generator.integers(3, size=rows)
    decided = [np.where(generator.random(rows) < share, targets, (targets + 1) % 3) for share in right]
    return predictions(decided[0], targets), predictions(decided[1], targets)


def test_differences_are_those_of_the_figures() -> None:
    first = predictions([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    second = predictions([0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2])
    found = compare_predictions(MULTICLASS, first, second)
    uar = found.metrics["uar"]
    assert (uar.first, uar.second) == (1.0, 0.5)
    assert uar.difference["value"] == -0.5
    assert {name: figure["value"] for name, figure in found.labels.items()} == {"ant": -0.5, "bee": 0.0, "cat": -1.0}
    assert (found.rows, found.clusters) == (6, 6)


def test_equal_predictions_differ_in_nothing() -> None:
    first, _ = random_pair(1)
    found = compare_predictions(MULTICLASS, first, first)
    for one in found.metrics.values():
        assert one.difference == {"value": 0.0, "low": 0.0, "high": 0.0}
        assert one.p == 1.0
    assert found.mcnemar == 1.0


def test_p_is_that_of_scipys_permutation_test() -> None:
    first, second = random_pair(2, right=(0.55, 0.7))
    right = [(part.decisions == part.targets).astype(float) for part in (first, second)]
    expected = permutation_test(
        right, lambda one, two, axis: (two - one).mean(axis=axis), permutation_type="samples", n_resamples=5_000,
        vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    found = compare_predictions(MULTICLASS, first, second, IntervalSettings(resamples=5_000))
    assert found.metrics["accuracy"].p == pytest.approx(expected.pvalue, abs=0.02)
    assert found.metrics["accuracy"].difference["value"] == pytest.approx(expected.statistic)


def test_mcnemar_is_the_binomial_test_of_rows_that_differ() -> None:
    first, second = random_pair(3, right=(0.5, 0.7))
    right = [part.decisions == part.targets for part in (first, second)]
    won, lost = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    assert compare_predictions(MULTICLASS, first, second).mcnemar == binomtest(won, won + lost).pvalue


def test_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    held = rejected = 0
    for seed in range(60):
        first, second = random_pair(seed, rows=80, right=(0.5, 0.5))
        found = compare_predictions(MULTICLASS, first, second, IntervalSettings(resamples=200), seed=seed)
        accuracy = found.metrics["accuracy"]
        held += accuracy.difference["low"] <= 0 <= accuracy.difference["high"]
        rejected += accuracy.p < 0.05
    assert 51 <= held <= 60
    assert rejected <= 8


def test_pairing_narrows_the_interval_of_models_that_err_alike() -> None:
    generator = np.random.default_rng(4)
    targets = generator.integers(3, size=200)
    decided = np.where(generator.random(200) < 0.6, targets, (targets + 1) % 3)
    better = np.where(generator.random(200) < 0.1, targets, decided)
    alike = compare_predictions(MULTICLASS, predictions(decided, targets), predictions(better, targets))
    apart = compare_predictions(MULTICLASS, *random_pair(5, rows=200, right=(0.6, 0.64)))
    assert _width(alike) < 0.5 * _width(apart)


def _width(found: Any) -> float:
    difference = found.metrics["accuracy"].difference
    return float(difference["high"] - difference["low"])


def test_groups_are_drawn_and_swapped_whole() -> None:
    targets = [0, 1, 2] * 40
    wrong = [(target + 1) % 3 if row < 60 else target for row, target in enumerate(targets)]
    few = [f"speaker {row // 30}" for row in range(120)]
    found = compare_predictions(
        MULTICLASS, predictions(wrong, targets, groups=few), predictions(targets, targets, groups=few)
    )
    assert found.clusters == 4
    assert found.mcnemar is None
    assert found.metrics["accuracy"].p > 0.3  # two of four speakers are better: swapping both is one of four ways
    alone = compare_predictions(MULTICLASS, predictions(wrong, targets), predictions(targets, targets))
    assert alone.metrics["accuracy"].p < 0.01


def test_rows_are_paired_by_example_and_by_place_of_the_seed() -> None:
    first = Predictions.concatenate([predictions([0, 1], [0, 1], seed=1), predictions([2, 2], [0, 1], seed=2)])
    second = Predictions.concatenate(
        [predictions([1, 0, 0], [1, 0, 2], ids=["1", "0", "9"], seed=7), predictions([1], [1], ids=["1"], seed=8)]
    )
    own, other = pair(first, second)
    assert own.tolist() == [0, 1, 3]
    assert other.tolist() == [1, 0, 3]


def test_models_are_means_where_folds_agree_and_pooled_where_they_do_not() -> None:
    parts = [
        predictions([0, 0, 0], [0, 0, 1], ids=["a", "b", "c"], fold="1"),
        predictions([2], [2], ids=["d"], fold="2"),
    ]
    first = Predictions.concatenate(parts)
    found = compare_predictions(MULTICLASS, first, first)
    assert found.metrics["accuracy"].first == pytest.approx((2 / 3 + 1) / 2)
    other = Predictions.concatenate(
        [predictions([0, 2], [0, 2], ids=["a", "d"], fold="1"), predictions([0, 0], [0, 1], ids=["b", "c"], fold="2")]
    )
    assert compare_predictions(MULTICLASS, first, other).metrics["accuracy"].first == pytest.approx(3 / 4)


def test_a_row_that_is_tested_in_every_fold_is_paired_fold_by_fold() -> None:
    both = Predictions.concatenate([predictions([0], [0], fold="1"), predictions([1], [0], fold="2")])
    own, other = pair(both, both)
    assert own.tolist() == other.tolist() == [0, 1]


def test_values_have_no_labels_and_no_mcnemar() -> None:
    truth = np.arange(30.0)[:, None]
    first, second = (
        Predictions.of(REGRESSION, [str(row) for row in range(30)], truth + error, truth, data_set="zoo")
        for error in (2.0, 1.0)
    )
    found = compare_predictions(REGRESSION, first, second)
    assert found.metrics["mae"].difference["value"] == pytest.approx(-1.0)
    assert (found.labels, found.mcnemar) == ({}, None)


def test_without_resamples_there_are_no_intervals() -> None:
    found = compare_predictions(MULTICLASS, *random_pair(6), IntervalSettings(resamples=0))
    uar = found.metrics["uar"]
    assert np.isnan([uar.p, uar.difference["low"], uar.difference["high"]]).all()


def test_runs_that_share_no_row_or_no_target_are_refused() -> None:
    first = predictions([0], [0])
    with pytest.raises(motet.DataError, match="no test row is common to both runs"):
        compare_predictions(MULTICLASS, first, predictions([0], [0], ids=["9"]))
    with pytest.raises(motet.DataError, match=r"other targets for 1 of 1 common rows \(first '0'\)"):
        compare_predictions(MULTICLASS, first, predictions([0], [1]))


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    found = holm([float("nan"), 0.01])
    assert np.isnan(found[0])
    assert found[1] == 0.01
