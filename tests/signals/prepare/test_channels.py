from typing import Any

import numpy as np
import pytest

from motet.errors import DataError
from motet.signals.prepare.channels import Channels
from motet.signals.signal import Signal

THREE = Signal(np.array([[1.0, 2.0], [3.0, 8.0], [5.0, -1.0]], dtype=np.float32), rate_hz=2.0, start_s=4.0)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("mono", [[3.0, 3.0]]),
        ("left", [[1.0, 2.0]]),
        ("right", [[3.0, 8.0]]),
        ("difference", [[-2.0, -6.0]]),
        ("all", [[1.0, 2.0], [3.0, 8.0], [5.0, -1.0]]),
        ((2,), [[5.0, -1.0]]),
        ((2, 0, 2), [[5.0, -1.0], [1.0, 2.0], [5.0, -1.0]]),
    ],
)
def test_each_selection(select: Any, expected: list[list[float]]) -> None:
    chosen = Channels(select)(THREE)

    np.testing.assert_array_equal(chosen.values, expected)
    assert chosen.values.dtype == np.float32
    assert (chosen.rate_hz, chosen.start_s) == (2.0, 4.0)


def test_one_channel_is_mono_already() -> None:
    signal = Signal(np.ones((1, 4), dtype=np.float32), rate_hz=2.0)

    assert Channels("mono")(signal) is signal


@pytest.mark.parametrize("select", ["left", "right", "difference"])
def test_a_pair_wants_two_channels(select: Any) -> None:
    with pytest.raises(
        DataError, match=f"has 1 channel, and signal.channels is {select}, which needs 2; set it to mono"
    ):
        Channels(select)(Signal(np.ones((1, 4), dtype=np.float32), rate_hz=2.0))


def test_a_channel_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match=r"has 3 channels, and signal\.channels is \[0, 3\], which needs 4"):
        Channels((0, 3))(THREE)
