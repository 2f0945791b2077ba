"""The arithmetic of convolutional stages: the windows and the shapes of every stage, computed without any tensor.

A stage steps over the axes (time, bins), or (channels, time, bins) in 3D. In 1D the C*F values of a frame are
channels of a single bin, so time is the last but one axis everywhere.
"""

from dataclasses import dataclass, replace

from motet.errors import ConfigError
from motet.networks.settings import CnnSettings, MaxPoolingSettings, MeanPoolingSettings
from motet.networks.shape import MapShape, Sizes, Window, Windows, fit


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a cnn.

    Parameters
    ----------
    name
        What messages and plans call it: "stage 2 of 3".
    before, shape
        The maps that enter and leave it.
    channels_before, channels
        The channels of its first convolution; in 3D not those of the maps.
    convolutions
        The windows of each convolution in turn; the first has the stride.
    pooling
        The windows of its pooling; empty without.
    """

    name: str
    before: MapShape
    shape: MapShape
    channels_before: int
    channels: int
    convolutions: tuple[Windows, ...]
    pooling: Windows

    @property
    def strides(self) -> tuple[int, ...]:
        """The strides of the first convolution."""
        return tuple(window.stride for window in self.convolutions[0])

    @property
    def over_time(self) -> Windows:
        """The windows over time, from the first convolution to the pooling."""
        steps = (*self.convolutions, self.pooling) if self.pooling else self.convolutions
        return tuple(windows[-2] for windows in steps)


def plan_stages(settings: CnnSettings, shape: MapShape, path: str) -> tuple[Stage, ...]:
    """Compute the stages of a cnn.

    Parameters
    ----------
    shape
        The map that enters the first stage.
    path
        Where the cnn stands in the settings, for messages.

    Raises
    ------
    ConfigError
        If a kernel or a pooling is wider than its map, groups do not divide the channels, or a residual stage does
        not keep its size.
    """
    stages: list[Stage] = []
    pooling, dilations = _pooling(settings), _per_stage(settings.dilation, len(settings.channels))
    channels_before, sizes = _opened(settings.dims, shape)
    for number, (channels, dilation) in enumerate(zip(settings.channels, dilations, strict=True), 1):
        convolutions = _convolutions(settings, dilation)
        name = f"stage {number} of {len(settings.channels)}"
        _check(settings, channels, convolutions, f"{path}: {name}")
        sizes = _fit(convolutions, pooling, sizes, f"{name} of {path}", shape)
        after = _closed(settings.dims, channels, sizes)
        stages.append(Stage(name, shape, after, channels_before, channels, convolutions, pooling))
        channels_before, shape = channels, after
    return tuple(stages)


def _opened(dims: int, shape: MapShape) -> tuple[int, Sizes]:
    """Return the channels that the first convolution sees, and the sizes of the axes that it steps over."""
    if dims == 1:
        return shape.values_per_frame, (shape.frames, 1)
    if dims == 2:
        return shape.channels, (shape.frames, shape.bins)
    return 1, (shape.channels, shape.frames, shape.bins)


def _closed(dims: int, channels: int, sizes: Sizes) -> MapShape:
    *channel_axis, frames, bins = sizes
    assert bins is not None
    for size in channel_axis:
        assert size is not None
        channels *= size
    return MapShape(channels, frames, bins)


def _fit(convolutions: tuple[Windows, ...], pooling: Windows, sizes: Sizes, where: str, before: MapShape) -> Sizes:
    axes = ("channels", "frames", "bins")[-len(sizes) :]
    smaller = "use a smaller kernel, or padding: same"
    for windows in convolutions:
        sizes = fit(windows, sizes, axes, where=f"the kernel in {where}", before=before, remedy=smaller)
    if not pooling:
        return sizes
    smaller = "use fewer stages, a smaller pooling.size (one number an axis pools each by its own), or pooling: none"
    return fit(pooling, sizes, axes, where=f"the pooling in {where}", before=before, remedy=smaller)


def _check(settings: CnnSettings, channels: int, convolutions: tuple[Windows, ...], where: str) -> None:
    if settings.normalisation == "group" and channels % settings.groups:
        raise ConfigError(
            f"{where} has {channels} channels in groups of equal size, but groups is {settings.groups}; "
            "choose groups that divide the channels"
        )
    if settings.residual and not all(window.keeps_size for windows in convolutions for window in windows):
        raise ConfigError(
            f"{where} is residual, which adds its input to its output, but padding is {settings.padding} for a kernel "
            f"of {settings.kernel} and the sizes differ; use padding: same"
        )


def _convolutions(settings: CnnSettings, dilation: int) -> tuple[Windows, ...]:
    """Return the windows of each convolution of a stage; time, the last axis but the bins, is dilated."""
    dims = settings.dims
    kernels, strides = _per_axis(settings.kernel, dims), _per_axis(settings.stride, dims)
    dilations = {1: (dilation,), 2: (dilation, 1), 3: (1, dilation, 1)}[dims]
    axes = zip(kernels, strides, dilations, strict=True)
    if settings.padding == "same":
        first = [Window.same(kernel, stride=stride, dilation=apart) for kernel, stride, apart in axes]
    else:
        pads = _per_axis(settings.padding, dims)
        first = [Window(*axis[:2], pad, pad, axis[2]) for axis, pad in zip(axes, pads, strict=True)]
    others = [replace(window, stride=1) for window in first]
    return (_with_bins(first), *[_with_bins(others)] * (settings.repeat - 1))


def _pooling(settings: CnnSettings) -> Windows:
    """Return the window of every axis; one number for all does not pool the channels of 3D."""
    pooling = settings.pooling
    if not isinstance(pooling, MaxPoolingSettings | MeanPoolingSettings):
        return ()
    sizes = _per_axis(pooling.size, settings.dims)
    if settings.dims == 3 and isinstance(pooling.size, int):
        sizes = (1, *sizes[1:])
    return _with_bins([Window(size, size) for size in sizes])


def _per_stage(value: int | tuple[int, ...], stages: int) -> tuple[int, ...]:
    return (value,) * stages if isinstance(value, int) else value


def _per_axis(value: int | tuple[int, ...], dims: int) -> tuple[int, ...]:
    return (value,) * dims if isinstance(value, int) else value


def _with_bins(windows: list[Window]) -> Windows:
    """Add the single bin of 1D."""
    return (windows[0], Window(1)) if len(windows) == 1 else tuple(windows)
