"""What every layer offers."""

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
