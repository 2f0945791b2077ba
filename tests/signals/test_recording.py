import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import ConfigError
from motet.signals.readers.arrays import ArraySignal, NumpyFile
from motet.signals.readers.audio import AudioFile
from motet.signals.readers.synthetic.scenes import SyntheticScene
from motet.signals.readers.text import TextFile, TextRows
from motet.signals.recording import Reader, Recording
from motet.signals.signal import Signal


def test_a_recording_reads_its_span() -> None:
    recording: Recording[Signal] = Recording(ArraySignal(np.arange(10.0), rate_hz=10.0), 0.2, 0.5)

    signal = recording.read()

    np.testing.assert_array_equal(signal.values, [[2.0, 3.0, 4.0]])
    assert signal.start_s == 0.2


def test_a_recording_names_its_place_and_span() -> None:
    reader = ArraySignal(np.zeros(10), rate_hz=10.0)

    assert Recording(reader).describe() == "array of shape (10,)"
    assert Recording(reader, 0.25).describe() == "array of shape (10,) [0.25 s to end]"
    assert Recording(reader, 0.25, 0.5).describe() == "array of shape (10,) [0.25 s to 0.5 s]"


@pytest.mark.parametrize(
    "reader",
    [
        AudioFile(Path("a.wav")),
        NumpyFile(Path("a.npy"), 50.0, row=3),
        TextFile(Path("a.csv"), 50.0, columns=("x", 1)),
        TextRows((Path("x.txt"), Path("y.txt")), 50.0, row=2),
        SyntheticScene(index=7, classes=3),
    ],
)
def test_a_recording_travels_to_another_process(reader: Reader[Signal]) -> None:
    recording = Recording(reader, 0.5, 1.0)

    assert pickle.loads(pickle.dumps(recording)) == recording  # noqa: S301 (what a worker process does)


def test_a_recording_of_an_array_or_a_file(tmp_path: Path) -> None:
    samples = np.arange(8.0).reshape(2, 4)
    np.save(tmp_path / "a.npy", samples)

    for content in (samples, samples.tolist(), tmp_path / "a.npy", str(tmp_path / "a.npy")):
        signal = Recording.of(content, 2, start_s=0.5).read()
        np.testing.assert_array_equal(signal.values, samples[:, 1:])
        assert signal.rate_hz == 2.0

    with pytest.raises(ConfigError, match="an array carries no sampling rate, give the samples per second"):
        Recording.of(samples)
    with pytest.raises(ConfigError, match=r"a.npy carries no sampling rate"):
        Recording.of(tmp_path / "a.npy")


@pytest.mark.parametrize("rate_hz", [0, -8000, float("nan"), float("inf"), "8000"])
def test_a_sampling_rate_is_a_number_above_0(rate_hz: Any) -> None:
    with pytest.raises(ConfigError, match=r"rate_hz is .*, but a sampling rate is a number above 0"):
        Recording.of([0.0, 1.0], rate_hz)
