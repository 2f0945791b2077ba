"""Running figures equal the figures of all rows at once, and resume bit for bit."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from motet.tasks import Binary, Multiclass, Multilabel, Regression, Task
from motet.tasks.settings import BinarySettings, MulticlassSettings, MultilabelSettings, RegressionSettings

Batches = list[tuple[Tensor, Tensor]]


def _regression() -> Regression:
    task = Regression(RegressionSettings(), "numbers", ("x", "y"))
    task.fit(np.random.default_rng(0).normal([50.0, -3.0], [10.0, 0.1], (100, 2)))
    return task


_TASKS: list[Task] = [
    Multiclass(MulticlassSettings(), "classes", ("a", "b", "c", "d")),
    Binary(BinarySettings(), "binary", ("no", "yes")),
    Multilabel(MultilabelSettings(), "labels", ("a", "b", "c")),
    _regression(),
]


def _batches(task: Task, count: int = 150) -> Batches:
    generator = torch.Generator().manual_seed(0)
    batches = []
    for number in range(count):
        rows = 1 + number % 5
        predictions = torch.randn(rows, task.output_size, generator=generator)
        if isinstance(task, Regression):
            targets = torch.randn(rows, 2, generator=generator) * torch.tensor([10.0, 0.1]) + torch.tensor([50.0, -3.0])
        elif isinstance(task, Multilabel):
            targets = (torch.rand(rows, 3, generator=generator) < 0.5).float()
        else:
            targets = torch.randint(0, len(task.labels) - 1, (rows,), generator=generator)
        batches.append((predictions, targets))
    return batches


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_sums_over_batches_equal_all_rows_at_once(task: Task) -> None:
    batches = _batches(task)
    running = task.running()
    for predictions, targets in batches:
        running.update(predictions.requires_grad_(), targets)
    probabilities = task.probabilities(torch.cat([p.detach() for p, _ in batches]).numpy())
    expected = task.score(probabilities, torch.cat([t for _, t in batches]).numpy())
    result = running.result()
    assert set(expected) - set(result) == ({"auc", "map"} & set(expected))
    for name, value in result.items():
        assert value == pytest.approx(expected[name], rel=1e-5), name
    assert list(result) == [name for name in expected if name in result]


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("stop", [0, 1, 64, 100, 128])
def test_a_resumed_sum_is_the_same_bit_for_bit(task: Task, stop: int) -> None:
    batches = _batches(task)
    whole, first, second = task.running(), task.running(), task.running()
    for number, batch in enumerate(batches):
        whole.update(*batch)
        if number < stop:
            first.update(*batch)
    second.load_state_dict({name: tensor.clone() for name, tensor in first.state_dict().items()})
    for batch in batches[stop:]:
        second.update(*batch)
    assert second.result() == whole.result()


def test_without_batches_there_are_no_figures() -> None:
    assert _TASKS[0].running().result() == {}
    assert _TASKS[0].running().state_dict() == {}


class _NoWaiting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses what makes the host wait for the device: reading a value, or a result whose size depends on values."""

    def __torch_dispatch__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(function)
        assert not any(word in name for word in ("_local_scalar", "nonzero", "bincount", "unique", "masked_select")), (
            name
        )
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_neither_loss_nor_sums_wait_for_the_device(task: Task) -> None:
    running, batches = task.running(), _batches(task, count=130)
    with _NoWaiting():  # type: ignore[no-untyped-call]
        for predictions, targets in batches:
            task.loss(predictions, targets)
            running.update(predictions, targets)
        with pytest.raises(AssertionError, match="_local_scalar"):
            batches[0][0].sum().item()


@pytest.mark.parametrize("task", _TASKS, ids=lambda task: task.name)
def test_a_batch_costs_little(task: Task) -> None:
    predictions = torch.randn(32, task.output_size)
    targets = torch.zeros(32, *task.target_shape, dtype=torch.from_numpy(np.zeros(0, task.target_dtype)).dtype)
    running = task.running()
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(640):
            running.update(predictions, targets)
        best = min(best, (time.process_time() - start) / 640)
    assert best < 60e-6, f"{best * 1e6:.1f} us a batch, where 20 us are meant"
