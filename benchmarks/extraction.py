"""From sound files to stored log-mels, against the same library calls in a bare loop; and opened again.

    python -m benchmarks extraction

Ours lists the files, digests them, decodes, resamples, computes log-mels, checks all values, and commits them with
checksums to a new store, in one process. The reference knows the paths, decodes (soundfile), resamples (soxr),
computes log-mels (`torch.stft`, power, a matrix product, decibels), and keeps the arrays in memory. Opened again, ours
lists the files and finds all maps in the store. Imports count nowhere.

What a second process brings is the one figure in wall-clock time, and wants two idle cores. It is told by the slope,
the time of all clips less that of some of them, because starting processes takes the same time for any data.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import soundfile
import soxr
import torch
from benchmarks.data import data_folder, esc10, fsdd
from benchmarks.features import bare_logmel
from benchmarks.measure import Row, compare, median_cpu_s

import motet
from motet.experiment.data import open_data
from motet.features import LogMel
from motet.features.settings import LogMelSettings

Build = Callable[..., motet.Experiment]
ROUNDS = 3
FEW, ALL = 80, 400


def measure() -> Iterator[Row]:
    """Yield the rows about extraction."""
    torch.set_num_threads(1)
    fsdd_mel = LogMel(LogMelSettings(bands=64, window_s=0.025, hop_s=0.010), 16000.0)
    esc_mel = LogMel(LogMelSettings(bands=64, low_hz=50, high_hz=14000, window_s=0.064, hop_s=0.032), 32000.0)
    yield from compare_with_bare("FSDD, 3,000 WAV", fsdd_at_16_khz, bare_calls("fsdd/*.wav", fsdd_mel), goal=1.2)
    yield from compare_with_bare("ESC-10, 400 Ogg", esc10, bare_calls("esc10/*/*.ogg", esc_mel), goal=1.1)
    yield two_processes()


def fsdd_at_16_khz(store: Path) -> motet.Experiment:
    features = {"kind": "logmel", "bands": 64, "window_s": 0.025, "hop_s": 0.010}
    return fsdd(store, signal={"rate_hz": 16000, "channels": "mono"}, features=features)


def compare_with_bare(name: str, build: Build, bare: Callable[[], object], *, goal: float) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        stores = (Path(folder) / str(number) for number in range(1 + ROUNDS))
        found = compare(lambda: extract(build(next(stores))), bare, rounds=ROUNDS)
        yield Row(f"{name} to stored log-mels: bare calls, time", found.cost, "x", goal, "lower", found.told())
        yield Row(f"{name} to stored log-mels: bare calls, speed", found.speed, "x", 0.9, "higher", found.told())
        again = median_cpu_s(lambda: extract(build(Path(folder) / "0")), rounds=5)
        yield Row(f"{name} opened again", again, "CPU s", 0.3, "lower")


def extract(experiment: motet.Experiment, workers: int = 1) -> None:
    with open_data(experiment, workers=workers):
        pass


def bare_calls(pattern: str, feature: LogMel) -> Callable[[], object]:
    folder, _, files = pattern.partition("/")
    paths = sorted(data_folder(folder).glob(files))
    logmel, rate_hz = bare_logmel(feature), int(feature.rate_hz)

    def calls() -> object:
        maps = []
        for path in paths:
            samples, own_rate_hz = soundfile.read(path, dtype="float32")
            if own_rate_hz != rate_hz:
                samples = soxr.resample(samples, own_rate_hz, rate_hz, quality="HQ")
            maps.append(logmel(samples[None]))
        return maps

    return calls


def two_processes() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        seconds = {
            (workers, clips): wall_s(esc10(Path(folder) / f"{workers}-{clips}", limit=clips), workers)
            for workers in (1, 2)
            for clips in (FEW, ALL)
        }
    one, two = (seconds[workers, ALL] - seconds[workers, FEW] for workers in (1, 2))
    note = f"{one:.2f} against {two:.2f} s for {ALL - FEW} clips; to begin takes {seconds[2, FEW] - two / 4:.1f} s"
    return Row("ESC-10 in two processes: one process, wall-clock", one / two, "x", 1.8, "higher", note)


def wall_s(experiment: motet.Experiment, workers: int) -> float:
    began = time.perf_counter()
    extract(experiment, workers)
    return time.perf_counter() - began
