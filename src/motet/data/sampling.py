"""Samplers: the rows of every batch of an epoch, as a function of (seed, epoch) alone.

Nothing is remembered, so an epoch can be entered at any batch. A row that a sampler draws again in the same epoch is
written `row + times * num_rows`: still that row, but with random draws of its own for crops and augmentation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.errors import ConfigError

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SamplingRows:
    """What a sampler may know of the training rows.

    Parameters
    ----------
    rows
        Row numbers in the corpus, shape [n], ascending; each of its own, as a sampler draws them.
    data_sets
        The number of each row's data set, shape [n].
    lengths
        Frames of each row, shape [n].
    classes
        Returns the class of each row [n], numbered over all data sets, for a task or each data set's first.
    num_rows
        Rows of the corpus.
    """

    rows: Integers
    data_sets: Integers
    lengths: Integers
    classes: Callable[[str | None], Integers]
    num_rows: int

    @classmethod
    def of(cls, corpus: Corpus, rows: Integers, lengths: Integers | None = None) -> "SamplingRows":
        """Describe rows of a corpus; a row that comes several times is numbered as samplers number it."""
        return cls(
            rows + len(corpus) * _times_before(rows),
            corpus.data_set_numbers(rows),
            np.zeros(len(rows), dtype=np.int64) if lengths is None else lengths,
            lambda task: corpus.classes(task)[rows],
            len(corpus),
        )


class Sampler(Protocol):
    """What every sampler offers. One of the user's own is a class with this call."""

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Sequence[Integers]:
        """Return the rows of each batch of an epoch."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedSampler:
    """A sampler of the user's own, whose batches are looked at before they are used.

    Raises
    ------
    ConfigError
        When called, if there is no batch, a batch is not a sequence of row numbers, or one is no training row.
    """

    sampler: Sampler
    kind: str

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> list[Integers]:
        """Return the rows of each batch of an epoch."""
        found = [np.asarray(batch) for batch in self.sampler(rows, batch_size=batch_size, seed=seed, epoch=epoch)]
        if not found or any(batch.ndim != 1 or not len(batch) or batch.dtype.kind not in "iu" for batch in found):
            raise ConfigError(
                f"sampling: {self.kind} returned no batch, or one that is empty or not of whole numbers, but an "
                "epoch has at least one batch of row numbers: correct its __call__"
            )
        foreign = np.setdiff1d(np.concatenate(found) % rows.num_rows, rows.rows % rows.num_rows)
        if len(foreign):
            raise ConfigError(
                f"sampling: {self.kind} drew row {foreign[0]}, which is not a training row: draw from rows.rows only"
            )
        return [batch.astype(np.int64) for batch in found]


def _times_before(rows: Integers) -> Integers:
    """Return how often each row [n] has come before, in rows that ascend."""
    times: Integers = np.arange(len(rows)) - np.searchsorted(rows, rows)
    return times
