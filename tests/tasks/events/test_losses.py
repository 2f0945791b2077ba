"""Losses of frames and of recordings: closed forms, padding, gradients."""

import math
from typing import get_args

import pytest
import torch

from motet.tasks.events.losses import strong_loss, valid_frames, weak_loss
from motet.tasks.events.pooling import pool_frames
from motet.tasks.losses import BinaryCrossEntropy
from motet.tasks.settings import BinaryCrossEntropySettings, PoolingRule

P = torch.tensor([[[0.2, 0.5], [0.6, 0.5], [0.9, 0.9]]])
TWO = torch.tensor([[True, True, False]])


@pytest.mark.parametrize(
    ("how", "expected"),
    [("max", [0.6, 0.5]), ("mean", [0.4, 0.5]), ("linear_softmax", [(0.04 + 0.36) / 0.8, 0.5])],
)
def test_pooling_of_valid_frames(how: PoolingRule, expected: list[float]) -> None:
    assert pool_frames(P, TWO, how)[0].tolist() == pytest.approx(expected)


def test_attention_weighs_frames_by_scores() -> None:
    scores = torch.tensor([[[0.0, 9.0], [math.log(3), 9.0], [50.0, 50.0]]])
    assert pool_frames(P, TWO, "attention", scores)[0].tolist() == pytest.approx([0.25 * 0.2 + 0.75 * 0.6, 0.5])


def test_the_strong_loss_is_the_mean_over_the_valid_frames_of_each_row() -> None:
    outputs, targets = torch.randn(2, 4, 3, generator=torch.manual_seed(0)), torch.zeros(2, 4, 3)
    targets[0, 1, 2] = 1
    valid = valid_frames(outputs, torch.tensor([2, 4]))
    loss = BinaryCrossEntropy(BinaryCrossEntropySettings(), ("a", "b", "c"))
    found = strong_loss(loss, outputs, targets, valid)
    cells = torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    assert found.tolist() == pytest.approx([float(cells[0, :2].mean()), float(cells[1].mean())])


def test_what_is_padding_changes_no_loss_and_gets_no_gradient() -> None:
    outputs = torch.randn(1, 4, 2, generator=torch.manual_seed(0)).requires_grad_()
    labels = torch.tensor([[1.0, 0.0]])
    valid = valid_frames(outputs, torch.tensor([3]))
    rules: tuple[PoolingRule, ...] = get_args(PoolingRule)
    for how in rules:
        scores = torch.zeros_like(outputs) if how == "attention" else None
        loss = weak_loss(outputs, labels, valid, how, scores)
        alone = weak_loss(outputs[:, :3], labels, valid[:, :3], how, None if scores is None else scores[:, :3])
        (gradient,) = torch.autograd.grad(loss.sum(), outputs)
        assert loss.item() == pytest.approx(alone.item())
        assert gradient[0, :3].abs().sum() > 0
        assert not gradient[0, 3].any()


def test_a_certain_miss_costs_much_but_not_infinitely() -> None:
    outputs = torch.full((1, 2, 1), -200.0)
    loss = weak_loss(outputs, torch.ones(1, 1), torch.ones(1, 2, dtype=torch.bool), "linear_softmax")
    assert 10 < loss.item() < 20


def test_a_row_without_valid_frames_keeps_its_first() -> None:
    assert valid_frames(torch.zeros(1, 3, 1), torch.tensor([0])).tolist() == [[True, False, False]]
