"""What every layer offers; a layer of the user's own offers the same."""

from typing import Protocol

from motet.data.batch import Column
from motet.networks.shape import MapShape


class Layer(Protocol):
    """A module from column to column. Values are [n, C, T, F]; lengths and grid are those of its own output.

    Attributes
    ----------
    shape
        The shape of its output, known before any data is read.
    """

    shape: MapShape

    def __call__(self, column: Column) -> Column:
        """Compute; padding comes in as zero and leaves as zero."""
        ...

    def frames_needed(self, frames: int) -> int:
        """Return the fewest frames of its input that give so many frames of its output."""
        ...
