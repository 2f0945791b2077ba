"""The arithmetic of convolutional stages: the windows and the shapes of every stage, computed without any tensor.

A stage steps over the axes (time, bins), or (channels, time, bins) in 3D. In 1D the C*F values of a frame are
channels of one bin, so that time is the last but one axis everywhere.
"""

from dataclasses import dataclass

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
        The channels of its convolutions; in 3D not those of the map.
    first, others
        The windows of its first convolution, which has the stride, and of those repeated after it.
    pooling
        The windows of its pooling; empty without.
    """

    name: str
    before: MapShape
    shape: MapShape
    channels_before: int
    channels: int
    first: Windows
    others: Windows
    pooling: Windows
    repeat: int

    @property
    def convolutions(self) -> tuple[Windows, ...]:
        """The windows of each convolution in turn."""
        return (self.first, *(self.others,) * (self.repeat - 1))

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
    entering, sizes = _entering(settings.dims, shape)
    for number, channels in enumerate(settings.channels, 1):
        name = f"stage {number} of {len(settings.channels)}"
        stage, sizes = _plan_stage(settings, shape, entering, sizes, channels, name, f"{path}: {name}")
        stages.append(stage)
        entering, shape = channels, stage.shape
    return tuple(stages)


def _plan_stage(
    settings: CnnSettings, before: MapShape, entering: int, sizes: Sizes, channels: int, name: str, where: str
) -> tuple[Stage, Sizes]:
    first, others, pooling = _kernels(settings, first=True), _kernels(settings, first=False), _pooling(settings)
    _check(settings, channels, (first, others), where)
    axes = ("channels", "frames", "bins")[-len(sizes) :]
    remedy = "use a smaller kernel or padding: same"
    for windows in (first, *(others,) * (settings.repeat - 1)):
        shape = _leaving(settings.dims, entering, sizes)
        sizes = fit(windows, sizes, axes, where=f"{where}: kernel", shape=shape, remedy=remedy)
        entering_now = channels
        entering, entering_now = entering, entering_now
    if pooling:
        shape = _leaving(settings.dims, channels, sizes)
        remedy = "use fewer stages, a smaller pooling.size for this axis ([2, 1] pools time alone), or pooling: none"
        sizes = fit(pooling, sizes, axes, where=f"{where}: pooling", shape=shape, remedy=remedy)
    shape = _leaving(settings.dims, channels, sizes)
    return Stage(name, before, shape, entering, channels, first, others, pooling, settings.repeat), sizes
