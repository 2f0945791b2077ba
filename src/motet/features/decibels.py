"""Power to decibels, with limits below and above."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

_SMALLEST_PEAK = 1e-30  # silence relative to its own peak is the floor, not 0 / 0


@dataclass(frozen=True, slots=True)
class Decibels:
    """Turns power into dB: `10 log10(power / reference)`, clipped to [floor_db, ceiling_db].

    The floor is applied to the power, so that silence is the floor and its gradient is zero.

    Parameters
    ----------
    floor_db, ceiling_db
        The limits; a ceiling of None is no limit.
    reference
        `absolute`: a power of 1. `peak`: the highest power of each recording, over all its channels; the result
        then depends on the whole recording.

    Examples
    --------
    >>> Decibels(floor_db=-80.0)(torch.tensor([[[1.0, 0.1, 0.0]]]))
    tensor([[[  0., -10., -80.]]])
    """

    floor_db: float = -100.0
    ceiling_db: float | None = None
    reference: Literal["absolute", "peak"] = "absolute"

    def __call__(self, power: Tensor) -> Tensor:
        """Return dB for power [..., C, T, F]; reuses its memory where no gradient is needed."""
        if self.reference == "peak":
            power = power / power.amax(dim=(-3, -2, -1), keepdim=True).clamp(min=_SMALLEST_PEAK)
        ceiling = None if self.ceiling_db is None else _power(self.ceiling_db)
        if torch.is_grad_enabled() and power.requires_grad:
            return power.clamp(_power(self.floor_db), ceiling).log10() * 10.0
        return power.clamp_(_power(self.floor_db), ceiling).log10_().mul_(10.0)


def _power(decibels: float) -> float:
    return float(10.0 ** (decibels / 10.0))
