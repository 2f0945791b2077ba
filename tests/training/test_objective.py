from typing import Any

import pytest
import torch
from torch import Tensor, nn

from motet.config import UserComponent
from motet.errors import ConfigError
from motet.training.objective import CombinedLosses, Objective, WeightedSum, build_objective
from motet.training.objective_settings import WeightedSettings

CPU = torch.device("cpu")


def backward(loss: Tensor) -> None:
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]


def gradient(objective: Objective, cuts: list[slice]) -> list[float]:
    """The gradient of two losses over 6 and 3 rows, handed over in parts."""
    point = torch.tensor([0.5, -1.0], requires_grad=True)
    rows = torch.arange(1.0, 7.0)
    whole = {"a": (point[0] * rows) ** 2, "b": (point.sum() - rows[:3]).abs()}
    for cut in cuts:
        part = {name: loss[cut] for name, loss in whole.items() if len(loss[cut])}
        objective.accumulate(part, {"a": 6, "b": 3}, backward)
    objective.combine(backward)
    assert point.grad is not None
    return list(point.grad.tolist())


SQUARES = (1 + 4 + 9 + 16 + 25 + 36) / 6  # mean of 2 * 0.5 * rows**2


@pytest.mark.parametrize("cuts", [[slice(0, 6)], [slice(0, 2), slice(2, 6)], [slice(i, i + 1) for i in range(6)]])
def test_the_weighted_sum_of_means_in_any_number_of_parts(cuts: list[slice]) -> None:
    weighted = WeightedSum({"a": 2.0})
    assert gradient(weighted, cuts) == pytest.approx([2 * SQUARES - 1, -1])
    assert gradient(build_objective(WeightedSettings(), {}, CPU), cuts) == pytest.approx([SQUARES - 1, -1])


def test_nothing_to_add_is_nothing_done() -> None:
    WeightedSum({}).accumulate({}, {}, lambda loss: pytest.fail("there is no loss"))
    CombinedLosses(lambda means: torch.zeros(())).combine(lambda loss: pytest.fail("there is no loss"))


class Uncertainty(nn.Module):
    """Kendall, Gal and Cipolla 2018: every loss divided by a learned variance."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.log_variances = nn.ParameterDict({name: nn.Parameter(torch.tensor(start)) for name in "ab"})

    def forward(self, means: dict[str, Tensor]) -> Tensor:
        parts = [mean * (-self.log_variances[name]).exp() + self.log_variances[name] for name, mean in means.items()]
        return torch.stack(parts).sum()


@pytest.mark.parametrize("cuts", [[slice(0, 6)], [slice(0, 2), slice(2, 6)]])
def test_a_users_own_sees_the_means_once_a_step(cuts: list[slice]) -> None:
    seen: list[dict[str, float]] = []

    def combine(means: dict[str, Tensor]) -> Tensor:
        seen.append({name: mean.item() for name, mean in means.items()})
        return means["a"] * means["b"]

    found = gradient(CombinedLosses(combine), cuts)
    squares, distance = 0.25 * (91 / 6), 2.5
    assert seen == [{"a": pytest.approx(squares), "b": pytest.approx(distance)}]
    assert found == pytest.approx([SQUARES * distance - squares, -squares])


@pytest.mark.parametrize(
    ("combine", "found"),
    [
        (lambda means: 3.0, "float"),
        (lambda means: means["a"].detach(), r"a tensor \[\] without a gradient"),
        (lambda means: torch.stack(list(means.values())), r"a tensor \[2\]"),
    ],
    ids=["number", "detached", "vector"],
)
def test_what_a_users_own_returns_can_be_descended(combine: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=f"training.objective: it returned {found}, but what is descended is"):
        gradient(CombinedLosses(combine), [slice(0, 6)])


def test_a_module_is_trained_saved_and_begun_anew() -> None:
    own = UserComponent.of(Uncertainty(start=0.5))
    objective = build_objective(own, {}, CPU)
    assert len(objective.parameters()) == 2
    gradient(objective, [slice(0, 6)])
    expected = -0.25 * (91 / 6) * torch.tensor(-0.5).exp() + 1
    assert objective.parameters()[0].grad == pytest.approx(float(expected))
    with torch.no_grad():
        objective.parameters()[0].fill_(3.0)
    again = build_objective(own, {}, CPU)
    assert again.parameters()[0].item() == 0.5, "what one fold learned does not reach the next"
    again.load_state_dict(objective.state_dict())
    assert again.parameters()[0].item() == 3.0


def test_a_class_of_ones_own_is_built_with_its_options() -> None:
    objective = build_objective(UserComponent.of(Uncertainty, start=2.0), {}, CPU)
    assert [own.item() for own in objective.parameters()] == [2.0, 2.0]


def test_fixed_weights_and_plain_functions_have_no_state() -> None:
    for objective in (WeightedSum({"a": 2.0}), CombinedLosses(lambda means: means["a"])):
        assert objective.state_dict() == {}
        assert objective.parameters() == []
        objective.load_state_dict({})
