import numpy as np

from motet.signals.readers.arrays import ArraySignal
from motet.signals.recording import Recording
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
