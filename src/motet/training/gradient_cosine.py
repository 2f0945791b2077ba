"""Whether tasks pull the shared parameters in one direction: the cosine between their gradients, now and then.

Shared are the parameters that both tasks of a pair reach. A cosine near 1 says that they agree, 0 that they do not
care, below 0 that they conflict (Yu et al., "Gradient surgery for multi-task learning", NeurIPS 2020, definition 1).
Observing takes one more backward pass a task in the steps that are looked at, and changes nothing of the training.
"""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

Gradients = tuple[Tensor | None, ...]


class GradientCosine:
    """Looks at the first step of every epoch and at every so many after it.

    Parameters
    ----------
    every
        Steps from one look to the next.
    """

    name = "gradient_cosine"

    def __init__(self, every: int) -> None:
        self._every = every
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def observe(self, step: int, losses: Mapping[str, Tensor], parameters: Iterable[Parameter]) -> None:
        """Look at the losses [n] of some rows by task, at a step of an epoch, before they are differentiated."""
        if step % self._every:
            return
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = {
            name: torch.autograd.grad(loss.mean(), trained, retain_graph=True, allow_unused=True)
            for name, loss in losses.items()
            if loss.requires_grad
        }
        for one, other in itertools.combinations(gradients, 2):
            found = cosine(gradients[one], gradients[other])
            if math.isfinite(found):
                pair = f"{one}|{other}"
                self._sums[pair] = self._sums.get(pair, 0.0) + found
                self._counts[pair] = self._counts.get(pair, 0) + 1

    def result(self) -> dict[str, float]:
        """Return the mean cosine of every pair of tasks (`digit|speaker`) since the last call, and begin again."""
        means = {pair: self._sums[pair] / count for pair, count in self._counts.items()}
        self._sums, self._counts = {}, {}
        return means

    def state(self) -> dict[str, Any]:
        """Return what resuming in the middle of an epoch needs, as JSON."""
        return {"sums": self._sums, "counts": self._counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back a state."""
        self._sums, self._counts = dict(state.get("sums", {})), dict(state.get("counts", {}))


def cosine(one: Gradients, other: Gradients) -> float:
    """Return the cosine between two gradients over the parameters that both reach; nan where there are none.

    Examples
    --------
    >>> cosine((torch.tensor([1.0, 0.0]), None), (torch.tensor([1.0, 1.0]), torch.ones(3)))
    0.7071067811865475
    """
    both = [(a.double(), b.double()) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if not both:
        return math.nan
    dot, own, others = (
        float(torch.stack([(a * b).sum() for a, b in chosen]).sum())
        for chosen in (both, [(a, a) for a, _ in both], [(b, b) for _, b in both])
    )
    length = math.sqrt(own * others)
    return dot / length if length else math.nan
