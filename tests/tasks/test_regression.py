"""Tasks with numbers: own units outside, standard deviations inside."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from motet.errors import DataError
from motet.tasks import Regression
from motet.tasks.settings import AbsoluteErrorSettings, RegressionSettings

_TARGETS = np.array([[10.0, 0.1], [20.0, 0.3], [30.0, 0.2], [60.0, 0.2]], dtype=np.float32)


def _task(**options: Any) -> Regression:
    task = Regression(RegressionSettings(**options), "affect", ("arousal", "valence"))
    task.fit(_TARGETS)
    return task


def test_values_have_names() -> None:
    assert Regression.collect_labels([1, 2.5, np.float32(3)]) == ("value",)
    assert Regression.collect_labels([(1.0, 2.0), (3.0, 4.0)]) == ("value_1", "value_2")
    assert Regression.collect_labels([]) == ()
    assert Regression(RegressionSettings(labels=("age",)), "t", ("value",)).labels == ("age",)


def test_the_network_predicts_standard_deviations() -> None:
    task = _task()
    standardised = (_TARGETS - _TARGETS.mean(axis=0)) / _TARGETS.std(axis=0)
    np.testing.assert_allclose(task.probabilities(standardised), _TARGETS, rtol=1e-6)
    losses = task.loss(torch.zeros(4, 2), torch.from_numpy(_TARGETS))
    np.testing.assert_allclose(losses.numpy(), (standardised**2).mean(axis=1), rtol=1e-5)
    assert float(losses.mean()) == pytest.approx(1.0, rel=1e-5)
    absolute = _task(loss=AbsoluteErrorSettings()).loss(torch.zeros(4, 2), torch.from_numpy(_TARGETS))
    np.testing.assert_allclose(absolute.numpy(), np.abs(standardised).mean(axis=1), rtol=1e-5)


def test_a_change_of_unit_changes_no_loss() -> None:
    other = Regression(RegressionSettings(), "affect", ("arousal", "valence"))
    other.fit(_TARGETS * 1000 - 5)
    predictions = torch.randn(4, 2)
    own = _task().loss(predictions, torch.from_numpy(_TARGETS))
    torch.testing.assert_close(
        other.loss(predictions, torch.from_numpy(_TARGETS * 1000 - 5)), own, rtol=1e-4, atol=1e-5
    )


def test_what_does_not_vary_keeps_its_unit() -> None:
    task = Regression(RegressionSettings(), "t", ("value",))
    task.fit(np.full((5, 1), 0.1, dtype=np.float32))
    assert task.decision_state() == {"mean": [pytest.approx(0.1)], "spread": [1.0]}


def test_the_unit_is_kept_with_a_saved_model() -> None:
    task = _task()
    again = Regression(RegressionSettings(), "affect", ("arousal", "valence"))
    again.load_decision_state(json.loads(json.dumps(task.decision_state())))
    outputs = np.random.default_rng(0).normal(size=(3, 2))
    np.testing.assert_array_equal(again.probabilities(outputs), task.probabilities(outputs))


def test_a_weight_is_a_repeated_row() -> None:
    task = _task()
    values = _TARGETS + np.random.default_rng(0).normal(size=(4, 2))
    rows = np.array([0, 0, 1, 3, 3, 3])
    weighted = task.score(values, _TARGETS, np.bincount(rows))
    assert weighted == pytest.approx(task.score(values[rows], _TARGETS[rows]))
    assert list(weighted) == ["ccc", "pearson", "mae", "rmse"]
    assert task.score(_TARGETS.astype(np.float64), _TARGETS) == pytest.approx(
        {"ccc": 1, "pearson": 1, "mae": 0, "rmse": 0}
    )
    assert [task.higher_is_better(name) for name in weighted] == [True, True, False, False]


def test_the_table_has_a_row_for_every_value() -> None:
    table = _task().table(_TARGETS + np.array([1.0, 0.0]), _TARGETS)
    assert list(table) == ["arousal", "valence"]
    assert (table["arousal"]["mae"], table["valence"]["mae"]) == pytest.approx((1.0, 0.0))
    assert _task().confusion(_TARGETS, _TARGETS) is None


def test_targets_return() -> None:
    task = _task()
    assert task.decode(np.stack([task.encode((1, 2.5))])) == [(1.0, 2.5)]
    single = Regression(RegressionSettings(), "age", ("value",))
    encoded = single.encode(40)
    assert encoded.tolist() == [40.0]
    assert encoded.dtype == np.float32
    assert single.decode(encoded[None]) == [40.0]


def test_segments_are_merged_but_do_not_vote() -> None:
    values = np.array([[1.0, 5.0], [2.0, 6.0], [6.0, 7.0]])
    assert _task().merge(values, "median").tolist() == [2.0, 6.0]
    assert _task().merge_rules == ("mean", "max", "median")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (1.0, "1.0 has 1 values, but there are 2"),
        ((1.0, float("nan")), "is not a finite number"),
        ((1.0, float("inf")), "is not a finite number"),
        ((1.0, 1e39), "is not a finite number of float32"),
        ((1.0, 10**400), "is not a finite number of float32"),
        (("1", "2"), r"is text, and a regression wants numbers: .* \{name:d\} or \{name:f\}"),
    ],
)
def test_other_targets_are_refused(target: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _task().encode(target)


def test_targets_of_different_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="targets have 1 and 2 values"):
        Regression.collect_labels([1.0, (1.0, 2.0)])
    with pytest.raises(DataError, match=r"frozenset\(\{.b.\}\) is no number"):
        Regression.collect_labels([1.0, frozenset("b")])
    with pytest.raises(DataError, match="the data have no value"):
        Regression(RegressionSettings(), "t", ())
