"""From frames to a recording: multiple-instance pooling, by which labels without times train frames.

Axes: n rows, T frames, K classes. Probabilities of padding never count.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from motet.tasks.settings import PoolingRule

_SMALL = 1e-7


def pool_frames(probabilities: Tensor, valid: Tensor, how: PoolingRule, scores: Tensor | None = None) -> Tensor:
    """Return the probability that a class occurs anywhere in a recording, shape [n, K].

    Parameters
    ----------
    probabilities
        Of every frame, shape [n, T, K].
    valid
        Which frames are no padding, bool [n, T]; at least one of each row.
    how
        `max`: the most probable frame. `mean`: all frames alike. `linear_softmax`: every frame weighs as much as it is
        probable (Wang, Li and Metze, "A comparison of five multiple instance learning pooling functions", ICASSP 2019,
        table 1). `attention`: the network weighs frames by `scores`, through a softmax over time (the same table).
    scores
        Of attention, shape [n, T, K].
    """
    frames = valid[:, :, None].expand_as(probabilities)
    if how == "attention":
        assert scores is not None, "attention has scores of its own"
        weights = scores.masked_fill(~frames, -torch.inf).softmax(dim=1)
        return (probabilities * weights).sum(dim=1)
    return _POOLS[how](probabilities * frames, frames)


def _max(probabilities: Tensor, frames: Tensor) -> Tensor:
    return probabilities.amax(dim=1)


def _mean(probabilities: Tensor, frames: Tensor) -> Tensor:
    return probabilities.sum(dim=1) / frames.sum(dim=1)


def _linear_softmax(probabilities: Tensor, frames: Tensor) -> Tensor:
    return probabilities.square().sum(dim=1) / probabilities.sum(dim=1).clamp_min(_SMALL)


_POOLS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {"max": _max, "mean": _mean, "linear_softmax": _linear_softmax}
)
