from typing import Any

import pytest
import torch
from torch import Tensor, nn

from motet.config import UserComponent
from motet.errors import ConfigError, MotetError
from motet.training.objective import Objective, build_objective, check_precision
from tests.training.objectives import GRADIENTS, LOSSES, settings_of

CPU = torch.device("cpu")
WEIGHTS = {"a": 1.0, "b": 0.5, "c": 2.0}


class Net(nn.Module):
    """A trunk and a linear head a task."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.trunk = nn.Linear(3, 5)
        self.heads = nn.ModuleDict({task: nn.Linear(5, 1) for task in WEIGHTS})

    def losses(self, rows: slice, tasks: tuple[str, ...]) -> tuple[dict[str, Tensor], Tensor]:
        inputs = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))[rows]
        features = self.trunk(inputs).tanh()
        return {task: (self.heads[task](features)[:, 0] - 1) ** 2 for task in tasks}, features


def backward(loss: Tensor) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


def build(kind: str, net: Net, **options: Any) -> Objective:
    return build_objective(settings_of(kind, **options), WEIGHTS, CPU, list(net.parameters()))


def step(
    objective: Objective, net: Net, cuts: tuple[slice, ...] = (slice(0, 6),), tasks: tuple[str, ...] = tuple(WEIGHTS)
) -> dict[str, Tensor]:
    net.zero_grad()
    torch.manual_seed(0)
    for cut in cuts:
        losses, features = net.losses(cut, tasks)
        objective.accumulate(losses, dict.fromkeys(tasks, 6), backward, (features,))
    objective.combine(backward)
    return {name: own.grad.clone() for name, own in net.named_parameters() if own.grad is not None}


CASES = [
    *((kind, {}) for kind in LOSSES),
    *((kind, {"on": on}) for kind in GRADIENTS for on in ("parameters", "features")),
]


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_micro_batches_change_nothing(kind: str, options: dict[str, str]) -> None:
    net = Net()
    whole = step(build(kind, net, **options), net)
    cut = step(build(kind, net, **options), net, (slice(0, 1), slice(1, 4), slice(4, 6)))
    assert whole.keys() == cut.keys() == dict(net.named_parameters()).keys()
    for name, gradient in whole.items():
        assert torch.allclose(gradient, cut[name], rtol=1e-3, atol=1e-5), name


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_absent_tasks_leave_no_gradient(kind: str, options: dict[str, str]) -> None:
    net = Net()
    found = step(build(kind, net, **options), net, tasks=("a", "c"))
    assert {name for name, _ in net.named_parameters()} - found.keys() == {"heads.b.weight", "heads.b.bias"}
    alone = step(build(kind, net, **options), net, tasks=("b",))
    assert alone["trunk.weight"].norm() > 0


@pytest.mark.parametrize("kind", GRADIENTS)
def test_heads_take_their_own_gradient(kind: str) -> None:
    net = Net()
    expected = step(build("weighted", net), net)
    for on in ("parameters", "features"):
        found = step(build(kind, net, on=on), net)
        for name in (name for name in expected if name.startswith("heads")):
            assert torch.allclose(found[name], expected[name]), name


@pytest.mark.parametrize("on", ["parameters", "features"])
def test_a_sum_of_gradients_is_the_gradient_of_the_sum(on: str) -> None:
    """Where gradients agree, surgery takes nothing away."""

    class Agreeing(Net):
        def losses(self, rows: slice, tasks: tuple[str, ...]) -> tuple[dict[str, Tensor], Tensor]:
            losses, features = super().losses(rows, ("a",))
            return dict.fromkeys(tasks, losses["a"]), features

    net = Agreeing()
    expected, found = step(build("weighted", net), net), step(build("pcgrad", net, on=on), net)
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=1e-6), name


def test_features_and_parameters_agree_on_a_linear_trunk_of_one_row() -> None:
    """With one row, the Jacobian of a linear trunk is that of its output times the row, so all angles are the same."""

    class Linear(Net):
        def losses(self, rows: slice, tasks: tuple[str, ...]) -> tuple[dict[str, Tensor], Tensor]:
            inputs = torch.tensor([[0.3, -0.2, 0.5]])
            features = self.trunk(inputs)
            return {task: (self.heads[task](features)[:, 0] - 1) ** 2 for task in tasks}, features

    net = Linear()
    for kind in ("upgrad", "aligned_mtl", "config", "mgda"):
        here, there = (step(build(kind, net, on=on), net) for on in ("parameters", "features"))
        assert torch.allclose(here["trunk.weight"], there["trunk.weight"], rtol=1e-3, atol=1e-5), kind


@pytest.mark.parametrize("on", ["parameters", "features"])
def test_a_loss_of_the_networks_own_is_added(on: str) -> None:
    net = Net()
    objective = build("upgrad", net, on=on)
    plain = step(objective, net)
    net.zero_grad()
    losses, features = net.losses(slice(0, 6), tuple(WEIGHTS))
    penalty = (net.trunk.weight**2).sum().expand(6)
    objective.accumulate({**losses, "penalty": penalty}, dict.fromkeys([*WEIGHTS, "penalty"], 6), backward, (features,))
    objective.combine(backward)
    assert net.trunk.weight.grad is not None
    assert torch.allclose(net.trunk.weight.grad, plain["trunk.weight"] + 2 * net.trunk.weight, atol=1e-5)


def test_features_that_nobody_names_cannot_be_balanced() -> None:
    net = Net()
    losses, _ = net.losses(slice(0, 6), tuple(WEIGHTS))
    with pytest.raises(ConfigError, match="has no features that all tasks share; use on: parameters"):
        build("mgda", net, on="features").accumulate(losses, dict.fromkeys(WEIGHTS, 6), backward, ())


@pytest.mark.parametrize("on", ["parameters", "features"])
@pytest.mark.parametrize("kind", ["upgrad", "nash_mtl"])
def test_what_is_not_finite_is_told_with_its_task(kind: str, on: str) -> None:
    net = Net()
    losses, features = net.losses(slice(0, 6), tuple(WEIGHTS))
    objective = build(kind, net, on=on)
    with pytest.raises(MotetError, match="training loss of task 'b' is nan"):
        objective.accumulate({**losses, "b": losses["b"] * torch.nan}, dict.fromkeys(WEIGHTS, 6), backward, (features,))


def test_float16_is_refused() -> None:
    for kind in GRADIENTS:
        with pytest.raises(ConfigError, match=f"{kind} balances gradients, which float16 lets overflow"):
            check_precision(settings_of(kind), torch.float16)
        check_precision(settings_of(kind), torch.bfloat16)
    check_precision(settings_of("uncertainty"), torch.float16)
    check_precision(UserComponent.of(sum), torch.float16)
