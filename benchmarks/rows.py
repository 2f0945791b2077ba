"""Ten times the rows: what a row costs, and how much memory the process takes at its peak.

    python -m benchmarks rows

`motet train` as a process of its own, on recordings that it generates: extraction into an empty store, one epoch, the
scores on development and test rows with their intervals. What the process takes for a tenth of the smaller run is
taken off both: imports, and what comes once. The peak is that of the resident set (`ru_maxrss`).
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Row

FEW, MANY, ROUNDS = 1_000, 10_000, 1
EXPERIMENT = """
name: rows
data:
  speakers: {source: {kind: generated, content: speakers, classes: 10, rate_hz: 8000, duration_s: 0.4}}
features: {kind: logmel, bands: 40, window_s: 0.025, hop_s: 0.020}
segments: {length_s: 0.5}
split: {kind: holdout, test: 0.2}
model: {encoder: [{kind: mlp, hidden: [64], per: clip}]}
training: {epochs: 1}
"""


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds, and mebibytes at the peak."""

    cpu_s: float
    peak_mib: float


def measure() -> Iterator[Row]:
    """Yield the rows about rows."""
    with tempfile.TemporaryDirectory() as name:
        experiment = Path(name) / "rows.yaml"
        experiment.write_text(EXPERIMENT)
        run(experiment, FEW // 10)
        rounds = [[run(experiment, rows) for rows in (FEW // 10, FEW, MANY)] for _ in range(ROUNDS)]
    ratios, told = zip(*(per_row(*used) for used in rounds), strict=True)
    yield Row("10 times the rows: time of a row", statistics.median(ratios), "x", 1.05, "lower", told[0])
    few, many = (statistics.median(used[place].peak_mib for used in rounds) for place in (1, 2))
    yield Row("10 times the rows: peak memory", many / few, "x", 1.1, "lower", f"{many:.0f} against {few:.0f} MiB")


def per_row(least: Used, few: Used, many: Used) -> tuple[float, str]:
    """Return what a row of the large run takes as a multiple of one of the small run."""
    of_few, of_many = (
        1e3 * (used.cpu_s - least.cpu_s) / (rows - FEW // 10) for used, rows in ((few, FEW), (many, MANY))
    )
    return of_many / of_few, f"{of_many:.2f} against {of_few:.2f} CPU ms"


def run(experiment: Path, rows: int) -> Used:
    """Train in a process of its own."""
    with tempfile.TemporaryDirectory(dir=experiment.parent) as folder:
        words = [f"data.speakers.source.examples={rows}", f"store.path={folder}/store", "--workers", "1"]
        process = subprocess.Popen(
            [sys.executable, "-m", "motet", "train", str(experiment), *words, "-o", f"{folder}/run"],
            env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"motet train failed with {rows} rows")
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
