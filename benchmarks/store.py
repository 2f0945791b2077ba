"""The store against `numpy.memmap`, and what opening, appending and recognising files cost.

    python -m benchmarks store

Random batches of 32 ragged matrices are read into one padded array, warm. The reference keeps the same matrices in
one flat file, a table of offsets in memory, and copies `memmap[begin:end]` into the same kind of array; the goal
is at least 0.9 of its speed. A second reference takes the array out of the memmap first, which skips NumPy's
bookkeeping for subclasses. All sides take turns; CPU time, the kernel's included, and the median of the ratios of
all rounds count.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.measure import Row, compare, cpu_s, median_cpu_s
from numpy.typing import NDArray

from motet.files import DigestCache, digest_bytes
from motet.store import Entries, Store

GOAL = 0.9
BATCH = 32
ROUNDS, BATCHES = 25, 60
SHAPES = {  # matrices, shortest and longest in frames, bins
    "FSDD log-mels, 30 to 70 frames of 40": (3000, 30, 70, 40),
    "ESC-10 log-mels, 500 frames of 64": (400, 500, 500, 64),
    "signals, 0.2 to 1 s at 16 kHz": (1000, 3200, 16000, 1),
}

Batch = NDArray[np.float32]
Rows = NDArray[np.int64]


def matrices(count: int, shortest: int, longest: int, bins: int) -> list[Batch]:
    draws = np.random.default_rng(0)
    return [
        draws.standard_normal((frames, 1, bins), np.float32) for frames in draws.integers(shortest, longest + 1, count)
    ]


def from_store(store: Store, entries: Entries, bins: int) -> Callable[[Rows], Batch]:
    starts = np.zeros(BATCH, np.int64)

    def read(rows: Rows) -> Batch:
        chosen = entries[rows]
        frames = chosen.frames
        out = np.zeros((BATCH, int(frames.max()), 1, bins), np.float32)
        store.read_many(chosen, starts, frames, out)
        return out

    return read


def from_flat(flat: Batch, maps: list[Batch], bins: int) -> Callable[[Rows], Batch]:
    lengths = np.array([len(values) for values in maps])
    ends = np.cumsum(lengths) * bins
    begins = ends - lengths * bins

    def read(rows: Rows) -> Batch:
        frames = lengths[rows].tolist()
        out = np.zeros((BATCH, max(frames), 1, bins), np.float32)
        places = zip(frames, begins[rows].tolist(), ends[rows].tolist(), strict=True)
        for row, (length, begin, end) in enumerate(places):
            out[row, :length] = flat[begin:end].reshape(length, 1, bins)
        return out

    return read


def compare_batches(folder: Path, name: str) -> Iterator[Row]:
    maps = matrices(*SHAPES[name])
    bins = maps[0].shape[2]
    keys = [digest_bytes(str(number).encode()) for number in range(len(maps))]
    np.concatenate([values.reshape(-1) for values in maps]).tofile(folder / "flat")
    memmap = np.memmap(folder / "flat", np.float32, mode="r")
    with Store(folder) as store:
        store.append((key, values, 0.0, 0.01) for key, values in zip(keys, maps, strict=True))
        ours = from_store(store, store.find(keys), bins)
        references = {
            "numpy.memmap": from_flat(memmap, maps, bins),
            "array inside it": from_flat(np.asarray(memmap), maps, bins),
        }
        order = np.random.default_rng(1)
        batches = [order.integers(0, len(maps), BATCH) for _ in range(BATCHES)]
        assert all(np.array_equal(ours(rows), read(rows)) for read in references.values() for rows in batches)
        for reference, read in references.items():
            found = compare(partial(read_all, ours, batches), partial(read_all, read, batches), rounds=ROUNDS)
            goal = GOAL if reference == "numpy.memmap" else None
            yield Row(
                f"store, {name}: {reference}", found.speed, goal=goal, note=found.told(1e3 / BATCHES, "ms a batch")
            )


def read_all(read: Callable[[Rows], Batch], batches: list[Rows]) -> None:
    for rows in batches:
        read(rows)


def measure_opening(folder: Path) -> Iterator[Row]:
    maps = matrices(*next(iter(SHAPES.values())))
    keys = [digest_bytes(str(number).encode()) for number in range(len(maps))]
    with Store(folder) as store:
        seconds = cpu_s(lambda: store.append((key, values, 0.0, 0.01) for key, values in zip(keys, maps, strict=True)))
        yield Row("store: matrices of 8 kB appended", len(maps) / seconds, "per s", 20_000)
    seconds = median_cpu_s(lambda: Store(folder).find(keys), ROUNDS)
    yield Row("store: opened, and 3,000 keys found", 1e3 * seconds, "ms", 20, "lower")
    with Store(folder) as store:
        seconds = cpu_s(lambda: store.verify(store.find(keys)))
        yield Row("store: 3,000 checksums compared, once in a process", 1e3 * seconds, "ms")


def measure_digests(folder: Path) -> Iterator[Row]:
    files = [folder / f"{number}.wav" for number in range(3000)]
    for number, file in enumerate(files):
        file.write_bytes(number.to_bytes(4, "little") * 2000)
    time.sleep(2.1)  # a file that changed within the last two seconds is not remembered
    cache = DigestCache(folder / "digests")
    seconds = cpu_s(lambda: [cache.digest(file) for file in files])
    yield Row("digests of 3,000 files of 8 kB", 1e3 * seconds, "ms")
    cache.save()

    def recognise() -> None:
        again = DigestCache(folder / "digests")
        for file in files:
            again.digest(file)

    yield Row("digests of 3,000 files, kept ones", 1e3 * median_cpu_s(recognise, ROUNDS), "ms", 40, "lower")


def measure() -> Iterator[Row]:
    """Yield the rows about the store."""
    for name in SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            yield from compare_batches(Path(folder), name)
    for of_files in (measure_opening, measure_digests):
        with tempfile.TemporaryDirectory() as folder:
            yield from of_files(Path(folder))
