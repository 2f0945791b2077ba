"""The built-in samplers; see `motet.data.sampling`. Each returns the rows of every batch of an epoch."""

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.config import UserComponent
from motet.data.sampling import CheckedSampler, Sampler, SamplingRows
from motet.data.settings import (
    AlternatingSettings,
    BalancedSettings,
    BucketedSettings,
    MixedSettings,
    ProportionalSettings,
    StratifiedSettings,
    TemperatureSettings,
)

Integers = NDArray[np.int64]
Batches = list[Integers]


class Mixed:
    """Every row once, in one shuffled order."""

    def __init__(self, settings: MixedSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        order = _generator(seed, epoch).permutation(rows.rows)
        return _cut(order, batch_size, drop_last=self.settings.drop_last)


class Proportional:
    """Every row once; each batch holds the data sets in proportion to their size, to within one row."""

    def __init__(self, settings: ProportionalSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        order = rows.rows[_spread(rows.data_sets, _generator(seed, epoch))]
        return _cut(order, batch_size, drop_last=self.settings.drop_last)


class Stratified:
    """Every row once; each batch holds the classes in proportion to their size, to within one row."""

    def __init__(self, settings: StratifiedSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        order = rows.rows[_spread(rows.classes(self.settings.task), _generator(seed, epoch))]
        return _cut(order, batch_size, drop_last=self.settings.drop_last)


class Balanced:
    """As many rows of every data set or class, and in all about as many as there are.

    Each is gone through in shuffled order again and again, from epoch to epoch, so its rows come equally often.
    """

    def __init__(self, settings: BalancedSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        kinds = rows.data_sets if self.settings.by == "data_set" else rows.classes(self.settings.task)
        num_kinds = len(np.unique(kinds))
        order = _draw_shares(rows, kinds, np.full(num_kinds, 1 / num_kinds), seed, epoch)
        return _cut(order, batch_size, drop_last=self.settings.drop_last)


class Temperature:
    """Data sets in proportion to size ** (1 / temperature), and in all about as many rows as there are."""

    def __init__(self, settings: TemperatureSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        sizes = np.unique(rows.data_sets, return_counts=True)[1] ** (1 / self.settings.temperature)
        order = _draw_shares(rows, rows.data_sets, sizes / sizes.sum(), seed, epoch)
        return _cut(order, batch_size, drop_last=self.settings.drop_last)


class Alternating:
    """Batches of one data set each: in turn, until the longest or the shortest has ended, or every row once."""

    def __init__(self, settings: AlternatingSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        if self.settings.until == "all":
            return self._each_once(rows, batch_size, _generator(seed, epoch))
        sizes = np.unique(rows.data_sets, return_counts=True)[1]
        num_batches = -(-sizes // batch_size)
        rounds = int(num_batches.max() if self.settings.until == "longest" else num_batches.min())
        series = []
        for number, size in zip(np.unique(rows.data_sets), sizes.tolist(), strict=True):
            own = rows.rows[rows.data_sets == number]
            count = (
                min(rounds * batch_size, size) if -(-size // batch_size) == rounds else rounds * min(batch_size, size)
            )
            drawn = _endless(own, count, seed, epoch, int(number), rows.num_rows)
            series.append(_cut(drawn, min(batch_size, size), drop_last=self.settings.drop_last))
        return [batch for turn in zip(*series, strict=False) for batch in turn]

    def _each_once(self, rows: SamplingRows, batch_size: int, generator: np.random.Generator) -> Batches:
        """Return the batches of every data set, which may end with a smaller one, in a shuffled order."""
        order = generator.permutation(len(rows.rows))
        batches = [
            batch
            for number in np.unique(rows.data_sets)
            for batch in _cut(
                rows.rows[order[rows.data_sets[order] == number]], batch_size, drop_last=self.settings.drop_last
            )
        ]
        return [batches[place] for place in generator.permutation(len(batches))]


class Bucketed:
    """Every row once; within a pool of batches, rows of similar length share a batch. Batches come in any order."""

    def __init__(self, settings: BucketedSettings) -> None:
        self.settings = settings

    def __call__(self, rows: SamplingRows, *, batch_size: int, seed: int, epoch: int) -> Batches:
        """Return the rows of each batch of an epoch."""
        generator = _generator(seed, epoch)
        order = generator.permutation(len(rows.rows))
        pool = np.arange(len(order)) // (self.settings.pool * batch_size)
        by_length = order[np.lexsort((rows.lengths[order], pool))]
        batches = _cut(rows.rows[by_length], batch_size, drop_last=self.settings.drop_last)
        return [batches[number] for number in generator.permutation(len(batches))]


BuiltInSettings = (
    MixedSettings
    | ProportionalSettings
    | BalancedSettings
    | TemperatureSettings
    | StratifiedSettings
    | AlternatingSettings
    | BucketedSettings
)


def build_sampler(settings: BuiltInSettings | UserComponent) -> Sampler:
    """Return the sampler of these settings. A user's own is called without arguments but its options."""
    match settings:
        case MixedSettings():
            return Mixed(settings)
        case ProportionalSettings():
            return Proportional(settings)
        case BalancedSettings():
            return Balanced(settings)
        case TemperatureSettings():
            return Temperature(settings)
        case StratifiedSettings():
            return Stratified(settings)
        case AlternatingSettings():
            return Alternating(settings)
        case BucketedSettings():
            return Bucketed(settings)
    return CheckedSampler(settings.build(), settings.place)


def _generator(seed: int, epoch: int) -> np.random.Generator:
    return draws.generator(seed, "sampling", epoch)


def _cut(order: Integers, batch_size: int, *, drop_last: bool) -> Batches:
    """Cut into batches; the only batch is never left out."""
    end = len(order) // batch_size * batch_size if drop_last and len(order) > batch_size else len(order)
    return [order[start : start + batch_size] for start in range(0, end, batch_size)]


def _spread(kinds: Integers, generator: np.random.Generator) -> Integers:
    """Return an order [n] in which every kind is shuffled and spread evenly over the whole."""
    shuffled = generator.permutation(len(kinds))
    order = shuffled[np.argsort(kinds[shuffled], kind="stable")]
    numbered, sizes = np.unique(kinds, return_counts=True)
    rank = np.arange(len(kinds)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = (rank + np.repeat(generator.random(len(numbered)), sizes)) / np.repeat(sizes, sizes)
    spread: Integers = order[np.argsort(place, kind="stable")]
    return spread


def _draw_shares(rows: SamplingRows, kinds: Integers, shares: NDArray[np.float64], seed: int, epoch: int) -> Integers:
    """Draw as many rows as there are, each kind its share, spread evenly."""
    counts = np.maximum(np.rint(shares * len(kinds)), 1).astype(np.int64).tolist()
    order = np.argsort(kinds, kind="stable")
    own = np.split(rows.rows[order], np.flatnonzero(np.diff(kinds[order])) + 1)
    drawn = np.concatenate(
        [
            _endless(part, count, seed, epoch, kind, rows.num_rows)
            for kind, (part, count) in enumerate(zip(own, counts, strict=True))
        ]
    )
    return drawn[_spread(np.repeat(np.arange(len(counts)), counts), _generator(seed, epoch))]


def _endless(rows: Integers, count: int, seed: int, epoch: int, kind: int, num_rows: int) -> Integers:
    """Return an epoch's part, of `count` rows, of an endless series of shuffled passes over rows."""
    first, last = epoch * count, (epoch + 1) * count
    passes = range(first // len(rows), (last - 1) // len(rows) + 1)
    shuffled = [
        draws.generator(seed, "sampling", "pass", kind, number).permutation(rows) + times * num_rows
        for times, number in enumerate(passes)
    ]
    offset = first - passes.start * len(rows)
    return np.concatenate(shuffled)[offset : offset + count]
