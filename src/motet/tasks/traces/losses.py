"""Losses of values over time: one number a row, over its known frames. Axes: n rows, T frames, K values."""

import torch
from torch import Tensor

from motet.tasks.losses import Loss

_SMALLEST = 1e-8


def framewise(row_loss: Loss, outputs: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return the mean loss of the known frames of every row [n]; 0 where none is known.

    Parameters
    ----------
    row_loss
        Gives the loss of every line [m] from values [m, K].
    outputs, truth
        Shape [n, T, K]; finite everywhere.
    known
        Shape [n, T].
    """
    losses = row_loss(outputs.flatten(0, 1), truth.flatten(0, 1)).view(known.shape)
    return torch.where(known, losses, 0.0).sum(1) / known.sum(1).clamp(min=1)


def concordance_loss(outputs: Tensor, truth: Tensor, known: Tensor, *, over_batch: bool = False) -> Tensor:
    """Return one minus the concordance of every row [n], the mean over values; 0 where no frame is known.

    Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45 (1989), equation 1; as a
    loss Trigeorgis et al., "Adieu features?", ICASSP 2016, equation 2. 1e-8 is added to the denominator, so that
    what does not vary has a loss of 1.

    Parameters
    ----------
    over_batch
        Whether the frames of all rows are compared together; every row then has the loss of all.
    """
    if over_batch:
        together = concordance_loss(outputs.flatten(0, 1)[None], truth.flatten(0, 1)[None], known.flatten()[None])
        return torch.where(known.any(1), together.expand(len(known)), 0.0)
    share = (known / known.sum(1, keepdim=True).clamp(min=1))[..., None].to(outputs.dtype)
    mean_p, mean_t = ((values * share).sum(1, keepdim=True) for values in (outputs, truth))
    p, t = outputs - mean_p, truth - mean_t
    covariance = (p * t * share).sum(1)
    spread = ((p * p + t * t) * share).sum(1) + torch.square(mean_p - mean_t).squeeze(1)
    concordance = 2 * covariance / (spread + _SMALLEST)
    return torch.where(known.any(1), (1 - concordance).mean(1), 0.0)
