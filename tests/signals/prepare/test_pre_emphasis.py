import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from motet.signals.prepare.pre_emphasis import PreEmphasis
from motet.signals.settings import PreEmphasisSettings
from motet.signals.signal import Signal


@pytest.mark.parametrize("coefficient", [0.5, 0.97])
def test_it_is_the_filter_of_its_equation(noise: NDArray[np.float32], coefficient: float) -> None:
    emphasised = PreEmphasis(PreEmphasisSettings(coefficient=coefficient))(Signal(noise, 8000.0, start_s=1.0))

    np.testing.assert_allclose(emphasised.values, lfilter([1.0, -coefficient], [1.0], noise), atol=1e-6)
    assert emphasised.start_s == 1.0


def test_the_given_signal_stays_as_it_is(noise: NDArray[np.float32]) -> None:
    before = noise.copy()
    PreEmphasis(PreEmphasisSettings())(Signal(noise, 8000.0))

    np.testing.assert_array_equal(noise, before)
