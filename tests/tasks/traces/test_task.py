"""Values over time as a task: losses and figures against concordance written by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.data.batch import Column
from motet.errors import DataError, UserCodeError
from motet.features.feature_map import TimeGrid
from motet.sources.trace import Trace
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.traces.settings import TimeRegressionSettings
from motet.tasks.traces.task import TimeRegression

_GRID = TimeGrid(0.0, 0.5)


def concordance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Lin 1989, equation 1, of two lists of numbers."""
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    return float(2 * covariance / (first.var() + second.var() + (first.mean() - second.mean()) ** 2))


def _task(**options: Any) -> TimeRegression:
    return TimeRegression(TimeRegressionSettings.model_validate(options), "affect", ("arousal", "valence"))


def _rows(count: int = 3, frames: int = 20) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """Predicted and true values of rows, the last of which is known at every second moment only."""
    random = np.random.default_rng(1)
    predicted = random.normal(size=(count, frames, 2)).astype(np.float32)
    true = [random.normal(size=(frames, 2)) + 0.5 * predicted[row] for row in range(count)]
    true[-1][1::2] = np.nan
    return predicted, true


def _encoded(task: TimeRegression, true: list[NDArray[Any]]) -> NDArray[Any]:
    return as_objects(task.encode(Trace.sampled(values, rate_hz=2.0)) for values in true)


def _losses(task: TimeRegression, predicted: NDArray[Any], targets: NDArray[Any]) -> NDArray[Any]:
    values, counts = task.collate(targets, np.zeros(len(targets)), np.full(len(targets), 100.0))
    target = Column(torch.from_numpy(values), None, torch.from_numpy(counts))
    return task.losses(Column(torch.from_numpy(predicted), None, None, _GRID), target).numpy()


def test_the_loss_is_one_minus_the_concordance_of_known_frames() -> None:
    predicted, true = _rows()
    task = _task()
    found = _losses(task, predicted, _encoded(task, true))
    expected = []
    for row in range(3):
        known = ~np.isnan(true[row]).any(axis=1)
        if row == 2:  # beside what is unknown nothing is known, but at the moments themselves
            assert known.sum() == 10
        values = [concordance(predicted[row][known, value], true[row][known, value]) for value in range(2)]
        expected.append(1 - np.mean(values))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    batch = _task(loss={"kind": "ccc", "over": "batch"})
    together = _losses(batch, predicted, _encoded(batch, true))
    known = ~np.isnan(np.concatenate(true)).any(axis=1)
    pooled = [
        concordance(predicted.reshape(-1, 2)[known, value], np.concatenate(true)[known, value]) for value in range(2)
    ]
    np.testing.assert_allclose(together, 1 - np.mean(pooled), rtol=1e-4)


@pytest.mark.parametrize("kind", ["mse", "l1"])
def test_other_losses_are_means_over_known_frames_in_standard_deviations(kind: str) -> None:
    predicted, true = _rows()
    task = _task(loss=kind)
    targets = _encoded(task, true)
    task.fit(targets)
    every = np.concatenate(true)
    every = every[~np.isnan(every).any(axis=1)]
    expected = []
    for row in range(3):
        error = predicted[row] - (true[row] - every.mean(axis=0)) / every.std(axis=0)
        error = error[~np.isnan(error).any(axis=1)]
        expected.append(np.square(error).mean() if kind == "mse" else np.abs(error).mean())
    np.testing.assert_allclose(_losses(task, predicted, targets), expected, rtol=1e-4)
    outputs = predicted[0]
    np.testing.assert_allclose(
        task.frame_probabilities(outputs), outputs * every.std(axis=0) + every.mean(axis=0), rtol=1e-5
    )


def test_a_row_of_which_nothing_is_known_has_no_loss_and_a_finite_gradient() -> None:
    for loss in ("ccc", "mse"):
        task = _task(loss=loss)
        targets = _encoded(task, [np.full((4, 2), np.nan), np.ones((4, 2))])
        values, counts = task.collate(targets, np.zeros(2), np.full(2, 100.0))
        outputs = torch.zeros(2, 8, 2, requires_grad=True)
        target = Column(torch.from_numpy(values), None, torch.from_numpy(counts))
        losses = task.losses(Column(outputs, None, None, _GRID), target)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        assert losses[0] == 0.0
        assert losses[1] > 0
        assert outputs.grad is not None
        assert torch.isfinite(outputs.grad).all()


def test_figures_are_over_all_moments_and_by_recording() -> None:
    predicted, true = _rows(4)
    task = _task(metrics=["ccc", "mean_ccc", "pearson", "rmse", "mae"])
    frames = as_objects(FrameValues(row, _GRID) for row in predicted)
    targets = _encoded(task, true)
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    found = task.score(frames, targets, weights)
    rows = [0, 1, 1, 3]
    p, t = (np.concatenate([part[row] for row in rows]) for part in (predicted.astype(np.float64), true))
    p, t = p[~np.isnan(t).any(axis=1)], t[~np.isnan(t).any(axis=1)]
    expected = {
        "ccc": np.mean([concordance(p[:, value], t[:, value]) for value in range(2)]),
        "pearson": np.mean([np.corrcoef(p[:, value], t[:, value])[0, 1] for value in range(2)]),
        "rmse": np.sqrt(np.square(p - t).mean(axis=0)).mean(),
        "mae": np.abs(p - t).mean(),
    }
    single = []
    for row in rows:
        known = ~np.isnan(true[row]).any(axis=1)
        own = [concordance(predicted[row][known, value], true[row][known, value]) for value in range(2)]
        single.append(np.mean(own))
    assert found == pytest.approx({**expected, "mean_ccc": np.mean(single)})
    table = task.table(frames, targets)
    assert list(table) == ["arousal", "valence"]
    assert set(table["arousal"]) == {"ccc", "pearson", "rmse", "mae"}
    assert [task.higher_is_better(name) for name in ("ccc", "mean_ccc", "rmse")] == [True, True, False]


def test_a_delay_moves_annotations_to_what_they_are_of() -> None:
    task = _task(delay_s=1.5)
    (moments,) = _encoded(task, [np.arange(12.0).reshape(6, 2)])
    assert moments[:, 0].tolist() == [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0]
    values = np.array([[6.0, 7.0], [8.0, 9.0], [10.0, 11.0], [0.0, 0.0]], np.float32)
    frames = as_objects([FrameValues(values, _GRID)])
    found = task.compare(frames, task.decide(frames), as_objects([moments]))
    assert found.sums.counts.tolist() == [4.0]  # from a frame before the first on
    assert found.score(["mae"], np.ones((1, 1)))["mae"][0] == 0.5  # of 4, 6, 8, 10 and 5, 7, 9, 11 the first is 6, 7


def test_the_width_of_the_filter_is_the_best_on_development_rows() -> None:
    random = np.random.default_rng(0)
    slow = np.sin(np.arange(200) / 20)[:, None] * np.array([1.0, 0.5])
    noisy = (slow + random.normal(size=slow.shape)).astype(np.float32)
    task = _task(decision={"kind": "tuned_filter", "widths_s": [0.0, 5.0, 60.0]})
    frames = as_objects([FrameValues(noisy, _GRID)])
    targets = _encoded(task, [slow])
    before = task.score(frames, targets)["ccc"]
    task.tune(frames, targets)
    assert task.decision_state()["width_s"] == 5.0
    assert task.score(frames, targets)["ccc"] > before + 0.2
    again = _task(decision={"kind": "tuned_filter"})
    again.load_decision_state(task.decision_state())
    np.testing.assert_array_equal(again.decide(frames)[0], task.decide(frames)[0])


def test_names_are_those_of_the_annotations() -> None:
    named = Trace([0.0, 1.0], [[1, 2], [3, 4]], ("a", "b"))
    assert TimeRegression.collect_labels([named, named]) == ("a", "b")
    assert TimeRegression.collect_labels([Trace([0.0], [1.0])]) == ("value",)
    with pytest.raises(DataError, match="some annotations have the values a, b and some value"):
        TimeRegression.collect_labels([named, Trace([0.0], [1.0])])
    with pytest.raises(DataError, match="task 'affect': an annotation has 1 values, but there are 2"):
        _task().encode(Trace([0.0], [1.0]))
    with pytest.raises(DataError, match=r"task 'affect': 0.5 is no annotation over time; give motet.sources.Trace"):
        _task().encode(0.5)


def double(values: NDArray[Any], step_s: float) -> NDArray[Any]:
    """A decision of the user's own."""
    return 2 * values


def test_a_decision_of_ones_own_changes_values() -> None:
    settings = TimeRegressionSettings.model_validate({"decision": double})
    task = TimeRegression(settings, "affect", ("arousal",))
    frames = as_objects([FrameValues(np.array([[1.0], [2.0]], np.float32), _GRID)])
    assert task.decide(frames)[0].tolist() == [[0.0, 2.0], [0.5, 4.0]]
    wrong = TimeRegression(
        TimeRegressionSettings.model_validate({"decision": lambda values, step_s: values[:1]}), "affect", ("arousal",)
    )
    with pytest.raises(UserCodeError, match="return as many finite numbers"):
        wrong.decide(frames)
