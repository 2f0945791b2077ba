import numpy as np

from motet.signals.signal import Signal


def test_a_signal_knows_its_channels_samples_and_duration() -> None:
    signal = Signal(np.zeros((3, 100), dtype=np.float32), rate_hz=50.0, start_s=1.0)

    assert (signal.num_channels, signal.num_samples, signal.duration_s) == (3, 100, 2.0)
