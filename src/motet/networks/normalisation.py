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
        """Normalise values [n, K, ...]; where a mask is given, padding comes out as zero."""
        if mask is None or not self.training:
            return self._normalised(values)
        # Gathered cells cost 1.6 times the plain normalisation, sums with a mask 4.4 times.
        last = values.movedim(1, -1)
        cells = last.reshape(-1, values.shape[1])
        valid = mask.movedim(1, -1).expand(*last.shape[:-1], 1).reshape(-1).nonzero().squeeze(1)
        normalised = self._normalised(cells.index_select(0, valid))
        padded = torch.zeros_like(cells, dtype=normalised.dtype).index_copy(0, valid, normalised)
        return padded.view(last.shape).movedim(-1, 1)

    def _normalised(self, values: Tensor) -> Tensor:
        return F.batch_norm(
            values,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training and values.numel() > values.shape[1],
            momentum=self.momentum,
            eps=self.epsilon,
        )


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
        exact = values.to(torch.promote_types(values.dtype, torch.float32))
        grouped = exact.reshape(len(values), self.groups, -1, *values.shape[2:])
        normalised = _normalised_rows(grouped, mask.unsqueeze(1), self.epsilon).flatten(1, 2)
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


Norm = BatchNorm | GroupNorm | LayerNorm


def build_normalisation(kind: Normalisation, channels: int, *, groups: int = 1) -> Norm | None:
    """Return the normalisation of this name over K channels; None for "none"."""
    match kind:
        case "batch":
            return BatchNorm(channels)
        case "group":
            return GroupNorm(channels, groups)
        case "layer":
            return LayerNorm(channels)
        case "none":
            return None


def _normalised_rows(grouped: Tensor, mask: Tensor, epsilon: float) -> Tensor:
    """Give the valid cells of each row and group, values [n, groups, ...], mean 0 and variance 1."""
    axes = list(range(2, grouped.dim()))
    valid = mask.to(grouped.dtype)
    count = valid.expand(-1, -1, *grouped.shape[2:]).sum(axes, keepdim=True)
    mean = (grouped * valid).sum(axes, keepdim=True) / count
    variance = ((grouped - mean).square() * valid).sum(axes, keepdim=True) / count
    return (grouped - mean) * (variance + epsilon).rsqrt()


def _per_channel(parameter: Tensor, values: Tensor) -> Tensor:
    return parameter.view(-1, *[1] * (values.dim() - 2))
