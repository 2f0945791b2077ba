"""Drawing batches and planning epochs against what anybody would write by hand.

    python -m benchmarks batches

`Loader.draw` reads 32 random maps out of memory, crops and pads them, and gathers the targets of two tasks with
their masks and keys. The reference copies the same frames into one array and indexes the same targets, no more. A
training step of a small network takes 10 ms and up; the goal is 0.4 ms for maps of 50x40.
Planning an epoch of 30,000 rows has the goal of 50 ms for every sampler.
"""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from benchmarks.measure import Row, compare, median_cpu_s
from numpy.typing import NDArray

from motet.data import Corpus, DataSet, Loader, SamplingRows, Segments, build_sampler
from motet.data.settings import (
    AlternatingSettings,
    BalancedSettings,
    BucketedSettings,
    MixedSettings,
    ProportionalSettings,
    SegmentSettings,
    StratifiedSettings,
    TemperatureSettings,
)
from motet.draws import Occasion
from motet.features.feature_map import TimeGrid
from motet.signals.recording import Recording
from motet.sources.example import Example
from motet.tasks.classification import Multiclass
from motet.tasks.settings import MulticlassSettings

DRAW_GOAL_MS, PLAN_GOAL_MS = 0.4, 50.0
BATCH, BINS = 32, 40
SAMPLERS = (
    MixedSettings(),
    ProportionalSettings(),
    BalancedSettings(),
    BalancedSettings(by="class"),
    TemperatureSettings(),
    StratifiedSettings(),
    AlternatingSettings(),
    BucketedSettings(),
)
Integers = NDArray[np.int64]


@dataclass
class Memory:
    """Maps in memory."""

    maps: list[NDArray[np.float32]]
    channels: int = 1
    bins: int = BINS
    grid: TimeGrid = field(default_factory=lambda: TimeGrid(0.0, 0.01))

    def frames(self, rows: Integers) -> Integers:
        """Return the frames of each row."""
        return np.asarray([len(self.maps[row]) for row in rows])

    def read_many(
        self,
        rows: Integers,
        starts: Integers,
        stops: Integers,
        out: NDArray[np.float32],
        occasion: Occasion | None = None,
    ) -> None:
        """Copy frames of each row."""
        for place, (row, start, stop) in enumerate(zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True)):
            out[place, : stop - start] = self.maps[row][start:stop]


def digits(name: str, num_rows: int, offset: int = 0) -> DataSet:
    recording: Recording[Any] = Recording(None)  # type: ignore[arg-type]  # never read
    return DataSet.of(
        name,
        (
            Example(str(row), {"mel": recording}, {"digit": str(row % 10), "speaker": "abcdef"[row // 10 % 6]})
            for row in range(offset, offset + num_rows)
        ),
    )


def corpus_of(*data_sets: DataSet) -> Corpus:
    tasks = {
        "digit": Multiclass(MulticlassSettings(), "digit", tuple("0123456789")),
        "speaker": Multiclass(MulticlassSettings(), "speaker", tuple("abcdef")),
    }
    by_name = {found.name: found for found in data_sets}
    return Corpus(by_name, tasks, dict.fromkeys(by_name, ("digit", "speaker")))


def by_hand(memory: Memory, corpus: Corpus, num_frames: int | None) -> Callable[[Integers], object]:
    frames = memory.frames(np.arange(len(memory.maps)))

    def draw(rows: Integers) -> object:
        longest = int(frames[rows].max()) if num_frames is None else num_frames
        out = np.zeros((len(rows), longest, 1, BINS), np.float32)
        for place, row in enumerate(rows.tolist()):
            values = memory.maps[row][:longest]
            out[place, : len(values)] = values
        targets = {name: torch.from_numpy(column.values[rows]) for name, column in corpus.targets.items()}
        return torch.from_numpy(out).permute(0, 2, 1, 3), targets

    return draw


def compare_draws(name: str, shortest: int, longest: int, segments: Segments | None) -> Iterator[Row]:
    generator = np.random.default_rng(0)
    lengths = generator.integers(shortest, longest + 1, 3000).tolist()
    memory = Memory([generator.standard_normal((length, 1, BINS), np.float32) for length in lengths])
    corpus = corpus_of(digits("fsdd", 3000))
    loader = Loader(corpus, {"fsdd": {"mel": memory}}, {"fsdd": segments}, seed=1)
    reference = by_hand(memory, corpus, None if segments is None else segments.num_frames(0.01))
    batches = [generator.permutation(3000)[:BATCH] for _ in range(200)]

    def all_of(draw: Callable[[Integers], object]) -> Callable[[], object]:
        return lambda: [draw(rows) for rows in batches]

    ours, theirs = all_of(lambda rows: loader.draw(rows, epoch=0, training=True)), all_of(reference)
    found = compare(ours, theirs, rounds=15)
    own_ms = 1e3 * statistics.median(found.ours) / len(batches)
    yield Row(f"a batch of {BATCH}, {name}", own_ms, "ms", DRAW_GOAL_MS, "lower")
    yield Row(f"a batch of {BATCH}, {name}: copying alone", found.speed)


def plans() -> Iterator[Row]:
    corpus = corpus_of(digits("large", 20_000), digits("small", 10_000))
    rows = SamplingRows.of(corpus, np.arange(30_000), np.arange(30_000) * 7 % 61)
    for settings in SAMPLERS:
        plan = partial(build_sampler(settings), rows, batch_size=BATCH, seed=1, epoch=3)
        name = f"{settings.kind} by {settings.by}" if isinstance(settings, BalancedSettings) else settings.kind
        milliseconds = 1e3 * median_cpu_s(plan, rounds=5)
        yield Row(f"plan of an epoch of 30,000 rows, {name}", milliseconds, "ms", PLAN_GOAL_MS, "lower")


def measure() -> Iterator[Row]:
    """Yield the rows about batches and plans."""
    torch.set_num_threads(1)
    yield from compare_draws("maps of 50x40", 50, 50, None)
    yield from compare_draws("ragged, padded to the longest", 20, 80, None)
    half_second = Segments(SegmentSettings(length_s=0.5, pad="wrap"), 0.5)
    yield from compare_draws("ragged, cropped or wrapped to 0.5 s", 20, 80, half_second)
    yield from plans()
