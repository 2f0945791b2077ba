"""Maps as targets: loss, figures, shifts and means."""

from typing import Any

import numpy as np
import pytest
import torch

from motet.data.batch import Column
from motet.errors import DataError
from motet.tasks.dense import Dense
from motet.tasks.map_losses import as_long_as, si_sdr, squared_error
from motet.tasks.map_metrics import MAP_FIGURES
from motet.tasks.map_settings import DenseSettings
from motet.tasks.task import MapOutput


def _task(**options: Any) -> Dense:
    return Dense(DenseSettings.model_validate(options), "clean", Dense.collect_labels(["signal"]))


def _columns(num_columns: int = 3) -> list[Column]:
    values = torch.randn(num_columns, 3, 300, 2, generator=torch.Generator().manual_seed(0))
    return [Column(each, None, torch.tensor([300, 200, 90])) for each in values]


def test_one_map_is_wanted_of_the_shape_of_an_input() -> None:
    output = _task(of="noisy").output_size
    assert isinstance(output, MapOutput)
    assert output.of == "noisy"
    assert not _task().per_frame
    assert _task().decode(np.zeros(2)) == ["signal", "signal"]


def test_the_loss_is_the_sum_of_the_losses_of_rows() -> None:
    prediction, target, _ = _columns()
    columns = prediction.values, target.values, target.lengths
    torch.testing.assert_close(_task().losses(prediction, target), squared_error(*columns))
    task = _task(loss=[{"kind": "mse", "weight": 2.0}, {"kind": "si_sdr"}])
    torch.testing.assert_close(task.losses(prediction, target), 2 * squared_error(*columns) - si_sdr(*columns))


def test_a_shift_predicts_what_comes_next() -> None:
    task, (_, target, _) = _task(shift=2, metrics=["mse"]), _columns()
    future = Column(torch.roll(target.values, -2, dims=1), None, target.lengths)
    assert task.losses(future, target).abs().max() == 0.0
    np.testing.assert_array_equal(task.measure(future, target, target.values), np.zeros((3, 1)))
    assert (task.losses(target, target) > 0.5).all()


def test_a_shift_beyond_the_shortest_row_is_refused() -> None:
    prediction, target, before = _columns()
    wrong = r"task 'clean': shift is 90 frames, but a row has 90: make shift smaller"
    with pytest.raises(DataError, match=wrong):
        _task(shift=90).losses(prediction, target)
    with pytest.raises(DataError, match=wrong):
        _task(shift=90).measure(prediction, target, before.values)
    assert torch.isfinite(_task(shift=89).losses(prediction, target)).all()


def test_figures_are_those_of_each_row_alone() -> None:
    names = ["si_sdr_gain", "si_sdr", "mse", "mae", "lsd"]
    task, columns = _task(metrics=names), _columns()
    prediction, target, before = columns
    found = task.measure(prediction, target, before.values)
    for row, length in enumerate((300, 200, 90)):
        predicted, true, given = (column.values[row, :length].double().numpy() for column in columns)
        assert found[row].tolist() == pytest.approx([MAP_FIGURES[name](predicted, true, given) for name in names])


@pytest.mark.parametrize("frames", [297, 304])
def test_a_prediction_that_ends_early_holds_its_last_frame_and_one_that_ends_late_is_cut(frames: int) -> None:
    (_, target, _), task = _columns(), _task(metrics=["mse", "si_sdr_gain"])
    values = torch.ones(3, frames, 2)
    values[:, -10:] = 3.0
    truth = torch.ones(3, 300, 2)
    truth[:, frames - 10 :] = 3.0
    for lengths in (None, torch.tensor([frames, frames, frames])):
        prediction, whole = Column(values, None, lengths), Column(truth, None, None)
        assert task.losses(prediction, whole).tolist() == [0.0, 0.0, 0.0]
        figures = task.measure(prediction, whole, None)
        assert figures[:, 0].tolist() == [0.0, 0.0, 0.0]
        assert np.isnan(figures[:, 1]).all()
    shorter = Column(values, None, torch.tensor([frames, 150, 80]))
    held = as_long_as(shorter, Column(truth, None, target.lengths))
    assert (held[1, :200] == 1.0).all()
    assert not held[1, 200:].any()


def test_means_leave_out_what_is_undefined_and_weights_are_repeated_rows() -> None:
    task = _task(metrics=["si_sdr_gain", "mse"])
    figures, targets = np.array([[3.0, 0.1], [np.nan, 0.2], [9.0, 0.3]]), np.zeros(3, dtype=np.int64)
    assert task.score(figures, targets) == pytest.approx({"si_sdr_gain": 6.0, "mse": 0.2})
    assert task.score(figures, targets, np.array([2, 1, 1])) == pytest.approx({"si_sdr_gain": 5.0, "mse": 0.175})
    assert task.table(figures, targets) == {"signal": pytest.approx({"rows": 3.0, "si_sdr_gain": 6.0, "mse": 0.2})}
    assert [task.higher_is_better(name) for name in task.metrics.names] == [True, False]
    assert task.finite(np.array([[np.nan, 0.2], [np.nan, np.nan]])).tolist() == [True, False]
    assert task.merge(np.array([[1.0, np.nan], [3.0, 2.0]]), "mean").tolist() == [2.0, 2.0]
