"""Decisions, and thresholds tuned on development rows."""

import json

import numpy as np
import pytest
import sklearn.metrics as reference
from numpy.typing import NDArray

from motet.tasks.decisions import Argmax, Identity, Threshold, TunedThreshold, best_threshold, build_decision
from motet.tasks.settings import ArgmaxSettings, IdentitySettings, ThresholdSettings, TunedThresholdSettings


def test_argmax_takes_the_first_of_equals() -> None:
    decided = Argmax(ArgmaxSettings())(np.array([[0.2, 0.4, 0.4], [0.5, 0.3, 0.2]]))
    np.testing.assert_array_equal(decided, [1, 0])


def test_a_threshold_is_reached_from_itself_on() -> None:
    decided = Threshold(ThresholdSettings(value=0.3))(np.array([[0.3, 0.29]]))
    np.testing.assert_array_equal(decided, [[True, False]])


def test_identity_returns_the_values() -> None:
    values = np.array([[1.5, -2.0]])
    np.testing.assert_array_equal(Identity(IdentitySettings())(values), values)


@pytest.mark.parametrize("metric", ["f1", "uar"])
@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better(metric: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.random(25).round(2)
    truth = generator.random(25) < scores
    chosen = best_threshold(scores, truth, metric)
    function = reference.f1_score if metric == "f1" else reference.balanced_accuracy_score
    best = max(function(truth, scores >= threshold) for threshold in np.append(np.unique(scores), 2.0))
    assert function(truth, scores >= chosen) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "truth", "expected"),
    [
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True], 0.5),
        ([0.1, 0.2, 0.3, 0.4], [False, False, True, True], 0.25),
        ([0.6, 0.7, 0.8, 0.9], [False, False, True, True], 0.75),
        ([0.1, 0.9], [True, True], 0.5),
        ([0.1, 0.9], [False, False], 0.5),
    ],
)
def test_thresholds_lie_halfway_or_at_one_half(scores: list[float], truth: list[bool], expected: float) -> None:
    assert best_threshold(np.array(scores), np.array(truth), "f1") == pytest.approx(expected)


def test_neighbouring_numbers_are_told_apart() -> None:
    high = 0.7
    scores = np.array([np.nextafter(high, 0), high])
    chosen = best_threshold(scores, np.array([False, True]), "uar")
    np.testing.assert_array_equal(scores >= chosen, [False, True])


def _rows() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    probabilities = np.array([[0.1, 0.6], [0.2, 0.7], [0.3, 0.8], [0.4, 0.9]])
    return probabilities, np.array([[0, 0], [0, 0], [1, 1], [1, 1]], dtype=np.float32)


def test_each_label_is_tuned_and_returns_from_json() -> None:
    probabilities, targets = _rows()
    tuned = TunedThreshold(TunedThresholdSettings())
    assert tuned.state() == {}
    np.testing.assert_array_equal(tuned(probabilities)[:, 0], [False] * 4)
    tuned.tune(probabilities, targets)
    np.testing.assert_array_equal(tuned(probabilities), targets == 1)
    again = TunedThreshold(TunedThresholdSettings())
    again.load_state(json.loads(json.dumps(tuned.state())))
    np.testing.assert_array_equal(again(probabilities), targets == 1)
    again.load_state({})
    np.testing.assert_array_equal(again(probabilities)[:, 0], [False] * 4)


def test_every_kind_builds() -> None:
    kinds = (ArgmaxSettings, IdentitySettings, ThresholdSettings, TunedThresholdSettings)
    built = [type(build_decision(settings())).__name__ for settings in kinds]
    assert built == ["Argmax", "Identity", "Threshold", "TunedThreshold"]
