"""From the gradients of several tasks to one: methods of torchjd, and those whose state it cannot resume or cut.

An aggregation is a module called with a Jacobian [m, P] and which tasks its rows are; it returns a vector [P]. What it
remembers is in its `state_dict`. Random orders come from PyTorch's generator, which the loop seeds before every step.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from motet.errors import missing_extra
from motet.training.objective_settings import (
    AlignedMtlSettings,
    CaGradSettings,
    GradientBalanceSettings,
    GradVacSettings,
    MgdaSettings,
    NashMtlSettings,
    PcGradSettings,
    UpGradSettings,
)

_NEWTON_STEPS = 100
_TINY, _REGULAR = 1e-30, 1e-4
_LEAST_SINE = 1e-3
"""Gradients that are expected to be nearer than this angle are not drawn nearer: the factor has no bound there."""


class Aggregation(Protocol):
    """What makes one gradient of several."""

    def __call__(self, jacobian: Tensor, tasks: Sequence[int]) -> Tensor:
        """Return the combination [P] of the rows [m, P] of these tasks; m is at least 2."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, as tensors."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> object:
        """Take back what is remembered."""
        ...


class TorchJd(nn.Module):
    """A method of torchjd without a state, at one scale: its thresholds are absolute, its results proportional.

    Parameters
    ----------
    aggregator
        From a Jacobian [m, P] to a vector [P].
    """

    def __init__(self, aggregator: nn.Module) -> None:
        super().__init__()
        self.aggregator = aggregator

    def forward(self, jacobian: Tensor, tasks: Sequence[int]) -> Tensor:
        """Aggregate the Jacobian divided by its norm, and multiply the result by it."""
        norm = jacobian.norm()
        if norm == 0:
            return jacobian[0]
        aggregated: Tensor = self.aggregator(jacobian / norm) * norm
        return aggregated


class NashMtl(nn.Module):
    """Navon et al., ICML 2022, equation 2: weights a with G a = 1 / a, where G holds the gradients' products.

    These are the minimum of a' G a / 2 - sum(log a), which is strictly convex and self-concordant: damped Newton steps
    find it from anywhere, so that nothing has to be remembered from step to step. The length of the result is the root
    of the number of tasks, or `max_norm` where that is less.
    """

    def __init__(self, settings: NashMtlSettings) -> None:
        super().__init__()
        self.max_norm = settings.max_norm

    def forward(self, jacobian: Tensor, tasks: Sequence[int]) -> Tensor:
        """Return the weighted sum of the rows."""
        products = (jacobian @ jacobian.T).double().cpu()
        scale = products.diagonal().mean()
        if scale == 0:
            return jacobian[0]
        weights = bargained(products / scale) / scale.sqrt()
        combined = weights.to(jacobian) @ jacobian
        shortened: Tensor = combined * (self.max_norm / combined.norm().clamp(min=self.max_norm))
        return shortened


def bargained(products: Tensor, *, ridge: float = 1e-6) -> Tensor:
    """Return the weights a > 0 with G a = 1 / a, of products [m, m] whose diagonal is about 1.

    A small ridge keeps the weights of gradients that point against each other finite.

    Examples
    --------
    >>> weights = bargained(torch.tensor([[1.0, 0.5], [0.5, 1.0]]).double(), ridge=0.0)
    >>> [round(weight, 4) for weight in weights.tolist()]
    [0.8165, 0.8165]
    """
    products = products + ridge * torch.eye(len(products), dtype=products.dtype)
    weights = torch.ones(len(products), dtype=products.dtype)
    for _ in range(_NEWTON_STEPS):
        gradient = products @ weights - 1 / weights
        step = torch.linalg.solve(products + torch.diag(weights**-2), gradient)
        decrement = math.sqrt(max(0.0, (gradient @ step).item()))
        weights = weights - step / (1 + decrement if decrement > 0.25 else 1)
        if decrement < 1e-12:
            break
    return weights


class GradVac(nn.Module):
    """Wang et al., ICLR 2021, algorithm 1: gradients are drawn together up to the likeness that they had on average."""

    expected: Tensor

    def __init__(self, settings: GradVacSettings, num_tasks: int) -> None:
        super().__init__()
        self.rate = settings.rate
        self.register_buffer("expected", torch.zeros(num_tasks, num_tasks, dtype=torch.float64))

    def forward(self, jacobian: Tensor, tasks: Sequence[int]) -> Tensor:
        """Return the sum of the changed rows; what is expected of other tasks stays."""
        products = (jacobian @ jacobian.T).double().cpu()
        weights = torch.eye(len(tasks), dtype=torch.float64)
        for own in range(len(tasks)):
            others = [other for other in range(len(tasks)) if other != own]
            for number in torch.randperm(len(others)).tolist():
                self._draw_near(weights[own], products, own, others[number], tasks)
        return weights.sum(0).to(jacobian) @ jacobian

    def _draw_near(self, row: Tensor, products: Tensor, own: int, other: int, tasks: Sequence[int]) -> None:
        """Change the weights of one row [m] in place where it is less alike than expected; follow the likeness."""
        norm = (row @ products @ row).clamp(min=0).sqrt()
        other_norm = products[other, other].sqrt()
        likeness = (row @ products[other]) / (norm * other_norm).clamp(min=1e-30)
        expected = self.expected[tasks[own], tasks[other]]
        if likeness < expected:
            sine, expected_sine = ((1 - cosine**2).clamp(min=_LEAST_SINE**2).sqrt() for cosine in (likeness, expected))
            change = norm * (expected * sine - likeness * expected_sine)
            row[other] += change / (other_norm * expected_sine).clamp(min=1e-30)
        self.expected[tasks[own], tasks[other]] = (1 - self.rate) * expected + self.rate * likeness


class UpGrad(nn.Module):
    """The mean of the rows, each first moved as little as possible until it harms no task (Quinton and Rey 2024).

    Moving row i to the dual cone of all rows is the quadratic program min w^T G w with w >= e_i over the Gramian G
    (proposition 1 there), and with w = e_i + v and G = L L^T a least squares problem in v >= 0.
    """

    def forward(self, jacobian: Tensor) -> Tensor:
        """Return the combined gradient [p] of gradients [m, p]."""
        gramian = (jacobian @ jacobian.T).double().cpu().numpy()
        scaled = gramian / max(float(np.trace(gramian)), _TINY) + _REGULAR * np.eye(len(gramian))
        factor = np.linalg.cholesky(scaled).T
        moved = [row + nnls(factor, -factor @ row)[0] for row in np.eye(len(gramian))]
        return torch.from_numpy(np.mean(moved, axis=0)).to(jacobian) @ jacobian


def build_aggregation(settings: GradientBalanceSettings, num_tasks: int) -> Aggregation:
    """Return the aggregation of these settings.

    Raises
    ------
    MachineError
        If torchjd is not installed and the method is one of its own.
    """
    if isinstance(settings, NashMtlSettings):
        return NashMtl(settings)
    if isinstance(settings, GradVacSettings):
        return GradVac(settings, num_tasks)
    try:
        return TorchJd(_of_torchjd(settings))
    except ImportError as error:
        purpose = f"training.objective: {settings.kind}"
        raise missing_extra("torchjd[cagrad]", "balancing", purpose) from error


def _of_torchjd(settings: GradientBalanceSettings) -> nn.Module:
    from torchjd import aggregation

    match settings:
        case PcGradSettings():
            return aggregation.PCGrad()
        case CaGradSettings():
            return aggregation.CAGrad(c=settings.radius)
        case MgdaSettings():
            return aggregation.MGDA()
        case AlignedMtlSettings():
            return aggregation.AlignedMTL(scale_mode=settings.scale)
        case UpGradSettings():
            return UpGrad()
        case _:
            return aggregation.ConFIG()
