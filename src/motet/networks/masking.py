"""Rows of different lengths in one batch: what lies beyond a row's length is padding, kept at zero.

Axes: n rows, K channels, then one to three axes of which one is time. Lengths [n] are valid frames; None means that
all frames of all rows are valid, and then nothing here costs anything.
"""

import torch
from torch import Tensor, nn


def valid_frames(lengths: Tensor, num_frames: int) -> Tensor:
    """Return which frames are valid, bool [n, T]."""
    return torch.arange(num_frames, device=lengths.device)[None, :] < lengths[:, None]


def time_mask(values: Tensor, lengths: Tensor, time_axis: int) -> Tensor:
    """Return the valid cells, of the same number of axes as the values, [n, 1, .., T, .., 1]."""
    shape = [1] * values.dim()
    shape[0], shape[time_axis] = values.shape[0], values.shape[time_axis]
    return valid_frames(lengths, values.shape[time_axis]).view(shape)


def zero_padding(values: Tensor, lengths: Tensor | None, time_axis: int) -> Tensor:
    """Set what lies beyond the lengths to zero."""
    if lengths is None:
        return values
    return values.masked_fill(~time_mask(values, lengths, time_axis), 0.0)


class BatchNorm(nn.Module):
    """Batch normalisation of each channel over the valid cells of a batch (Ioffe and Szegedy 2015).

    Parameters
    ----------
    channels
        K.
    time_axis
        The axis of time.
    """

    def __init__(self, channels: int, time_axis: int) -> None:
        super().__init__()
        self.time_axis = time_axis
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Normalise values [n, K, ...]."""
        norm = self.norm
        if lengths is None or not self.training:
            training = self.training and values.numel() > values.shape[1]
            if training and norm.num_batches_tracked is not None:
                norm.num_batches_tracked.add_(1)
            return nn.functional.batch_norm(
                values, norm.running_mean, norm.running_var, norm.weight, norm.bias, training, norm.momentum, norm.eps
            )
        return self._over_valid(values, lengths)

    def _over_valid(self, values: Tensor, lengths: Tensor) -> Tensor:
        norm = self.norm
        mask = time_mask(values, lengths, self.time_axis)
        axes = [axis for axis in range(values.dim()) if axis != 1]
        count = mask.sum() * values[0, 0].numel() // values.shape[self.time_axis]
        shape = [1, -1] + [1] * (values.dim() - 2)
        mean = (values * mask).sum(axes) / count
        centred = (values - mean.view(shape)) * mask
        variance = centred.square().sum(axes) / count
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
        if norm.running_mean is not None and norm.running_var is not None and norm.momentum is not None:
            with torch.no_grad():
                norm.running_mean.lerp_(mean, norm.momentum)
                norm.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), norm.momentum)
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        return centred * scale.view(shape) + norm.bias.view(shape)


class GroupNorm(nn.Module):
    """Normalisation of groups of channels over the valid cells of each row (Wu and He 2018)."""

    def __init__(self, channels: int, groups: int, time_axis: int) -> None:
        super().__init__()
        self.time_axis = time_axis
        self.norm = nn.GroupNorm(groups, channels)

    def forward(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Normalise values [n, K, ...]."""
        if lengths is None:
            normalised: Tensor = self.norm(values)
            return normalised
        norm = self.norm
        mask = time_mask(values, lengths, self.time_axis).to(values.dtype)
        grouped = values.unflatten(1, (norm.num_groups, -1))
        cells = mask.unsqueeze(1)
        axes = list(range(2, grouped.dim()))
        count = cells.expand(grouped.shape[0], 1, *grouped.shape[2:]).sum(axes, keepdim=True)
        mean = (grouped * cells).sum(axes, keepdim=True) / count
        centred = grouped - mean
        variance = (centred.square() * cells).sum(axes, keepdim=True) / count
        shape = [1, -1] + [1] * (values.dim() - 2)
        result = (centred * torch.rsqrt(variance + norm.eps)).flatten(1, 2)
        return result * norm.weight.view(shape) + norm.bias.view(shape)


class LayerNorm(nn.Module):
    """Normalisation of the channels of each cell (Ba et al. 2016); padding cannot reach a valid cell."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Normalise values [n, K, ...]."""
        normalised: Tensor = self.norm(values.movedim(1, -1))
        return normalised.movedim(-1, 1)


class NoNorm(nn.Module):
    """Values as they are."""

    def forward(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the values."""
        return values


def build_norm(kind: str, channels: int, time_axis: int, groups: int = 1) -> nn.Module:
    """Return the normalisation of this name over K channels."""
    match kind:
        case "batch":
            return BatchNorm(channels, time_axis)
        case "group":
            return GroupNorm(channels, groups, time_axis)
        case "layer":
            return LayerNorm(channels)
        case _:
            return NoNorm()
