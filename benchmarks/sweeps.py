"""A sweep of 12 points that share features, against 12 plain trainings in a loop by hand.

    python -m benchmarks sweeps

Both sides train the same 12 networks on FSDD, one epoch each, with a filled store, in one process; imports count on
neither side. Pictures are not drawn. How often a map is computed is told of a sweep whose store was empty.

What two jobs bring is told in wall-clock time, and wants two idle cores: four points of some epochs, two at once, each
with one thread, against the same one after another. Starting the processes counts.
"""

import logging
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from benchmarks.data import fsdd
from benchmarks.measure import Row, compare

import motet

ROUNDS, POINTS = 2, 12
RATES = [round(1e-4 * 1.5**number, 6) for number in range(POINTS)]
AXIS = "training.optimizer.learning_rate"
JOBS_POINTS, JOBS_EPOCHS = 4, 6


def measure() -> Iterator[Row]:
    """Yield the rows about sweeps."""
    torch.set_num_threads(1)
    logging.getLogger("motet").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        experiment = fsdd(
            folder / "store",
            split={"kind": "folds", "dev": 0.15},
            training={"epochs": 1, "batch_size": 64, "threads": 1},
            evaluation={"plots": False},
        )
        computed = maps_computed(experiment, folder / "first")
        yield Row(f"{POINTS} points that share features: maps computed of each", computed / 3000, "", 1.0, "lower")
        times = iter(range(100))
        found = compare(
            lambda: motet.sweep(experiment, folder / f"sweep-{next(times)}", sweep={AXIS: RATES}),
            lambda: by_hand(experiment, folder / f"plain-{next(times)}"),
            rounds=ROUNDS,
            warm_up=False,
        )
        yield Row(
            f"{POINTS} points that share features: sweep over plain trainings",
            found.cost, "x", 1.03, "lower", found.told(1 / POINTS, "CPU s a point"),
        )  # fmt: skip
        yield two_jobs(experiment, folder)


def two_jobs(experiment: motet.Experiment, folder: Path) -> Row:
    """Measure how much faster two points at a time are than one."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    axes = {AXIS: RATES[:JOBS_POINTS], "training.epochs": [JOBS_EPOCHS]}
    for number in range(ROUNDS + 1):
        for jobs in (1, 2) if number % 2 else (2, 1):
            began = time.perf_counter()
            motet.sweep(experiment, folder / f"jobs-{jobs}-{number}", sweep=axes, jobs=jobs)
            seconds[jobs].append(time.perf_counter() - began)
    one, two = (statistics.median(seconds[jobs]) for jobs in (1, 2))
    ratio = statistics.median(first / second for first, second in zip(seconds[1], seconds[2], strict=True))
    note = f"{one:.1f} against {two:.1f} s"
    return Row(f"{JOBS_POINTS} points, two jobs: one after another, wall-clock", ratio, "x", note=note)


def maps_computed(experiment: motet.Experiment, folder: Path) -> int:
    """Return how many maps a sweep computes whose store is empty."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("motet").addHandler(handler)
    try:
        motet.sweep(experiment, folder, sweep={AXIS: RATES, "training.epochs": [0]})
    finally:
        logging.getLogger("motet").removeHandler(handler)
    return sum(int(found[1]) for line in said if (found := re.search(r"(\d+) maps computed", line)))


def by_hand(experiment: motet.Experiment, folder: Path) -> None:
    """Train the same networks one after another."""
    for rate in RATES:
        training = experiment.training
        optimizer = dict(training)["optimizer"].model_copy(update={"learning_rate": rate})
        point = experiment.model_copy(update={"training": training.model_copy(update={"optimizer": optimizer})})
        motet.train(point, folder / str(rate))
