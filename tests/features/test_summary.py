"""Summaries of log-mel bands against NumPy and SciPy."""

import numpy as np
import scipy.stats
import torch

from motet.features import LogbankSummary, LogMel
from motet.features.settings import LogbankSummarySettings

SETTINGS = LogbankSummarySettings(bands=40)


def test_statistics_equal_numpy_and_scipy(samples: torch.Tensor) -> None:
    bands = LogMel(SETTINGS, 8000.0)(samples)[0].double().numpy()
    expected = [
        bands.mean(0),
        bands.std(0),
        np.median(bands, 0),
        bands.min(0),
        bands.max(0),
        np.quantile(bands, 0.25, 0),
        np.quantile(bands, 0.75, 0),
        scipy.stats.skew(bands, 0),
        scipy.stats.kurtosis(bands, 0),
    ]
    values = LogbankSummary(SETTINGS, 8000.0)(samples)[0, 0].numpy()
    np.testing.assert_allclose(values, np.concatenate(expected), rtol=1e-4, atol=1e-4)


def test_the_order_is_as_set(samples: torch.Tensor) -> None:
    both = LogbankSummary(SETTINGS.model_copy(update={"statistics": ("max", "mean")}), 8000.0)(samples)
    most = LogbankSummary(SETTINGS.model_copy(update={"statistics": ("max",)}), 8000.0)(samples)
    assert torch.equal(both[..., :40], most)


def test_silence_has_no_spread() -> None:
    values = LogbankSummary(SETTINGS, 8000.0)(torch.zeros(1, 8000)).view(9, 40)
    expected = torch.tensor([-100.0, 0.0, -100.0, -100.0, -100.0, -100.0, -100.0, 0.0, 0.0])
    torch.testing.assert_close(values, expected[:, None].expand(9, 40))
