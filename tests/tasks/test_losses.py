"""Losses against PyTorch's own and against closed forms; gradients against finite differences."""

import numpy as np
import pytest
import torch
from torch import Tensor

from motet.errors import ConfigError
from motet.tasks.losses import Loss
from motet.tasks.losses import build_loss as build_named_loss
from motet.tasks.settings import (
    AbsoluteErrorSettings,
    BinaryCrossEntropySettings,
    BinaryFocalSettings,
    CrossEntropySettings,
    FocalSettings,
    HuberSettings,
    SquaredErrorSettings,
)

_NAMES = ("a", "b", "c")


def build_loss(settings: object, names: tuple[str, ...] = _NAMES) -> Loss:
    return build_named_loss(settings, names, task="letters")


def _codes() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(16, 3, generator=generator), torch.randint(0, 3, (16,), generator=generator)


def _flags() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(16, 3, generator=generator), (torch.rand(16, 3, generator=generator) < 0.4).float()


def _numbers() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(16, 3, generator=generator), torch.randn(16, 3, generator=generator) * 2


def test_cross_entropy_is_that_of_pytorch() -> None:
    predictions, targets = _codes()
    settings = CrossEntropySettings(label_smoothing=0.1, class_weights={"b": 3.0})
    expected = torch.nn.CrossEntropyLoss(torch.tensor([1.0, 3.0, 1.0]), reduction="none", label_smoothing=0.1)
    torch.testing.assert_close(build_loss(settings, _NAMES)(predictions, targets), expected(predictions, targets))


def test_balanced_classes_weigh_one_on_average() -> None:
    targets = np.array([0, 0, 0, 1])
    loss = build_loss(CrossEntropySettings(class_weights="balanced"), _NAMES)
    plain = build_loss(CrossEntropySettings(), _NAMES)
    predictions, codes = torch.zeros(4, 3), torch.from_numpy(targets)
    torch.testing.assert_close(loss(predictions, codes), plain(predictions, codes))
    loss.fit(targets)  # type: ignore[attr-defined]
    ratios = loss(predictions, codes) / plain(predictions, codes)
    torch.testing.assert_close(ratios, torch.tensor([2 / 3, 2 / 3, 2 / 3, 2.0]))
    assert float(ratios.mean()) == pytest.approx(1.0)


def test_focal_follows_its_equation() -> None:
    predictions, targets = _codes()
    settings = FocalSettings(gamma=1.5, class_weights={"a": 0.25})
    truth = predictions.softmax(dim=1).gather(1, targets[:, None])[:, 0]
    weights = torch.tensor([0.25, 1.0, 1.0])[targets]
    expected = -weights * (1 - truth) ** 1.5 * truth.log()
    torch.testing.assert_close(build_loss(settings, _NAMES)(predictions, targets), expected)


def test_focal_with_gamma_zero_is_cross_entropy() -> None:
    predictions, targets = _codes()
    torch.testing.assert_close(
        build_loss(FocalSettings(gamma=0.0), _NAMES)(predictions, targets),
        build_loss(CrossEntropySettings(), _NAMES)(predictions, targets),
    )


def test_binary_cross_entropy_is_that_of_pytorch() -> None:
    predictions, targets = _flags()
    settings = BinaryCrossEntropySettings(label_smoothing=0.2, positive_weights={"c": 4.0})
    expected = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 1.0, 4.0]), reduction="none")
    smoothed = targets * 0.8 + 0.1
    torch.testing.assert_close(
        build_loss(settings, _NAMES)(predictions, targets), expected(predictions, smoothed).mean(dim=1)
    )


def test_positives_are_balanced_against_negatives() -> None:
    loss = build_loss(BinaryCrossEntropySettings(positive_weights="balanced"), _NAMES)
    loss.fit(np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]]))  # type: ignore[attr-defined]
    ones = torch.eye(3)
    values = loss(torch.zeros(3, 3), ones) * 3 / np.log(2)
    torch.testing.assert_close(values, torch.tensor([5.0, 3.0, 3.0]))


def test_binary_focal_follows_its_equation() -> None:
    predictions, targets = _flags()
    truth = torch.where(targets > 0, predictions.sigmoid(), 1 - predictions.sigmoid())
    alpha = torch.where(targets > 0, 0.25, 0.75)
    expected = (-alpha * (1 - truth) ** 2 * truth.log()).mean(dim=1)
    loss = build_loss(BinaryFocalSettings(alpha=0.25), _NAMES)
    torch.testing.assert_close(loss(predictions, targets), expected)


def test_codes_of_one_output_are_flags() -> None:
    predictions, codes = torch.randn(5, 1), torch.tensor([0, 1, 1, 0, 1])
    for settings in (BinaryCrossEntropySettings(), BinaryFocalSettings()):
        loss = build_loss(settings, ("yes",))
        torch.testing.assert_close(loss(predictions, codes), loss(predictions, codes[:, None].float()))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SquaredErrorSettings(), torch.nn.MSELoss(reduction="none")),
        (AbsoluteErrorSettings(), torch.nn.L1Loss(reduction="none")),
        (HuberSettings(delta=0.7), torch.nn.HuberLoss(reduction="none", delta=0.7)),
    ],
)
def test_losses_of_numbers_are_those_of_pytorch(settings: object, expected: torch.nn.Module) -> None:
    predictions, targets = _numbers()
    result = build_loss(settings, _NAMES)(predictions, targets)
    torch.testing.assert_close(result, expected(predictions, targets).mean(dim=1))


_ALL: list[tuple[object, tuple[Tensor, Tensor]]] = [
    (CrossEntropySettings(label_smoothing=0.1), _codes()),
    (FocalSettings(gamma=0.5), _codes()),
    (BinaryCrossEntropySettings(), _flags()),
    (BinaryFocalSettings(gamma=0.5, alpha=0.3), _flags()),
    (SquaredErrorSettings(), _numbers()),
    (AbsoluteErrorSettings(), _numbers()),
    (HuberSettings(), _numbers()),
]


@pytest.mark.parametrize(("settings", "rows"), _ALL)
def test_a_row_depends_on_no_other_row(settings: object, rows: tuple[Tensor, Tensor]) -> None:
    loss: Loss = build_loss(settings, _NAMES)
    predictions, targets = rows
    together = loss(predictions, targets)
    alone = torch.cat([loss(predictions[row : row + 1], targets[row : row + 1]) for row in range(len(targets))])
    assert together.shape == (16,)
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize(("settings", "rows"), _ALL)
def test_half_precision_is_computed_in_single(settings: object, rows: tuple[Tensor, Tensor]) -> None:
    predictions, targets = rows
    result = build_loss(settings, _NAMES)(predictions.bfloat16(), targets)
    assert result.dtype == torch.float32


@pytest.mark.parametrize("settings", [FocalSettings(gamma=0.5), FocalSettings(gamma=2.0)])
def test_the_gradient_of_a_sure_row_is_finite(settings: FocalSettings) -> None:
    predictions = torch.tensor([[200.0, 0.0, 0.0], [-200.0, 0.0, 0.0]], requires_grad=True)
    build_loss(settings, _NAMES)(predictions, torch.tensor([0, 0])).sum().backward()  # type: ignore[no-untyped-call]
    assert predictions.grad is not None
    assert torch.isfinite(predictions.grad).all()


def test_a_weight_for_an_unknown_label_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"task 'letters': weights of loss 'cross_entropy': label 'd' is unknown"):
        build_loss(CrossEntropySettings(class_weights={"d": 1.0}), _NAMES)
    with pytest.raises(ConfigError, match=r"task 'letters': weights of loss 'bce': label 'd' is unknown"):
        build_loss(BinaryCrossEntropySettings(positive_weights={"d": 1.0}), _NAMES)
