"""Optimizers, and schedules as plain functions of the step: a resumed run needs no scheduler state to be exact.

An optimizer of the user's own is a `torch.optim.Optimizer` class, called with the trained parameters. A schedule of
the user's own is a class whose objects are called as `schedule(step, total_steps=..., steps_per_epoch=...)` and return
what the learning rate is multiplied by; where it also has `observe`, `state` and `restore`, these are used as well.
"""

import math
from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch.nn import Parameter

from motet.config import UserComponent
from motet.errors import ConfigError
from motet.training.optimizer_settings import AdamSettings, AdamWSettings, SgdSettings
from motet.training.settings import ConstantSettings, CosineSettings, OneCycleSettings, PlateauSettings, StepSettings

AnyOptimizerSettings = SgdSettings | AdamSettings | AdamWSettings | UserComponent
BuiltInScheduleSettings = ConstantSettings | OneCycleSettings | CosineSettings | StepSettings | PlateauSettings
AnyScheduleSettings = BuiltInScheduleSettings | UserComponent


def build_optimizer(settings: AnyOptimizerSettings, parameters: Iterable[Parameter]) -> torch.optim.Optimizer:
    """Return the optimizer of these settings over the parameters that want a gradient.

    Where nothing wants one, as in a network that is only evaluated, it is an optimizer of nothing. On the CPU, the
    optimizers of PyTorch make their step in one pass over the memory (`fused`), in about a third of the time.

    Raises
    ------
    ConfigError
        If a user's own is no optimizer.
    """
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    if not wanted:
        return torch.optim.SGD([{"params": []}])
    fused = all(parameter.device.type == "cpu" for parameter in wanted) or None
    optimizer: torch.optim.Optimizer
    match settings:
        case SgdSettings():
            optimizer = torch.optim.SGD(
                wanted, settings.learning_rate, settings.momentum,
                weight_decay=settings.weight_decay, nesterov=settings.nesterov, fused=fused,
            )  # fmt: skip
        case AdamSettings() | AdamWSettings():
            kind = torch.optim.Adam if isinstance(settings, AdamSettings) else torch.optim.AdamW
            first, second = settings.betas
            optimizer = kind(
                wanted, settings.learning_rate, (first, second), settings.epsilon, settings.weight_decay, fused=fused
            )
        case _:
            return _own_optimizer(settings, wanted)
    if fused:
        optimizer.register_step_pre_hook(_lay_out_gradients)
    return optimizer


def _lay_out_gradients(optimizer: torch.optim.Optimizer, *_: object) -> None:
    """Give gradients the layout of their weights: a fused step takes it for granted. `backward` does so by itself."""
    for group in optimizer.param_groups:
        for weight in group["params"]:
            if weight.grad is not None and weight.grad.stride() != weight.stride():
                weight.grad = torch.empty_like(weight).copy_(weight.grad)


def _own_optimizer(settings: UserComponent, parameters: list[Parameter]) -> torch.optim.Optimizer:
    if not isinstance(settings.target, type):
        raise ConfigError(
            f"training.optimizer: {settings.place} is an object, but the optimizer is made anew for every fold: give "
            'its class, as in {"kind": torch.optim.RMSprop, "lr": 0.001}'
        )
    optimizer = settings.build(parameters)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ConfigError(
            f"training.optimizer: {settings.place} is no torch.optim.Optimizer; derive it from that class"
        )
    if any("lr" not in group for group in optimizer.param_groups):
        raise ConfigError(
            f"training.optimizer: {settings.place} has no learning rate 'lr', which schedules set; add it"
        )
    return optimizer


class Schedule(Protocol):
    """What the learning rate is multiplied by, step by step."""

    def factor(self, step: int) -> float:
        """Return the factor for a step, counted from 0 over the whole run."""
        ...

    def observe(self, value: float) -> None:
        """Hear the monitored value at the end of an epoch; higher is better."""
        ...

    def state(self) -> dict[str, float]:
        """Return what `restore` needs, as JSON."""
        ...

    def restore(self, state: dict[str, float]) -> None:
        """Take back a state."""
        ...


class _ByStep:
    """A schedule that depends on the step alone."""

    def __init__(self, settings: Any, total_steps: int, steps_per_epoch: int) -> None:
        self._settings = settings
        self._total = max(total_steps, 1)
        self._epoch = max(steps_per_epoch, 1)

    def factor(self, step: int) -> float:
        match self._settings:
            case OneCycleSettings() as cycle:
                return _one_cycle(cycle, step, self._total)
            case CosineSettings() as cosine:
                return _cosine(cosine, step, self._total, self._epoch)
            case StepSettings() as steps:
                return float(steps.factor ** (step // self._epoch // steps.every))
            case _:
                return 1.0

    def observe(self, value: float) -> None:
        """Nothing is learned from a value."""

    def state(self) -> dict[str, float]:
        return {}

    def restore(self, state: dict[str, float]) -> None:
        """There is nothing to restore."""


class Plateau:
    """Lower the rate when the monitored value stands still."""

    def __init__(self, settings: PlateauSettings, learning_rate: float) -> None:
        self._settings = settings
        self._floor = settings.minimum / learning_rate
        self._factor, self._best, self._waited = 1.0, -math.inf, 0.0

    def factor(self, step: int) -> float:
        """Return the factor, which changes only between epochs."""
        return self._factor

    def observe(self, value: float) -> None:
        """Hear the monitored value at the end of an epoch; higher is better."""
        if value > self._best:
            self._best, self._waited = value, 0.0
            return
        self._waited += 1
        if self._waited >= self._settings.patience:
            self._factor, self._waited = max(self._factor * self._settings.factor, self._floor), 0.0

    def state(self) -> dict[str, float]:
        """Return factor, best value and epochs waited; minus infinity is left out, as JSON has none."""
        best = {} if math.isinf(self._best) else {"best": self._best}
        return {"factor": self._factor, "waited": self._waited, **best}

    def restore(self, state: dict[str, float]) -> None:
        """Take back a state."""
        self._factor, self._waited = state["factor"], state["waited"]
        self._best = state.get("best", -math.inf)


class UserSchedule:
    """A schedule of the user's own, whose factors are looked at before they are used.

    Parameters
    ----------
    settings
        The user's component.
    total_steps, steps_per_epoch
        Steps of the whole training and of an epoch.
    """

    def __init__(self, settings: UserComponent, total_steps: int, steps_per_epoch: int) -> None:
        self._schedule, self._place = settings.build_own(), settings.place
        self._steps = {"total_steps": total_steps, "steps_per_epoch": steps_per_epoch}

    def factor(self, step: int) -> float:
        """Return the factor for a step.

        Raises
        ------
        ConfigError
            If it is no number from 0 on.
        """
        factor = self._schedule(step, **self._steps)
        if not isinstance(factor, int | float) or not 0.0 <= factor < math.inf:
            raise ConfigError(
                f"training.schedule: {self._place} returned {factor!r} for step {step}, but the learning rate is "
                "multiplied by a number from 0 on: correct its __call__"
            )
        return float(factor)

    def observe(self, value: float) -> None:
        """Pass on the monitored value, where the user's schedule hears it."""
        if hasattr(self._schedule, "observe"):
            self._schedule.observe(value)

    def state(self) -> dict[str, float]:
        """Return the state of the user's schedule, where it has one."""
        return dict(self._schedule.state()) if hasattr(self._schedule, "state") else {}

    def restore(self, state: dict[str, float]) -> None:
        """Take back a state."""
        if hasattr(self._schedule, "restore"):
            self._schedule.restore(state)


def build_schedule(
    settings: AnyScheduleSettings, *, total_steps: int, steps_per_epoch: int, learning_rate: float
) -> Schedule:
    """Return the schedule of these settings."""
    if isinstance(settings, UserComponent):
        return UserSchedule(settings, total_steps, steps_per_epoch)
    if isinstance(settings, PlateauSettings):
        return Plateau(settings, learning_rate)
    return _ByStep(settings, total_steps, steps_per_epoch)


def _one_cycle(settings: OneCycleSettings, step: int, total: int) -> float:
    start = 1.0 / settings.start_divisor
    end = start / settings.end_divisor
    peak = settings.warmup * total - 1
    if step <= peak:
        return _ease(start, 1.0, step / peak if peak > 0 else 1.0)
    return _ease(1.0, end, min((step - peak) / max(total - 1 - peak, 1e-9), 1.0))


def _cosine(settings: CosineSettings, step: int, total: int, epoch: int) -> float:
    warmup = settings.warmup_epochs * epoch
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return _ease(1.0, settings.end_ratio, min((step - warmup) / max(total - 1 - warmup, 1e-9), 1.0))


def _ease(start: float, end: float, progress: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * progress))
