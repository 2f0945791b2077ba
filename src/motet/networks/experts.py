"""Experts between shared features and heads: each task receives its own weighted sum of what experts make of them.

Axes: features [..., D], a row's or a frame's; what a task receives is [..., H].
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from motet.networks.names import named
from motet.networks.sharing_settings import MmoeSettings, PleSettings


class Experts(nn.Module):
    """Several small networks of one form, and gates that weigh them.

    Parameters
    ----------
    count
        The number of experts.
    size
        D of the features.
    hidden
        Units of each layer.
    """

    def __init__(self, count: int, size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.experts = nn.ModuleList(_dense(size, hidden) for _ in range(count))

    def forward(self, features: Tensor) -> Tensor:
        """Return what every expert makes of the features, [E, ..., H]."""
        return torch.stack([expert(features) for expert in self.experts])


class MixtureOfExperts(nn.Module):
    """Multi-gate mixture of experts (Ma et al., KDD 2018, equations 6 and 7).

    Parameters
    ----------
    settings
        How many experts, and their layers.
    size
        D of the features.
    tasks
        Each has a gate.

    Attributes
    ----------
    size
        H, what a head receives.
    """

    def __init__(self, settings: MmoeSettings, size: int, tasks: Sequence[str]) -> None:
        super().__init__()
        self.shared = Experts(settings.experts, size, settings.hidden)
        self.gates = named({task: nn.Linear(size, settings.experts, bias=False) for task in tasks})
        self.size = settings.hidden[-1]

    def forward(self, features: Tensor, tasks: Sequence[str]) -> dict[str, Tensor]:
        """Return what each task receives, [..., H]."""
        found = self.shared(features)
        return {task: _gated(self.gates.of(task), features, found) for task in tasks}


class ProgressiveExtraction(nn.Module):
    """Progressive layered extraction (Tang et al., RecSys 2020, section 4): levels of shared and own experts.

    Parameters
    ----------
    settings
        Levels, experts, and their layers.
    size
        D of the features.
    tasks
        Each has experts and a gate at every level.

    Attributes
    ----------
    size
        H, what a head receives.
    """

    def __init__(self, settings: PleSettings, size: int, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        sizes = [size, *[settings.hidden[-1]] * settings.levels]
        self.levels = nn.ModuleList(
            _Level(settings, before, self.tasks, last=number == settings.levels)
            for number, (before, _) in enumerate(itertools.pairwise(sizes), start=1)
        )
        self.size = sizes[-1]

    def forward(self, features: Tensor, tasks: Sequence[str]) -> dict[str, Tensor]:
        """Return what each task receives, [..., H]."""
        own, shared = dict.fromkeys(self.tasks, features), features
        for level in self.levels:
            own, shared = level(own, shared)
        return {task: own[task] for task in tasks}


class _Level(nn.Module):
    """One level: a task sees its own experts and the shared ones; what is shared sees all experts."""

    def __init__(self, settings: PleSettings, size: int, tasks: Sequence[str], *, last: bool) -> None:
        super().__init__()
        self.shared = Experts(settings.shared, size, settings.hidden)
        self.own = named({task: Experts(settings.own, size, settings.hidden) for task in tasks})
        count = settings.own + settings.shared
        self.gates = named({task: nn.Linear(size, count, bias=False) for task in tasks})
        every = settings.own * len(tasks) + settings.shared
        self.shared_gate = None if last else nn.Linear(size, every, bias=False)

    def forward(self, own: dict[str, Tensor], shared: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        common = self.shared(shared)
        apart = {task: self.own.of(task)(values) for task, values in own.items()}
        received = {
            task: _gated(self.gates.of(task), own[task], torch.cat([found, common])) for task, found in apart.items()
        }
        if self.shared_gate is None:
            return received, shared
        return received, _gated(self.shared_gate, shared, torch.cat([*apart.values(), common]))


def _gated(gate: nn.Module, features: Tensor, found: Tensor) -> Tensor:
    """Return the mean of experts [E, ..., H] that a gate gives to features [..., D]."""
    weights = gate(features).softmax(-1).movedim(-1, 0)
    mean: Tensor = (weights.unsqueeze(-1) * found).sum(0)
    return mean


def _dense(size: int, hidden: Sequence[int]) -> nn.Sequential:
    pairs = itertools.pairwise([size, *hidden])
    return nn.Sequential(*(part for before, after in pairs for part in (nn.Linear(before, after), nn.ReLU())))
