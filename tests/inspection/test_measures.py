from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from motet.inspection.measures import Measured, measure
from motet.signals.recording import Recording
from motet.sources import ArrayMap


def measured(values: Any, rate_hz: float = 1000.0) -> Measured:
    found = measure(Recording.of(np.asarray(values, np.float32), rate_hz))
    assert isinstance(found, Measured)
    return found


def test_figures_of_two_channels() -> None:
    found = measured([[0.5, -0.5, 0.5, -0.5], [1.0, 1.0, 1.0, 1.0]], 4.0)
    assert (found.duration_s, found.rate_hz, found.channels, found.samples) == (1.0, 4.0, 2, 4)
    assert found.peak == 1.0
    assert found.offset == 1.0
    assert found.level == pytest.approx(np.sqrt((0.25 + 0.0) / 2))
    assert not found.sound


def test_equal_content_has_equal_digests_whatever_the_file(tmp_path: Path) -> None:
    samples = np.round(np.random.default_rng(0).uniform(-1, 1, 500) * 1000) / 32768
    for name in ("a.wav", "b.flac", "c.wav"):
        soundfile.write(tmp_path / name, samples if name != "c.wav" else -samples, 8000)
    first, second, other = (measure(Recording.of(tmp_path / name)) for name in ("a.wav", "b.flac", "c.wav"))
    assert isinstance(first, Measured)
    assert isinstance(second, Measured)
    assert isinstance(other, Measured)
    assert first.sound
    assert first.digest == second.digest != other.digest


def test_flat_tops_are_counted() -> None:
    wave = np.sin(np.linspace(0, 20 * np.pi, 1000))
    assert measured(wave).flat_tops == 0
    clipped = np.clip(2 * wave, -1, 1)
    assert measured(clipped).flat_tops == int((np.abs(clipped) == 1).sum())
    assert measured(np.ones(100)).flat_tops == 0
    assert measured([1.0, 1.0]).flat_tops == 0


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "the file is empty" in str(measure(Recording.of(tmp_path / "empty.wav")))
    assert "NaN" in str(measure(Recording.of(np.array([0.0, np.nan]), 10)))


def test_a_finished_map() -> None:
    found = measure(Recording(ArrayMap(np.arange(40.0).reshape(10, 4), rate_hz=5.0)))
    assert isinstance(found, Measured)
    assert (found.duration_s, found.rate_hz, found.channels, found.samples) == (2.0, 5.0, 1, 10)
