"""Combinations of losses that look at their values alone; each is a module from `{task: mean loss}` to a scalar.

A task that a batch lacks is absent from the mapping, and its state stands still. What a module learns or remembers is a
parameter or a buffer, one entry a task, so that its `state_dict` resumes it exactly. Two methods are optional:
`after_step(before, again)` hears the losses of a step and may ask for those of the same batch after it, and
`end_epoch(means)` hears the mean losses of an epoch. `affine` says that losses may come in parts, whose graphs are
then freed one by one.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softmax

from motet.errors import MotetError
from motet.training.objective_settings import (
    DwaSettings,
    FamoSettings,
    GlsSettings,
    ImtlLSettings,
    LossBalanceSettings,
    NormalisedSettings,
    StchSettings,
    UncertaintySettings,
)

Losses = Mapping[str, Tensor]
_TINY = 1e-8


class Normalised(nn.Module):
    """Every loss divided by its first value, or by a running mean of the values before."""

    values: Tensor

    def __init__(self, settings: NormalisedSettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.decay = settings.decay if settings.by == "running" else 1.0
        self.register_buffer("values", torch.full((len(tasks),), torch.nan))

    def forward(self, losses: Losses) -> Tensor:
        """Return the sum of the ratios; the first one of a task is 1."""
        known = self.values[_places(self.tasks, losses)]
        found = _stacked(losses)
        scale = torch.where(known.isnan(), found.detach(), known).abs().clamp(min=_TINY)
        return (found / scale).sum()

    def after_step(self, before: Losses, again: Callable[[], Losses]) -> None:
        """Remember the losses of the step."""
        places, found = _places(self.tasks, before), _stacked(before)
        known = self.values[places]
        moved = self.decay * known + (1 - self.decay) * found
        self.values[places] = torch.where(known.isnan(), found, moved)


class Uncertainty(nn.Module):
    """Kendall, Gal and Cipolla, CVPR 2018, section 3.2: exp(-s) L / 2 + s / 2, with s the logarithm of a variance."""

    affine = True

    def __init__(self, settings: UncertaintySettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.log_variances = nn.ParameterList(nn.Parameter(torch.zeros(())) for _ in tasks)

    def forward(self, losses: Losses) -> Tensor:
        """Return the sum over tasks."""
        own = torch.stack([self.log_variances[place] for place in _places(self.tasks, losses)])
        return 0.5 * ((-own).exp() * _stacked(losses) + own).sum()


class ImtlL(nn.Module):
    """Liu et al., ICLR 2021, equation 8: exp(s) L - s, which brings every exp(s) L to 1."""

    affine = True

    def __init__(self, settings: ImtlLSettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.log_scales = nn.ParameterList(nn.Parameter(torch.zeros(())) for _ in tasks)

    def forward(self, losses: Losses) -> Tensor:
        """Return the sum over tasks."""
        own = torch.stack([self.log_scales[place] for place in _places(self.tasks, losses)])
        return (own.exp() * _stacked(losses) - own).sum()


class Dwa(nn.Module):
    """Liu, Johns and Davison, CVPR 2019, equation 7: weights by the ratio of a loss in the last two epochs."""

    affine = True
    epochs: Tensor

    def __init__(self, settings: DwaSettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks, self.temperature = tuple(tasks), settings.temperature
        self.register_buffer("epochs", torch.full((2, len(tasks)), torch.nan))

    def forward(self, losses: Losses) -> Tensor:
        """Return the weighted sum; weights add up to the number of tasks and are equal for the first two epochs."""
        older, newer = self.epochs[:, _places(self.tasks, losses)]
        rates = torch.nan_to_num(newer / older, nan=1.0, posinf=1.0, neginf=1.0)
        return (len(losses) * softmax(rates / self.temperature, 0) * _stacked(losses)).sum()

    def end_epoch(self, means: Mapping[str, float]) -> None:
        """Remember the mean losses of an epoch."""
        for place, task in enumerate(self.tasks):
            if task in means:
                self.epochs[0, place] = self.epochs[1, place]
                self.epochs[1, place] = means[task]


class Gls(nn.Module):
    """Chennupati et al., CVPR workshops 2019: the geometric mean of the losses."""

    def __init__(self, settings: GlsSettings, tasks: Sequence[str]) -> None:
        super().__init__()

    def forward(self, losses: Losses) -> Tensor:
        """Return the geometric mean."""
        return _positive(losses, "gls").log().mean().exp()


class Stch(nn.Module):
    """Lin et al., ICML 2024, equation 7: the smooth maximum of the losses, each times 1 / K."""

    def __init__(self, settings: StchSettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.smoothing = settings.smoothing

    def forward(self, losses: Losses) -> Tensor:
        """Return the smooth maximum."""
        found = _stacked(losses) / len(losses)
        return self.smoothing * torch.logsumexp(found / self.smoothing, 0)


class Famo(nn.Module):
    """Liu et al., NeurIPS 2023, algorithm 2: a weighted sum of log losses, with weights that Adam learns by itself.

    The losses after a step are those of the same rows with the same random draws, so their change is the step's.
    """

    logits: Tensor
    moments: Tensor
    steps: Tensor

    def __init__(self, settings: FamoSettings, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks, self.settings = tuple(tasks), settings
        self.register_buffer("logits", torch.zeros(len(tasks)))
        self.register_buffer("moments", torch.zeros(2, len(tasks)))
        self.register_buffer("steps", torch.zeros(len(tasks)))

    def forward(self, losses: Losses) -> Tensor:
        """Return the weighted sum of logarithms, scaled so that its gradient is a weighted mean of gradients."""
        weights = softmax(self.logits[_places(self.tasks, losses)], 0)
        found = _positive(losses, "famo")
        return (weights * found.log()).sum() / (weights / found).sum().detach()

    def after_step(self, before: Losses, again: Callable[[], Losses]) -> None:
        """Give more weight to losses that fell less than others."""
        after = again()
        change = _positive(before, "famo").log() - _positive({task: after[task] for task in before}, "famo").log()
        places = _places(self.tasks, before)
        weights = softmax(self.logits[places], 0)
        gradient = weights * (change - (weights * change).sum())
        self._adam(places, gradient + self.settings.weight_decay * self.logits[places])

    def _adam(self, places: list[int], gradient: Tensor) -> None:
        """Make a step of Adam (Kingma and Ba 2015, algorithm 1) for some of the weights."""
        self.steps[places] += 1
        steps = self.steps[places]
        first = 0.9 * self.moments[0, places] + 0.1 * gradient
        second = 0.999 * self.moments[1, places] + 0.001 * gradient**2
        self.moments[0, places], self.moments[1, places] = first, second
        root = (second / (1 - 0.999**steps)).sqrt()
        self.logits[places] -= self.settings.learning_rate * first / (1 - 0.9**steps) / (root + 1e-8)


_KINDS: Mapping[type, type[nn.Module]] = {
    NormalisedSettings: Normalised,
    UncertaintySettings: Uncertainty,
    DwaSettings: Dwa,
    GlsSettings: Gls,
    ImtlLSettings: ImtlL,
    FamoSettings: Famo,
    StchSettings: Stch,
}


def build_loss_balance(settings: LossBalanceSettings, tasks: Sequence[str]) -> nn.Module:
    """Return the combination of these settings for these tasks."""
    return _KINDS[type(settings)](settings, tasks)


def _places(tasks: Sequence[str], losses: Losses) -> list[int]:
    return [tasks.index(name) for name in losses]


def _stacked(losses: Losses) -> Tensor:
    return torch.stack(list(losses.values()))


def _positive(losses: Losses, kind: str) -> Tensor:
    """Return the losses, at least a tiny number each.

    Raises
    ------
    MotetError
        If one is below zero, where a logarithm has no meaning.
    """
    found = _stacked(losses)
    if bool((found < 0).any()):
        name = next(name for name, loss in losses.items() if loss < 0)
        raise MotetError(
            f"training.objective: {kind} takes logarithms, but the loss of {name!r} is {losses[name].item():.3g}; "
            "choose a loss that is never below 0, or another objective"
        )
    return found + _TINY
