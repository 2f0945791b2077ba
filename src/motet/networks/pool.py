"""Pooling over time: one value for all frames, which is what a head needs of a sequence. Padding never counts."""

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.masking import time_mask
from motet.networks.settings import PoolSettings
from motet.networks.shape import MapShape


class Pool(nn.Module):
    """The mean, the largest, the last valid or the attended value over time, or over time and bins.

    Attention is a mean with weights from a softmax over time of one learned score a frame (over: all, a cell), as in
    Lin et al., "A structured self-attentive sentence embedding", ICLR 2017, with one hop.

    Parameters
    ----------
    settings
        How, and over what.
    shape
        The shape of its input.
    path
        Where it stands in the settings.
    """

    def __init__(self, settings: PoolSettings, shape: MapShape, path: str = "pool") -> None:
        super().__init__()
        self.how, self.over_bins = settings.how, settings.over == "all"
        size = shape.channels if self.over_bins else shape.values_per_frame
        self.score = nn.Linear(size, 1) if settings.how == "attention" else None
        self.shape = MapShape(shape.channels, 1, 1 if self.over_bins else shape.bins)

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]; returns [n, C, 1, F], or [n, C, 1, 1] over all."""
        values, lengths = column.values, column.lengths
        axes = (2, 3) if self.over_bins else (2,)
        match self.how:
            case "mean":
                pooled = _mean(values, lengths, axes)
            case "max":
                kept = values if lengths is None else values.masked_fill(~time_mask(values, lengths, 2), -torch.inf)
                pooled = kept.amax(axes, keepdim=True)
            case "last":
                pooled = _last(values, lengths)
            case _:
                pooled = (values * self._weights(values, lengths)).sum(axes, keepdim=True)
        return Column(pooled, column.rows)

    def _weights(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Return weights that sum to 1 over the valid frames or cells, [n, 1, T, 1] or [n, 1, T, F]."""
        assert self.score is not None
        if self.over_bins:
            scores = self.score(values.movedim(1, -1)).movedim(-1, 1)
        else:
            scores = self.score(values.permute(0, 2, 1, 3).flatten(2)).transpose(1, 2).unsqueeze(-1)
        if lengths is not None:
            scores = scores.masked_fill(~time_mask(scores, lengths, 2), -torch.inf)
        weights: Tensor = scores.flatten(2).softmax(dim=2).view(scores.shape)
        return weights


def _mean(values: Tensor, lengths: Tensor | None, axes: tuple[int, ...]) -> Tensor:
    if lengths is None:
        return values.mean(axes, keepdim=True)
    cells = lengths * (values.shape[3] if len(axes) == 2 else 1)
    return values.sum(axes, keepdim=True) / cells.view(-1, 1, 1, 1)


def _last(values: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return values[:, :, -1:]
    index = (lengths - 1).view(-1, 1, 1, 1).expand(-1, values.shape[1], 1, values.shape[3])
    return values.gather(2, index)
