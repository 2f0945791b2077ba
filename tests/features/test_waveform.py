"""The waveform as a feature map."""

import pytest
import torch

from motet.features import Waveform
from motet.features.settings import WaveformSettings


def test_samples_are_frames(samples: torch.Tensor) -> None:
    feature = Waveform(WaveformSettings(), 8000.0)
    assert torch.equal(feature(samples)[..., 0], samples)
    assert feature.grid(0.5).start_s == 0.5
    assert feature.grid(0.5).step_s == pytest.approx(0.000125)
