"""Scaling: fitted in one streaming pass over training rows, applied on the device, saved with the model.

Fitting sees maps as they are stored, [T, C, F]; scaling sees batches, [n, C, T, F]. Every scaling is
`(values - offset) / scale`, its two buffers of shape [C, 1, F] (per band), [C, T, F] (per cell) or [1, 1, 1]
(global); `restore` undoes it. Sums run in float64. What does not vary in the training rows has scale 1. After scaling,
padding is zero.

    scaling = Standard(StandardSettings())
    for values in training_maps:
        scaling.update(values)
    scaling.finish()
    scaled = scaling(batch, lengths)
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motet import draws
from motet.errors import DataError
from motet.features.settings import (
    MinMaxSettings,
    NoScalingSettings,
    RobustSettings,
    ScalerSettings,
    StandardSettings,
)

Map = NDArray[np.floating[Any]]
Array = NDArray[np.float64]

_ROUNDING = 1e-7  # float32: a spread below this share of the value itself is rounding


class Scaling(nn.Module, ABC):
    """`(values - offset) / scale` with fitted buffers; subclasses say how the two are fitted.

    Parameters
    ----------
    settings
        What has values of its own: a band, a cell, or nothing.
    """

    version: ClassVar[int] = 1
    offset: Tensor
    scale: Tensor

    def __init__(self, settings: ScalerSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("offset", torch.empty(0))
        self.register_buffer("scale", torch.empty(0))
        self._fitting_shape: tuple[int, ...] | None = None

    def update(self, values: Map) -> None:
        """Take maps of the training rows without their padding, one after the other: [T, C, F]; per cell, one map.

        Raises
        ------
        DataError
            If its channels or bins (per cell: also its frames) differ from those of the maps before.
        """
        shape = values.shape if self.settings.per == "cell" else values.shape[1:]
        if self._fitting_shape not in (None, shape):
            raise DataError(_unequal(self.settings.per, shape, self._fitting_shape))
        self._fitting_shape = shape
        self._update(values)

    def finish(self) -> None:
        """Fit offset and scale to the maps seen.

        Raises
        ------
        DataError
            If there were none, or if they hold NaN or infinite values.
        """
        if self._fitting_shape is None:
            raise DataError("scaling has seen no map, at least one is needed: check that there are training rows")
        offset, scale = self._fit()
        if not (np.isfinite(offset).all() and np.isfinite(scale).all()):
            raise DataError("scaling has seen values that are not finite: extract the features again")
        self.offset = _as_buffer(offset, self.offset.device)
        self.scale = _as_buffer(scale, self.scale.device)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scale a batch.

        Parameters
        ----------
        values
            Shape [n, C, T, F].
        lengths
            Valid frames of each row, [n]; what lies beyond becomes zero. None: all frames are valid.

        Raises
        ------
        DataError
            If the scaling is not fitted, or was fitted on maps of another shape.
        """
        self._check(values)
        return zero_padding(values.sub(self.offset).div_(self.scale), lengths)

    def restore(self, values: Tensor) -> Tensor:
        """Return what scaled values [n, C, T, F] were before; padding is no longer zero.

        Raises
        ------
        DataError
            As when scaling.
        """
        self._check(values)
        return values.mul(self.scale).add_(self.offset)

    def _check(self, values: Tensor) -> None:
        fitted = self.offset.shape
        if fitted != (1, 1, 1):
            shape = values.shape[1:] if self.settings.per == "cell" else (values.shape[1], 1, values.shape[3])
            if fitted != shape:
                raise DataError(_unfitted(tuple(fitted), tuple(shape)))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name in ("offset", "scale"):
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name], device=self.offset.device))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    @property
    def _reduced(self) -> tuple[int, ...]:
        """The axes of [maps or frames, ..., C, F] that share one offset and scale."""
        return {"band": (0,), "cell": (), "global": (0, 1, 2)}[self.settings.per]

    @abstractmethod
    def _update(self, values: Map) -> None: ...

    @abstractmethod
    def _fit(self) -> tuple[Array, Array]:
        """Return offset and scale, both [T or 1, C or 1, F or 1]."""


class Standard(Scaling):
    """Mean 0 and (population) standard deviation 1.

    Means and squared deviations of the maps are merged pairwise, which loses nothing where the mean is far larger
    than the deviation (Chan, Golub and LeVeque, The American Statistician, 1983, equation 1.5).

    Examples
    --------
    >>> scaling = Standard(StandardSettings())
    >>> scaling.update(np.array([[[1.0]], [[3.0]]], np.float32))
    >>> scaling.finish()
    >>> scaling(torch.tensor([[[[5.0]]]])).item()
    3.0
    """

    def __init__(self, settings: StandardSettings) -> None:
        super().__init__(settings)
        self._count = 0
        self._mean: Array = np.zeros(())
        self._squares: Array = np.zeros(())

    def _update(self, values: Map) -> None:
        wide = values.astype(np.float64)
        mean = wide.mean(self._reduced, keepdims=True)
        squares = np.square(wide - mean).sum(self._reduced, keepdims=True)
        count = int(np.prod([wide.shape[axis] for axis in self._reduced]))
        total = self._count + count
        difference = mean - self._mean
        self._mean = self._mean + difference * (count / total)
        self._squares = self._squares + squares + np.square(difference) * (self._count * count / total)
        self._count = total

    def _fit(self) -> tuple[Array, Array]:
        return self._mean, _spread(np.sqrt(self._squares / self._count), self._mean)


class MinMax(Scaling):
    """The smallest and the largest training value to `low` and `high`; other values may lie beyond."""

    settings: MinMaxSettings

    def __init__(self, settings: MinMaxSettings) -> None:
        super().__init__(settings)
        self._smallest: Array = np.full((), np.inf)
        self._largest: Array = np.full((), -np.inf)

    def _update(self, values: Map) -> None:
        self._smallest = np.minimum(self._smallest, values.min(self._reduced, keepdims=True).astype(np.float64))
        self._largest = np.maximum(self._largest, values.max(self._reduced, keepdims=True).astype(np.float64))

    def _fit(self) -> tuple[Array, Array]:
        spread = _spread(self._largest - self._smallest, self._smallest)
        scale = spread / (self.settings.high - self.settings.low)
        return self._smallest - self.settings.low * scale, scale


class Robust(Scaling):
    """Median 0 and interquartile range 1, so that outliers do not count; quantiles are interpolated linearly.

    Exact up to `max_values` training values. Of more, a random sample of frames (per cell: of maps) is kept, as
    many as hold that many values: those with the smallest keyed draws, the same in every run for the same order
    of maps. Fitting holds at most twice the sample and one map.
    """

    settings: RobustSettings

    def __init__(self, settings: RobustSettings) -> None:
        super().__init__(settings)
        self._seen = 0
        self._keys: list[Array] = []
        self._sample: list[Map] = []
        self._key_limit = 1.0

    def _update(self, values: Map) -> None:
        observed = values[None] if self.settings.per == "cell" else values
        numbers = np.arange(self._seen, self._seen + len(observed))
        self._seen += len(observed)
        keys = draws.uniform(0, epoch=0, rows=numbers, stage="robust scaling")[:, 0]
        chosen = keys < self._key_limit
        self._keys.append(keys[chosen])
        self._sample.append(observed[chosen])
        if sum(map(len, self._keys)) >= 2 * self._capacity:
            self._thin()

    def _fit(self) -> tuple[Array, Array]:
        self._thin()
        axes = self._reduced or (0,)
        quartiles = np.quantile(self._sample[0], [0.25, 0.5, 0.75], axis=axes, keepdims=True).astype(np.float64)
        self._keys, self._sample = [], []
        lower, median, upper = quartiles[:, 0] if self.settings.per == "cell" else quartiles
        return median, _spread(upper - lower, median)

    @property
    def _capacity(self) -> int:
        """How many frames (per cell: maps) are kept."""
        assert self._fitting_shape is not None
        return max(1, self.settings.max_values // int(np.prod(self._fitting_shape)))

    def _thin(self) -> None:
        keys, sample = np.concatenate(self._keys), np.concatenate(self._sample)
        if len(keys) > self._capacity:
            self._key_limit = float(np.partition(keys, self._capacity)[self._capacity])
            keys, sample = keys[keys < self._key_limit], sample[keys < self._key_limit]
        self._keys, self._sample = [keys], [sample]


class NoScaling(nn.Module):
    """Values as they are; only padding becomes zero. Has the methods of a `Scaling`."""

    version: ClassVar[int] = 1

    def __init__(self, settings: NoScalingSettings) -> None:
        super().__init__()
        self.settings = settings

    def update(self, values: Map) -> None:
        """Take a map; there is nothing to fit."""

    def finish(self) -> None:
        """Fit nothing."""

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return values [n, C, T, F], zero beyond `lengths`."""
        return values if lengths is None else zero_padding(values.clone(), lengths)

    def restore(self, values: Tensor) -> Tensor:
        """Return values as they are."""
        return values


def zero_padding(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Set frames beyond `lengths` to zero, in place."""
    if lengths is None:
        return values
    frames = torch.arange(values.shape[2], device=values.device)
    padding = frames[None, :] >= lengths.to(values.device)[:, None]
    return values.masked_fill_(padding[:, None, :, None], 0.0)


def _spread(spread: Array, around: Array) -> Array:
    """Return the spread, 1 where it is no more than the rounding of the values."""
    return np.where(spread <= _ROUNDING * np.abs(around), 1.0, spread)


def _as_buffer(values: Array, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values.transpose(1, 0, 2))).float().to(device)


def _unequal(per: str, found: tuple[int, ...], before: tuple[int, ...] | None) -> str:
    axes = "[frames, channels, bins]" if per == "cell" else "[channels, bins]"
    remedy = "set segments.length_s or per: band" if per == "cell" else "let all recordings have the same channels"
    return f"scaling per {per} has a map of {axes} {list(found)} after {list(before or ())}: {remedy}"


def _unfitted(fitted: tuple[int, ...], found: tuple[int, ...]) -> str:
    if fitted == (0,):
        return "scaling is not fitted: call update with training maps and then finish, or load a saved state"
    frames = (
        ", or set segments.length_s, as scaling per cell wants one length" if fitted[1] not in (1, found[1]) else ""
    )
    return (
        f"scaling was fitted on maps of [channels, frames, bins] {list(fitted)}, not on {list(found)}: "
        f"use the signal, feature and segment settings that it was fitted with{frames}"
    )
