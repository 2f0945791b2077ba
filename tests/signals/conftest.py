from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.files.digest_cache import DigestCache
from motet.signals.signal import Signal

Tone = Callable[..., Signal]


@pytest.fixture
def tone() -> Tone:
    """Make a signal with one sine a channel."""

    def make(*frequencies_hz: float, rate_hz: float = 8000.0, duration_s: float = 1.0, peak: float = 0.5) -> Signal:
        times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
        values = peak * np.sin(2 * np.pi * np.array(frequencies_hz)[:, None] * times_s)
        return Signal(values.astype(np.float32), rate_hz)

    return make


@pytest.fixture
def noise() -> NDArray[np.float32]:
    return 0.1 * np.random.default_rng(5).standard_normal((2, 4000), dtype=np.float32)


@pytest.fixture
def cache() -> DigestCache:
    return DigestCache()
