"""The loss of rows with events: of every frame where times are known, else of the recording as a whole.

Axes: n rows, T frames, K classes. The loss of a frame is one of `motet.tasks.losses`, which sees every frame as a row
of its own; so the user's own loss works here as well.
"""

import torch
from torch import Tensor

from motet.tasks.events.pooling import pool_frames
from motet.tasks.losses import Loss
from motet.tasks.settings import PoolingRule

_SMALL = 1e-6


def valid_frames(outputs: Tensor, lengths: Tensor | None) -> Tensor:
    """Return which frames are no padding, bool [n, T]; a row without any keeps its first."""
    frames = torch.arange(outputs.shape[1], device=outputs.device)
    if lengths is None:
        return frames.expand(len(outputs), -1) >= 0
    return frames < lengths.to(outputs.device).clamp(min=1)[:, None]


def strong_loss(loss: Loss, outputs: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
    """Return the mean loss over the valid frames of every row [n].

    Parameters
    ----------
    loss
        The loss of single frames.
    outputs, targets
        Raw outputs and what they should be, shape [n, T, K].
    valid
        Which frames are no padding, bool [n, T].
    """
    frames = loss(outputs.flatten(0, 1), targets.flatten(0, 1)).view(valid.shape)
    return torch.where(valid, frames, 0.0).sum(dim=1) / valid.sum(dim=1)


def weak_loss(outputs: Tensor, labels: Tensor, valid: Tensor, how: PoolingRule, scores: Tensor | None = None) -> Tensor:
    """Return the cross-entropy of the pooled probabilities of every row [n], the mean over classes.

    Parameters
    ----------
    outputs
        Raw outputs, shape [n, T, K].
    labels
        Which classes occur, shape [n, K].
    valid, how, scores
        See `pool_frames`.
    """
    pooled = pool_frames(outputs.float().sigmoid(), valid, how, scores).clamp(_SMALL, 1 - _SMALL)
    return -(labels * pooled.log() + (1 - labels) * (1 - pooled).log()).mean(dim=1)
