"""Pooling over time: one value for all frames, which is what a head needs of a sequence. Padding never counts."""

import torch
from torch import Tensor, nn

from motet.data.batch import Column
from motet.networks.masking import frame_mask
from motet.networks.settings import PoolSettings
from motet.networks.shape import MapShape


class Pool(nn.Module):
    """The mean, the largest, the last valid or the attended value over time, or over time and bins.

    Attention is a weighted mean (Bahdanau et al., ICLR 2015, equations 5 and 6): a softmax over the frames (over all:
    over the cells) of one learned linear score each. Scores begin at zero, so training starts from the mean.

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
        self.axes = (2, 3) if self.over_bins else (2,)
        self.shape = MapShape(shape.channels, 1, 1 if self.over_bins else shape.bins)
        if self.how == "attention":
            self.score = nn.Parameter(torch.zeros(1, shape.channels, 1, 1 if self.over_bins else shape.bins))

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]; returns [n, C, 1, F], or [n, C, 1, 1] over all."""
        values, lengths = column.values, column.lengths
        match self.how:
            case "mean":
                pooled = self._mean(values, lengths)
            case "max":
                pooled = _only_valid(values, lengths).amax(self.axes, keepdim=True)
            case "last":
                pooled = _last(values, lengths)
            case _:
                pooled = (values * self._weights(values, lengths)).sum(self.axes, keepdim=True)
        return Column(pooled, column.rows)

    def frames_needed(self, frames: int) -> int:
        """Return the fewest frames of its input."""
        return 1

    def _mean(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        if lengths is None:
            return values.mean(self.axes, keepdim=True)
        cells = lengths * values.shape[3] if self.over_bins else lengths
        return values.sum(self.axes, keepdim=True) / cells.view(-1, 1, 1, 1)

    def _weights(self, values: Tensor, lengths: Tensor | None) -> Tensor:
        """Return weights that sum to 1 over the valid frames or cells, [n, 1, T, 1] or [n, 1, T, F]."""
        scores = (values * self.score).sum((1,) if self.over_bins else (1, 3), keepdim=True)
        weights: Tensor = _only_valid(scores, lengths).flatten(2).softmax(dim=2).view(scores.shape)
        return weights


def _only_valid(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Set padding to minus infinity, which no maximum takes and no softmax weighs."""
    return values if lengths is None else values.masked_fill(~frame_mask(values, lengths), -torch.inf)


def _last(values: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return values[:, :, -1:]
    index = (lengths - 1).view(-1, 1, 1, 1).expand(-1, values.shape[1], 1, values.shape[3])
    return values.gather(2, index)
