import numpy as np
import pytest

from motet.errors import DataError
from motet.signals.prepare.chain import PreparationChain
from motet.signals.prepare.cut import Cut
from motet.signals.settings import CutSettings, SignalSettings
from motet.signals.signal import Signal


def counting(samples: int = 1000) -> Signal:
    """Make two channels at 1 kHz that count their samples up and down."""
    values = np.stack([np.arange(samples), -np.arange(samples)]).astype(np.float32)
    return Signal(values, 1000.0, start_s=2.0)


@pytest.mark.parametrize(
    ("start_s", "length_s", "first", "end"), [(0.0, 0.3, 0, 300), (0.25, 0.5, 250, 750), (0.8, 1.28, 800, 1000)]
)
def test_the_stretch_is_kept(start_s: float, length_s: float, first: int, end: int) -> None:
    signal = counting()
    cut = Cut(CutSettings(start_s=start_s, length_s=length_s))(signal)
    np.testing.assert_array_equal(cut.values, signal.values[:, first:end])
    assert cut.start_s == pytest.approx(2.0 + start_s)
    assert signal.num_samples == 1000


def test_a_recording_that_ends_before_the_stretch_is_refused() -> None:
    chain = PreparationChain(SignalSettings(steps=(CutSettings(start_s=1.0, length_s=1.0),)))
    with pytest.raises(DataError, match=r"the steps of signal leave no samples"):
        chain(counting())


def test_the_stretch_is_part_of_what_identifies_stored_features() -> None:
    first, second = (
        PreparationChain(SignalSettings(steps=(CutSettings(length_s=length_s),))).fingerprint()
        for length_s in (1.0, 2.0)
    )
    assert first != second
