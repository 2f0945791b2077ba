"""The shape of a map between two layers, and the arithmetic of windows that step over an axis.

Layers compute their output shape with these functions before any data is read, and the same functions give the
lengths of padded rows, so plan and network cannot disagree.
"""

from dataclasses import dataclass

from motet.errors import ConfigError


@dataclass(frozen=True, slots=True)
class MapShape:
    """Channels C, frames T (None where recordings keep their own length) and frequency bins F of one row."""

    channels: int
    frames: int | None
    bins: int

    def __str__(self) -> str:
        """Return the shape as messages and `--dry-run` show it."""
        return f"[C={self.channels}, T={'?' if self.frames is None else self.frames}, F={self.bins}]"

    @property
    def values_per_frame(self) -> int:
        """C * F."""
        return self.channels * self.bins


@dataclass(frozen=True, slots=True)
class Window:
    """A window that steps over one axis: size, step, and zeros before and after.

    Examples
    --------
    >>> Window.same(kernel=3, stride=2).count(7)
    4
    """

    size: int
    stride: int = 1
    before: int = 0
    after: int = 0

    @classmethod
    def same(cls, *, kernel: int, stride: int) -> "Window":
        """Return the window with as many zeros as keep the size at stride 1; an even kernel has one more behind."""
        return cls(kernel, stride, (kernel - 1) // 2, kernel // 2)

    def count(self, length: int) -> int:
        """Return how many windows fit; 0 where not even one does."""
        padded = length + self.before + self.after
        return 0 if padded < self.size else (padded - self.size) // self.stride + 1

    @property
    def offset(self) -> float:
        """Where the centre of window 0 lies, in steps of the axis."""
        return (self.size - 1) / 2 - self.before


def windows(axis: str, length: int | None, window: Window, path: str, shape: MapShape) -> int | None:
    """Return the length of an axis after a window; None stays None.

    Raises
    ------
    ConfigError
        If not one window fits; names the layer, the window and the shape.
    """
    if length is None:
        return None
    count = window.count(length)
    if count == 0:
        raise ConfigError(
            f"{path}: a window of {window.size} {axis} does not fit the {length} {axis} of its input {shape}; "
            "make kernel or pooling smaller, pad more, use fewer stages, or give it more "
            + ("frames (segments.length_s, features.hop_s)" if axis == "frames" else axis)
        )
    return count
