"""Normalisation that sees valid cells only, so that padding changes nothing.

Axes: values [n, K, ...] with K channels; a mask is bool, broadcasts to the values, and has one channel. Without a
mask each class is the layer of the same name in PyTorch. Parameters and buffers have PyTorch's names.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Normalisation = Literal["batch", "layer", "group", "none"]


class BatchNorm(nn.Module):
    """Batch normalisation over the valid cells of a batch (Ioffe and Szegedy, ICML 2015, algorithm 1).

    In training, a batch with one value per channel has no variance; it is normalised by the running statistics.

    Parameters
    ----------
    channels
        K.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.momentum, self.epsilon = 0.1, 1e-5
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise values [n, K, ...]."""
        measure = self.training and values.numel() > values.shape[1]
        if mask is not None and measure:
            return self._over_valid(values, mask)
        return F.batch_norm(
            values,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=measure,
            momentum=self.momentum,
            eps=self.epsilon,
        )

    def _over_valid(self, values: Tensor, mask: Tensor) -> Tensor:
        exact = values.float()
        count, mean, variance = _moments(exact, mask, [axis for axis in range(values.dim()) if axis != 1])
        with torch.no_grad():
            unbiased = variance * (count / (count - 1).clamp(min=1))
            self.running_mean.lerp_(mean.flatten(), self.momentum)
            self.running_var.lerp_(unbiased.flatten(), self.momentum)
        scale = _per_channel(self.weight, values) * (variance + self.epsilon).rsqrt()
        return ((exact - mean) * scale + _per_channel(self.bias, values)).to(values.dtype)


class GroupNorm(nn.Module):
    """Normalisation of groups of channels over the valid cells of each row (Wu and He, ECCV 2018).

    Parameters
    ----------
    channels
        K, a multiple of the groups.
    groups
        The number of groups.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups, self.epsilon = groups, 1e-5
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise values [n, K, ...]."""
        if mask is None:
            return F.group_norm(values, self.groups, self.weight, self.bias, self.epsilon)
        grouped = values.float().unflatten(1, (self.groups, -1))
        _, mean, variance = _moments(grouped, mask.unsqueeze(1), list(range(2, grouped.dim())))
        normalised = ((grouped - mean) * (variance + self.epsilon).rsqrt()).flatten(1, 2)
        return (normalised * _per_channel(self.weight, values) + _per_channel(self.bias, values)).to(values.dtype)


class LayerNorm(nn.Module):
    """Normalisation of the channels of each cell (Ba et al. 2016); a cell sees no other, so no mask is needed.

    Parameters
    ----------
    channels
        K.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise values [n, K, ...]."""
        last = F.layer_norm(values.movedim(1, -1), self.weight.shape, self.weight, self.bias)
        return last.movedim(-1, 1)


class NoNorm(nn.Module):
    """Values as they are."""

    def forward(self, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the values."""
        return values


def build_normalisation(kind: Normalisation, channels: int, *, groups: int = 1) -> nn.Module:
    """Return the normalisation of this name over K channels."""
    match kind:
        case "batch":
            return BatchNorm(channels)
        case "group":
            return GroupNorm(channels, groups)
        case "layer":
            return LayerNorm(channels)
        case "none":
            return NoNorm()


def _moments(values: Tensor, mask: Tensor, axes: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return count, mean and biased variance of the valid cells over some axes, which are kept with size 1."""
    valid = mask.to(values.dtype)
    shared = [size if axis in axes else 1 for axis, size in enumerate(values.shape)]
    per_row = [mask.shape[axis] if axis == 0 else size for axis, size in enumerate(shared)]
    count = valid.expand(per_row).sum(axes, keepdim=True)
    mean = (values * valid).sum(axes, keepdim=True) / count
    variance = ((values - mean).square() * valid).sum(axes, keepdim=True) / count
    return count, mean, variance


def _per_channel(parameter: Tensor, values: Tensor) -> Tensor:
    return parameter.view(-1, *[1] * (values.dim() - 2))
