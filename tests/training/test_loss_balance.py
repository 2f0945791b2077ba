import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
import torchjd.scalarization as reference
from torch import Tensor, nn

from motet.errors import MotetError
from motet.training.loss_balance import build_loss_balance
from tests.training.objectives import settings_of

TASKS = ("a", "b", "c")
FIRST = {"a": 2.0, "b": 0.5, "c": 1.0}


def balance(kind: str, **options: Any) -> Any:
    return build_loss_balance(settings_of(kind, **options), TASKS)


def tensors(values: Mapping[str, float]) -> dict[str, Tensor]:
    return {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}


def gradients(module: nn.Module, values: Mapping[str, float]) -> dict[str, float]:
    losses = tensors(values)
    torch.autograd.backward(module(losses))
    return {name: 0.0 if loss.grad is None else loss.grad.item() for name, loss in losses.items()}


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        ("gls", reference.GeometricMean()),
        ("stch", reference.STCH(mu=0.1)),
        ("uncertainty", reference.UW(3)),
        ("imtl_l", reference.IMTLL(3)),
        ("famo", reference.FAMO(3)),
        ("dwa", reference.DWA()),
    ],
)
def test_equal_to_the_reference(kind: str, other: nn.Module) -> None:
    values = torch.tensor(list(FIRST.values()), requires_grad=True)
    expected = other(values)
    torch.autograd.backward(expected)
    assert values.grad is not None
    assert balance(kind)(tensors(FIRST)).item() == pytest.approx(expected.item(), rel=1e-5)
    assert list(gradients(balance(kind), FIRST).values()) == pytest.approx(values.grad.tolist(), rel=1e-5)


def test_learned_scales_have_the_gradients_of_the_reference() -> None:
    for kind, other in (("uncertainty", reference.UW(3)), ("imtl_l", reference.IMTLL(3))):
        own = balance(kind)
        torch.autograd.backward(own(tensors(FIRST)))
        torch.autograd.backward(other(torch.tensor(list(FIRST.values()))))
        (expected,) = (parameter.grad for parameter in other.parameters())
        assert expected is not None
        assert [parameter.grad.item() for parameter in own.parameters()] == pytest.approx(expected.tolist())


def test_famo_follows_the_reference_for_many_steps() -> None:
    own, other = balance("famo", learning_rate=0.1), reference.FAMO(3, lr=0.1)
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        before, after = torch.rand(2, 3, generator=generator) + 0.1
        assert own(dict(zip(TASKS, before, strict=True))).item() == pytest.approx(other(before).item(), rel=1e-4)
        own.after_step(dict(zip(TASKS, before, strict=True)), lambda after=after: dict(zip(TASKS, after, strict=True)))
        other.update(after)
    expected = dict(other.named_parameters())["_w"].tolist()
    assert own.logits.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_dwa_follows_the_reference_from_epoch_to_epoch() -> None:
    own, other = balance("dwa", temperature=0.5), reference.DWA(0.5)
    for epoch in range(4):
        values = torch.tensor([2.0 - 0.4 * epoch, 1.0 - 0.1 * epoch, 0.5])
        found = own(dict(zip(TASKS, values, strict=True)))
        assert found.item() == pytest.approx(other(values).item(), rel=1e-5)
        own.end_epoch(dict(zip(TASKS, values.tolist(), strict=True)))
        other.step()


def test_normalised_by_the_first_value() -> None:
    own = balance("normalised", by="first")
    assert own(tensors(FIRST)).item() == pytest.approx(3.0)
    assert gradients(own, FIRST) == pytest.approx({"a": 0.5, "b": 2.0, "c": 1.0})
    own.after_step(tensors(FIRST), dict)
    own.after_step(tensors({"a": 9.0, "b": 9.0}), dict)
    assert gradients(own, FIRST) == pytest.approx({"a": 0.5, "b": 2.0, "c": 1.0})


def test_normalised_by_a_running_mean() -> None:
    own = balance("normalised", by="running", decay=0.75)
    with torch.no_grad():
        own.after_step(tensors(FIRST), dict)
        own.after_step(tensors({"a": 6.0}), dict)
    assert own.values.tolist() == pytest.approx([0.75 * 2 + 0.25 * 6, 0.5, 1.0])


@pytest.mark.parametrize("kind", ["normalised", "uncertainty", "dwa", "imtl_l", "famo"])
def test_the_state_of_a_task_that_is_absent_stands_still(kind: str) -> None:
    own = balance(kind)
    optimizer = torch.optim.Adam(own.parameters(), lr=0.1) if list(own.parameters()) else None
    kept = []
    for values in (FIRST, FIRST, {"a": 1.0, "c": 3.0}, {"a": 4.0, "c": 0.2}):
        if optimizer is not None:
            optimizer.zero_grad()
            torch.autograd.backward(own(tensors(values)))
            optimizer.step()
        with torch.no_grad():
            if hasattr(own, "after_step"):
                own.after_step(
                    tensors(values), lambda values=values: tensors({n: v / (1 + v) for n, v in values.items()})
                )
            if hasattr(own, "end_epoch"):
                own.end_epoch(values)
        state = own.state_dict()
        flat = {name: value.reshape(-1, 3).clone() for name, value in state.items() if value.numel() % 3 == 0}
        scalars = torch.tensor([value.item() for value in state.values() if value.dim() == 0])
        kept.append(flat or {"scalars": scalars.view(1, 3)})
    for name, value in kept[1].items():
        assert torch.equal(kept[3][name][:, 1], value[:, 1])
        assert not torch.equal(kept[3][name][:, 0], value[:, 0])


@pytest.mark.parametrize("kind", ["gls", "famo"])
def test_a_logarithm_wants_losses_above_zero(kind: str) -> None:
    with pytest.raises(MotetError, match=rf"{kind} takes logarithms, but the loss of 'b' is -1"):
        balance(kind)(tensors({"a": 1.0, "b": -1.0}))
    assert math.isfinite(balance(kind)(tensors({"a": 1.0, "b": 0.0})).item())


@pytest.mark.parametrize("kind", ["uncertainty", "imtl_l", "dwa"])
def test_what_says_that_it_is_affine_is(kind: str) -> None:
    own = balance(kind)
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.fill_(0.3)
    two = {name: 2 * value for name, value in FIRST.items()}
    zero = own(tensors(dict.fromkeys(TASKS, 0.0)))
    assert (own(tensors(two)) - zero).item() == pytest.approx(2 * (own(tensors(FIRST)) - zero).item())
