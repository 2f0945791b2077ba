"""Extraction of features against the same work by bare library calls, on one thread, clip by clip.

    python -m benchmarks features

Log-mels run through `extract` (checks, grid and all) against `torch.stft`, power and a matrix product with the same
filters. The scalogram runs against `pywt.cwt` at the full rate.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pywt
import torch
from benchmarks.measure import Compared, Row, compare, repeat
from numpy.typing import NDArray

from motet.features import LogMel, Scalogram
from motet.features.extract import extract
from motet.features.settings import LogMelSettings, ScalogramSettings
from motet.signals.signal import Signal

GOAL = 0.9
CLIPS = {
    "ESC-10, 5 s at 32 kHz": (5.0, 32000.0),
    "5 s at 16 kHz": (5.0, 16000.0),
    "FSDD, 0.4 s at 8 kHz": (0.4, 8000.0),
}


def noise(duration_s: float, rate_hz: float) -> NDArray[np.float32]:
    draws = np.random.default_rng(0).standard_normal((1, round(duration_s * rate_hz)))
    return (0.1 * draws).astype(np.float32)


def bare_logmel(feature: LogMel) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return the calls that anybody would write, for samples [1, T], with the window and the filters at hand."""
    spectrum = feature.spectrum
    window = torch.hann_window(spectrum.window)
    filters = torch.zeros(feature.num_bins, spectrum.n_fft // 2 + 1)
    filters[:, spectrum.first_bin : spectrum.first_bin + len(spectrum.bins_hz)] = feature.filters.T

    def calls(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        complex_ = torch.stft(
            torch.from_numpy(samples),
            spectrum.n_fft,
            spectrum.hop,
            spectrum.window,
            window,
            pad_mode="constant",
            return_complex=True,
        )
        power = complex_.real.square() + complex_.imag.square()
        map_: NDArray[np.float32] = (10.0 * torch.log10((filters @ power).clamp(min=1e-10))).numpy()
        return map_

    return calls


def bare_scalogram(samples: NDArray[np.float32], feature: Scalogram) -> Callable[[], object]:
    centre = feature.settings.omega0 / (2 * np.pi)
    scales = centre * feature.rate_hz / np.array(feature.centres_hz)
    return lambda: np.abs(pywt.cwt(samples[0], scales, f"cmor2.0-{centre:.9f}", method="fft")[0])[:, :: feature.hop]


def in_turn(ours: Callable[[], object], reference: Callable[[], object], *, rounds: int, repeats: int) -> Compared:
    return compare(lambda: repeat(ours, repeats), lambda: repeat(reference, repeats), rounds=rounds)


def logmel(name: str, duration_s: float, rate_hz: float) -> Row:
    samples = noise(duration_s, rate_hz)
    feature = LogMel(LogMelSettings(low_hz=50.0), rate_hz)
    signal = Signal(samples, rate_hz)
    bare = bare_logmel(feature)
    repeats = round(100 / duration_s)
    with torch.no_grad():
        found = in_turn(lambda: extract(feature, signal), lambda: bare(samples), rounds=15, repeats=repeats)
    return Row(f"log-mel, {name}: torch.stft", found.speed, goal=GOAL, note=found.told(1e3 / repeats, "ms"))


def scalogram(duration_s: float, rate_hz: float) -> Row:
    samples = noise(duration_s, rate_hz)
    feature = Scalogram(ScalogramSettings(), rate_hz)
    signal = Signal(samples, rate_hz)
    reference = bare_scalogram(samples, feature)
    found = in_turn(lambda: extract(feature, signal), reference, rounds=3, repeats=1)
    return Row("scalogram, 5 s at 16 kHz: pywt.cwt", found.speed, note=found.told(1e3, "ms"))


def measure() -> Iterator[Row]:
    """Yield the rows about features."""
    torch.set_num_threads(1)
    for name, (duration_s, rate_hz) in CLIPS.items():
        yield logmel(name, duration_s, rate_hz)
    yield scalogram(5.0, 16000.0)
