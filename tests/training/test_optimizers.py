import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, ReduceLROnPlateau, StepLR

from motet.config import UserComponent
from motet.errors import ConfigError
from motet.training.optimizer_settings import AdamSettings, AdamWSettings, SgdSettings
from motet.training.optimizers import Plateau, build_optimizer, build_schedule
from motet.training.settings import ConstantSettings, CosineSettings, OneCycleSettings, PlateauSettings, StepSettings

RATE, STEPS, EPOCH = 0.02, 60, 6
SGD: Callable[..., torch.optim.Optimizer] = torch.optim.SGD


def factors(settings: Any, steps: int = STEPS) -> list[float]:
    schedule = build_schedule(settings, total_steps=STEPS, steps_per_epoch=EPOCH, learning_rate=RATE)
    return [schedule.factor(step) for step in range(steps)]


def rates(make: Callable[[torch.optim.Optimizer], LRScheduler], every: int = 1) -> list[float]:
    """What a scheduler of PyTorch sets, as a share of the rate."""
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler, found = make(optimizer), []
    for step in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"] / RATE)
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return found


@pytest.mark.parametrize(
    "settings", [OneCycleSettings(), OneCycleSettings(warmup=0.1, start_divisor=10, end_divisor=50)]
)
def test_one_cycle_is_that_of_torch(settings: OneCycleSettings) -> None:
    expected = rates(
        lambda optimizer: OneCycleLR(
            optimizer, RATE, total_steps=STEPS, pct_start=settings.warmup, cycle_momentum=False,
            div_factor=settings.start_divisor, final_div_factor=settings.end_divisor,
        )
    )  # fmt: skip
    assert factors(settings) == pytest.approx(expected, abs=1e-12)


def test_a_cycle_of_one_step_is_at_its_peak() -> None:
    schedule = build_schedule(OneCycleSettings(), total_steps=1, steps_per_epoch=1, learning_rate=RATE)
    assert 0 < schedule.factor(0) <= 1


@pytest.mark.parametrize("end_ratio", [0.0, 0.1])
def test_cosine_is_that_of_torch(end_ratio: float) -> None:
    expected = rates(lambda optimizer: CosineAnnealingLR(optimizer, STEPS - 1, eta_min=end_ratio * RATE))
    assert factors(CosineSettings(end_ratio=end_ratio)) == pytest.approx(expected, abs=1e-12)


def test_cosine_rises_before_it_falls() -> None:
    found = factors(CosineSettings(warmup_epochs=1))
    assert found[:EPOCH] == pytest.approx([(step + 1) / (EPOCH + 1) for step in range(EPOCH)])
    assert found[EPOCH] == 1
    assert found[-1] == pytest.approx(0, abs=1e-12)
    assert found[EPOCH:] == sorted(found[EPOCH:], reverse=True)


def test_steps_are_those_of_torch() -> None:
    expected = rates(lambda optimizer: StepLR(optimizer, 3, gamma=0.3), every=EPOCH)
    assert factors(StepSettings(every=3, factor=0.3)) == pytest.approx(expected)


def test_constant_is_one() -> None:
    assert set(factors(ConstantSettings())) == {1.0}


@pytest.mark.parametrize("settings", [OneCycleSettings(), CosineSettings(end_ratio=0.2), StepSettings()])
def test_more_steps_than_planned_stay_at_the_end(settings: Any) -> None:
    """Epochs may differ in length, as those of a bucketed sampler do."""
    found = factors(settings, STEPS + 4)
    assert found[STEPS:] == pytest.approx([found[STEPS - 1]] * 4) or isinstance(settings, StepSettings)
    assert all(0 < factor <= 1 for factor in found)


def test_plateau_is_that_of_torch() -> None:
    """PyTorch counts the epochs that it lets pass, we count those after which the rate falls: one more."""
    values = [0.1, 0.3, 0.3, 0.2, 0.25, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    reference = ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=1, threshold=0, min_lr=RATE / 10)
    ours = Plateau(PlateauSettings(patience=2, factor=0.5, minimum=RATE / 10), RATE)
    for value in values:
        reference.step(value)
        ours.observe(value)
        assert ours.factor(0) == pytest.approx(optimizer.param_groups[0]["lr"] / RATE)
    assert ours.factor(0) == pytest.approx(0.1), "it never falls below the minimum"


def test_plateau_goes_on_where_it_was() -> None:
    settings = PlateauSettings(patience=2)
    first, second = Plateau(settings, RATE), Plateau(settings, RATE)
    first.observe(0.5)
    first.observe(0.4)
    second.restore(first.state())
    assert (first.factor(0), second.factor(0)) == (1, 1)
    second.observe(0.5)
    assert second.factor(0) == 0.5
    fresh = Plateau(settings, RATE)
    fresh.restore(Plateau(settings, RATE).state())
    assert fresh.state() == {"factor": 1.0, "waited": 0.0}


def test_plateau_takes_an_undefined_value_for_no_improvement() -> None:
    schedule = Plateau(PlateauSettings(patience=2), RATE)
    for value in (math.nan, math.nan):
        schedule.observe(value)
    assert schedule.factor(0) == 0.5
    schedule.observe(0.1)
    assert schedule.state()["best"] == 0.1


@pytest.mark.parametrize(
    ("settings", "kind", "options"),
    [
        (SgdSettings(learning_rate=0.1, momentum=0.8, weight_decay=0.01), torch.optim.SGD,
         {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.01, "nesterov": True}),
        (AdamSettings(betas=(0.8, 0.9), epsilon=1e-6), torch.optim.Adam,
         {"lr": 1e-3, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.0}),
        (AdamWSettings(), torch.optim.AdamW, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}),
    ],
)  # fmt: skip
def test_optimizers_are_those_of_torch(settings: Any, kind: type, options: dict[str, object]) -> None:
    trained, frozen = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(2), requires_grad=False)
    optimizer = build_optimizer(settings, [trained, frozen])
    assert type(optimizer) is kind
    (group,) = optimizer.param_groups
    assert group["params"] == [trained]
    assert {name: group[name] for name in options} == options


def test_an_optimizer_of_ones_own() -> None:
    trained = torch.nn.Parameter(torch.zeros(2))
    optimizer = build_optimizer(UserComponent.of(torch.optim.RMSprop, lr=0.3), [trained])
    assert type(optimizer) is torch.optim.RMSprop
    assert optimizer.param_groups[0]["lr"] == 0.3


def test_a_finished_optimizer_is_refused() -> None:
    trained = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(ConfigError, match=r"training\.optimizer: .* made anew for every fold: give its class"):
        build_optimizer(UserComponent.of(SGD([trained], lr=0.1)), [trained])


def test_a_network_without_parameters_has_an_optimizer_of_nothing() -> None:
    optimizer = build_optimizer(AdamSettings(), [torch.nn.Parameter(torch.zeros(1), requires_grad=False)])
    optimizer.step()
    assert optimizer.param_groups[0]["params"] == []


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        (AdamSettings(weight_decay=0.1), lambda weights: torch.optim.Adam(weights, 1e-3, weight_decay=0.1)),
        (AdamWSettings(), lambda weights: torch.optim.AdamW(weights, 1e-3, weight_decay=1e-2)),
        (SgdSettings(), lambda weights: SGD(weights, lr=1e-2, momentum=0.9, nesterov=True)),
    ],
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_steps_are_those_of_torch_whatever_layout_gradients_have(
    settings: Any, reference: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer], layout: torch.memory_format
) -> None:
    """Steps in one pass over the memory would take gradients of another layout in a wrong order."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, 2, 2, generator=generator)
    plain, own = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.to(memory_format=torch.channels_last))
    expected, optimizer = reference([plain]), build_optimizer(settings, [own])
    for _ in range(20):
        gradient = torch.randn(start.shape, generator=generator)
        plain.grad, own.grad = gradient, gradient.to(memory_format=layout)
        expected.step()
        optimizer.step()
    assert own.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(own, plain, rtol=0, atol=1e-7)
