"""Convolutional stages over time (1D), time and bins (2D), or channels, time and bins (3D).

Axes inside: n rows, K channels of the convolution, then the axes that it steps over. 1D sees [n, C*F, T], 2D
[n, C, T, F], 3D [n, 1, C, T, F]; what leaves is [n, K, T, 1], [n, K, T, F] and [n, K*C, T, F].
"""

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.activations import build_activation
from motet.networks.masking import build_norm, zero_padding
from motet.networks.settings import CnnSettings, MaxPoolingSettings, MeanPoolingSettings, NoPoolingSettings
from motet.networks.shape import MapShape, Window, windows

_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_POOLS = {
    "max": {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d},
    "mean": {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d},
}
_AXES = {1: ("frames",), 2: ("frames", "bins"), 3: ("channels", "frames", "bins")}
_TIME_AXIS = {1: 2, 2: 2, 3: 3}

Windows = tuple[Window, ...]


class Cnn(nn.Module):
    """Stages of convolution, normalisation, activation, pooling and dropout.

    Parameters
    ----------
    settings
        The stages.
    shape
        The shape of its input.
    path
        Where it stands in the settings, for messages.

    Raises
    ------
    ConfigError
        If a kernel or pooling is wider than its input, or groups do not divide channels.
    """

    def __init__(self, settings: CnnSettings, shape: MapShape, path: str = "cnn") -> None:
        super().__init__()
        self.dims = settings.dims
        inner = _inner(settings.dims, shape)
        stages: list[_Stage] = []
        for number, channels in enumerate(settings.channels):
            stage = _Stage(settings, inner, channels, f"{path} (stage {number + 1})", shape)
            inner = stage.inner
            stages.append(stage)
        self.stages = nn.ModuleList(stages)
        self.shape = _outer(settings.dims, inner)

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]."""
        values = column.values
        if self.dims == 1:
            values = values.permute(0, 1, 3, 2).flatten(1, 2)
        elif self.dims == 3:
            values = values.unsqueeze(1)
        column = replace(column, values=values)
        for stage in self.stages:
            column = stage(column)
        values = column.values
        if self.dims == 1:
            values = values.unsqueeze(-1)
        elif self.dims == 3:
            values = values.flatten(1, 2)
        return replace(column, values=values)


class _Stage(nn.Module):
    """One stage. `inner` is its output: K, then the axes that the convolution steps over, in their order."""

    def __init__(self, settings: CnnSettings, inner: "_Inner", channels: int, path: str, shape: MapShape) -> None:
        super().__init__()
        dims = settings.dims
        self.time_axis = _TIME_AXIS[dims]
        self.first = _windows(settings, first=True)
        self.others = _windows(settings, first=False)
        self.pool = _pooling(settings)
        self.pool_kind = settings.pooling.kind if not isinstance(settings.pooling, NoPoolingSettings) else "max"
        self.residual = settings.residual
        sizes = inner.sizes
        blocks, count = [], inner.channels
        for repeat in range(settings.repeat):
            steps = self.first if repeat == 0 else self.others
            sizes = _step(sizes, steps, path, shape, dims)
            last = repeat == settings.repeat - 1
            blocks.append(
                _Block(settings, count, channels, steps, activate=not (last and settings.residual), path=path)
            )
            count = channels
        self.blocks = nn.ModuleList(blocks)
        self.shortcut = _shortcut(settings, inner, channels, sizes, path)
        self.activation = build_activation(settings.activation if settings.residual else "none")
        sizes = _step(sizes, self.pool, path, shape, dims) if self.pool else sizes
        self.dropout = nn.Dropout(settings.dropout)
        self.inner = _Inner(channels, sizes)

    def forward(self, column: Column) -> Column:
        before = column
        for block in self.blocks:
            column = block(column)
        if self.residual:
            values = self.activation(column.values + self.shortcut(before.values))
            column = replace(column, values=zero_padding(values, column.lengths, self.time_axis))
        if self.pool:
            sizes = tuple(window.size for window in self.pool)
            pooled = _POOLS[self.pool_kind][len(sizes)](column.values, sizes)  # type: ignore[operator]
            column = _stepped(column, pooled, self.pool[self.time_axis - 2])
            column = replace(column, values=zero_padding(column.values, column.lengths, self.time_axis))
        return replace(column, values=self.dropout(column.values))


class _Block(nn.Module):
    """Convolution, normalisation, activation."""

    def __init__(
        self, settings: CnnSettings, before: int, channels: int, steps: Windows, *, activate: bool, path: str
    ) -> None:
        super().__init__()
        self.time_axis = _TIME_AXIS[settings.dims]
        self.time_window = steps[self.time_axis - 2]
        uneven = any(step.before != step.after for step in steps)
        self.pad = [side for step in reversed(steps) for side in (step.before, step.after)] if uneven else None
        self.convolution = _CONVOLUTIONS[settings.dims](
            before,
            channels,
            tuple(step.size for step in steps),
            tuple(step.stride for step in steps),
            0 if uneven else tuple(step.before for step in steps),
            bias=settings.normalisation == "none",
        )
        if settings.normalisation == "group" and channels % settings.groups:
            raise ConfigError(
                f"{path}: {channels} channels are no multiple of groups, {settings.groups}; change groups or channels"
            )
        self.norm = build_norm(settings.normalisation, channels, self.time_axis, settings.groups)
        self.activation = build_activation(settings.activation if activate else "none")

    def forward(self, column: Column) -> Column:
        values = column.values if self.pad is None else F.pad(column.values, self.pad)
        column = _stepped(column, self.convolution(values), self.time_window)
        values = self.activation(self.norm(column.values, column.lengths))
        return replace(column, values=zero_padding(values, column.lengths, self.time_axis))


class _Inner:
    """K channels, and the sizes of the axes that the convolution steps over; time may be None."""

    def __init__(self, channels: int, sizes: tuple[int | None, ...]) -> None:
        self.channels, self.sizes = channels, sizes


def _inner(dims: int, shape: MapShape) -> _Inner:
    if dims == 1:
        return _Inner(shape.values_per_frame, (shape.frames,))
    if dims == 2:
        return _Inner(shape.channels, (shape.frames, shape.bins))
    return _Inner(1, (shape.channels, shape.frames, shape.bins))


def _outer(dims: int, inner: _Inner) -> MapShape:
    sizes = inner.sizes
    if dims == 1:
        return MapShape(inner.channels, sizes[0], 1)
    if dims == 2:
        return MapShape(inner.channels, sizes[0], sizes[1] or 1)
    return MapShape(inner.channels * (sizes[0] or 1), sizes[1], sizes[2] or 1)


def _windows(settings: CnnSettings, *, first: bool) -> Windows:
    """Return the window of every axis; the stride acts on the first convolution of a stage."""
    kernels = _per_axis(settings.kernel, settings.dims)
    strides = _per_axis(settings.stride, settings.dims) if first else (1,) * settings.dims
    if settings.padding == "same":
        return tuple(Window.same(kernel=k, stride=s) for k, s in zip(kernels, strides, strict=True))
    pads = _per_axis(settings.padding, settings.dims)
    return tuple(Window(k, s, p, p) for k, s, p in zip(kernels, strides, pads, strict=True))


def _pooling(settings: CnnSettings) -> Windows:
    """Return the window of every axis, or nothing; one number pools time and bins, not the channels of 3D."""
    pooling = settings.pooling
    if not isinstance(pooling, MaxPoolingSettings | MeanPoolingSettings):
        return ()
    sizes = _per_axis(pooling.size, settings.dims)
    if settings.dims == 3 and isinstance(pooling.size, int):
        sizes = (1, *sizes[1:])
    return tuple(Window(size, size) for size in sizes)


def _per_axis(value: int | tuple[int, ...], dims: int) -> tuple[int, ...]:
    return (value,) * dims if isinstance(value, int) else value


def _step(
    sizes: tuple[int | None, ...], steps: Windows, path: str, shape: MapShape, dims: int
) -> tuple[int | None, ...]:
    return tuple(
        windows(axis, size, step, path, shape) for axis, size, step in zip(_AXES[dims], sizes, steps, strict=True)
    )


def _shortcut(
    settings: CnnSettings, inner: _Inner, channels: int, sizes: tuple[int | None, ...], path: str
) -> nn.Module:
    """Return what brings the input of a stage to the shape of its output."""
    if not settings.residual:
        return nn.Identity()
    strides = _per_axis(settings.stride, settings.dims)
    wanted = tuple(
        None if size is None else Window(1, stride).count(size)
        for size, stride in zip(inner.sizes, strides, strict=True)
    )
    if wanted != sizes or settings.padding != "same":
        raise ConfigError(
            f"{path}: residual adds input and output of a stage, so both want the same size; use padding: same"
        )
    if inner.channels == channels and set(strides) == {1}:
        return nn.Identity()
    return _CONVOLUTIONS[settings.dims](inner.channels, channels, 1, strides, bias=False)


def _stepped(column: Column, values: Tensor, window: Window) -> Column:
    """Return new values with the lengths and the grid that a window over time leaves."""
    lengths = column.lengths
    if lengths is not None:
        padded = lengths + (window.before + window.after - window.size)
        lengths = padded.div(window.stride, rounding_mode="floor").add(1).clamp(min=0)
    grid = None if column.grid is None else column.grid.strided(window.stride, window.offset)
    return Column(values, column.rows, lengths, grid)
