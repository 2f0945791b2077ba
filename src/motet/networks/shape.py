"""The shape of a map between two layers, and the arithmetic of windows that step over an axis.

Layers compute their output shape with this arithmetic before any data is read; the lengths of padded rows, the time
grid and the shortest map that passes come from the same windows, so plan and network cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class MapShape:
    """The shape of one row's map.

    Parameters
    ----------
    channels
        C.
    frames
        T; None where recordings keep their own length.
    bins
        F; 1 for a waveform.
    grid
        The time of the frames, where it is known; shapes are equal without it.
    """

    channels: int
    frames: int | None
    bins: int
    grid: TimeGrid | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the shape as messages and plans show it."""
        return f"[C={self.channels}, T={'?' if self.frames is None else self.frames}, F={self.bins}]"

    @property
    def values_per_frame(self) -> int:
        """C * F."""
        return self.channels * self.bins


@dataclass(frozen=True, slots=True)
class Window:
    """A window that steps over one axis: its size, its step, and the zeros before and after the axis.

    A dilated window looks at every `dilation`-th cell only.

    Examples
    --------
    >>> Window.same(3, stride=2).count(7)
    4
    >>> Window(3, stride=2).needed(4)
    9
    >>> Window.same(3, dilation=4).span
    9
    """

    size: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @classmethod
    def same(cls, size: int, *, stride: int = 1, dilation: int = 1) -> "Window":
        """Return the window with as many zeros as keep the size at stride 1; an even span has one more behind."""
        span = dilation * (size - 1) + 1
        return cls(size, stride, (span - 1) // 2, span // 2, dilation)

    @property
    def span(self) -> int:
        """Cells from the first that it looks at to the last."""
        return self.dilation * (self.size - 1) + 1

    @property
    def keeps_size(self) -> bool:
        """Whether as many windows fit as there are steps of the stride."""
        return self.before + self.after == self.span - 1

    @property
    def offset(self) -> float:
        """Where the centre of window 0 lies, in cells of the axis."""
        return (self.span - 1) / 2 - self.before

    def count(self, length: int) -> int:
        """Return how many windows fit into an axis; 0 where not even one does."""
        return max(0, (length + self.before + self.after - self.span) // self.stride + 1)

    def counts(self, lengths: "Tensor") -> "Tensor":
        """Return `count` of every row's length, int64 [n]."""
        return ((lengths + self.before + self.after - self.span) // self.stride + 1).clamp(min=0)

    def needed(self, count: int) -> int:
        """Return the shortest axis that as many windows fit into; at least 1."""
        return max(1, (count - 1) * self.stride + self.span - self.before - self.after)


Sizes = tuple[int | None, ...]
Windows = tuple[Window, ...]


def fit(windows: Windows, sizes: Sizes, axes: Sequence[str], *, where: str, before: MapShape, remedy: str) -> Sizes:
    """Return how many windows fit into each axis; None stays None.

    Parameters
    ----------
    axes
        What the axes are called in messages: "frames", "bins", "channels".
    where
        The windows and their layer, for messages: "model.encoder.0: the kernel of stage 2 of 3".
    before
        The map that enters the layer or stage, for messages.
    remedy
        What the user can do besides giving a larger map.

    Raises
    ------
    ConfigError
        If not one window fits.
    """
    for window, size, axis in zip(windows, sizes, axes, strict=True):
        if size is not None and window.count(size) == 0:
            zeros = window.before + window.after
            raise ConfigError(
                f"{where} is {window.span} {axis} wide, but only {size} {axis}"
                f"{f' and {zeros} of padding' if zeros else ''} reach it (from the map {before}); "
                f"{remedy}, or give it more {_MORE[axis]}"
            )
    return tuple(None if size is None else window.count(size) for window, size in zip(windows, sizes, strict=True))


_MORE = {
    "frames": "frames (a longer segments.length_s, a smaller hop)",
    "bins": "bins",
    "channels": "channels (signal.channels)",
}
