"""Extraction of features against the same work by bare library calls, on one thread, clip by clip.

    python benchmarks/features.py

Log-mels run through `extract` (checks, grid and all) against `torch.stft`, power and a matrix product with the same
filters; the goal is at least 0.9 of its speed. The scalogram runs against `pywt.cwt` at the full rate. Both sides
take turns, and the middle one of the ratios of all rounds counts.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pywt
import torch
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


def bare_logmel(samples: NDArray[np.float32], feature: LogMel) -> Callable[[], object]:
    """Return the calls that anybody would write, with the window and the filters at hand."""
    spectrum = feature.spectrum
    window = torch.hann_window(spectrum.window)
    filters = torch.zeros(feature.num_bins, spectrum.n_fft // 2 + 1)
    filters[:, spectrum.first_bin : spectrum.first_bin + len(spectrum.bins_hz)] = feature.filters.T

    def calls() -> object:
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
        return (10.0 * torch.log10((filters @ power).clamp(min=1e-10))).numpy()

    return calls


def bare_scalogram(samples: NDArray[np.float32], feature: Scalogram) -> Callable[[], object]:
    centre = feature.settings.omega0 / (2 * np.pi)
    scales = centre * feature.rate_hz / np.array(feature.centres_hz)
    return lambda: np.abs(pywt.cwt(samples[0], scales, f"cmor2.0-{centre:.9f}", method="fft")[0])[:, :: feature.hop]


def compare(
    ours: Callable[[], object], reference: Callable[[], object], *, rounds: int, repeats: int
) -> tuple[float, float]:
    """Return CPU seconds of our call, and the reference's time as a multiple of ours."""
    for call in (ours, reference):
        call()
    pairs = [(cpu_s(ours, repeats), cpu_s(reference, repeats)) for _ in range(rounds)]
    return statistics.median(own for own, _ in pairs), statistics.median(other / own for own, other in pairs)


def cpu_s(call: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - start) / repeats


def report_logmel(name: str, duration_s: float, rate_hz: float) -> None:
    samples = noise(duration_s, rate_hz)
    feature = LogMel(LogMelSettings(low_hz=50.0), rate_hz)
    signal = Signal(samples, rate_hz)
    with torch.no_grad():
        reference = bare_logmel(samples, feature)
        own_s, ratio = compare(lambda: extract(feature, signal), reference, rounds=15, repeats=20)
    verdict = "reached" if ratio >= GOAL else "MISSED"
    speed = duration_s / own_s
    print(f"log-mel, {name}: {ratio:.2f} times torch.stft (goal {GOAL}: {verdict}), {speed:,.0f} times real time")


def report_scalogram(duration_s: float, rate_hz: float) -> None:
    samples = noise(duration_s, rate_hz)
    feature = Scalogram(ScalogramSettings(), rate_hz)
    signal = Signal(samples, rate_hz)
    reference = bare_scalogram(samples, feature)
    own_s, ratio = compare(lambda: extract(feature, signal), reference, rounds=3, repeats=1)
    print(f"scalogram: {ratio:.1f} times pywt.cwt, {duration_s / own_s:,.0f} times real time")


def main() -> None:
    torch.set_num_threads(1)
    for name, (duration_s, rate_hz) in CLIPS.items():
        report_logmel(name, duration_s, rate_hz)
    report_scalogram(5.0, 16000.0)


if __name__ == "__main__":
    main()
