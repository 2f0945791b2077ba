"""A part computed live equals the same part of the whole map."""

from typing import Any

import pytest
import torch

from motet.errors import ConfigError
from motet.features import LogMel, Mfcc, Spectrogram, Waveform, live_span
from motet.features.settings import LogMelSettings, MfccSettings, SpectrogramSettings, WaveformSettings

LOCAL: list[Any] = [
    Waveform(WaveformSettings(), 8000.0),
    Spectrogram(SpectrogramSettings(scale="power"), 8000.0),
    Spectrogram(SpectrogramSettings(scale="power", centred=False, window_s=0.0251), 8000.0),
    Spectrogram(SpectrogramSettings(scale="power", window_s=0.0251, n_fft=301), 8000.0),
    LogMel(LogMelSettings(bands=40, hop_s=0.0087), 8000.0),
    Mfcc(MfccSettings(bands=40, deltas=2), 8000.0),
    Mfcc(MfccSettings(bands=40, deltas=1, centred=False, delta_frames=5), 8000.0),
]


@pytest.mark.parametrize("feature", LOCAL)
@pytest.mark.parametrize("part", [(0.0, 1.0), (0.0, 0.2), (0.31, 0.32), (0.5, 0.9), (0.97, 1.0)])
def test_live_equals_stored(feature: Any, part: tuple[float, float], samples: torch.Tensor) -> None:
    signal = samples[:, :7999]
    stored = feature(signal)
    start = min(int(part[0] * stored.shape[1]), stored.shape[1] - 1)
    stop = max(start + 1, int(part[1] * stored.shape[1]))
    span = live_span(feature, start=start, stop=stop, num_samples=7999)
    live = feature(signal[:, span.first_sample : span.end_sample])[:, span.first_frame : span.end_frame]
    torch.testing.assert_close(live, stored[:, start:stop], rtol=1e-5, atol=1e-4)
    grid = feature.grid(span.first_sample / 8000.0)
    whole = feature.grid(0.0)
    assert grid.start_s + span.first_frame * grid.step_s == pytest.approx(whole.start_s + start * whole.step_s)


@pytest.mark.parametrize("feature", LOCAL)
def test_context_is_what_a_frame_depends_on(feature: Any, samples: torch.Tensor) -> None:
    """Samples farther than `context_s` from a frame have no gradient there."""
    signal = samples.clone().requires_grad_()
    frame = feature.num_frames(8000) // 2
    feature(signal)[:, frame].square().sum().backward()
    assert signal.grad is not None
    grid = feature.grid(0.0)
    distance_s = (torch.arange(8000) / 8000.0 - (grid.start_s + frame * grid.step_s)).abs()
    assert (signal.grad[0, distance_s > feature.context_s + 1e-9] == 0).all()
    assert (signal.grad[0, distance_s < feature.context_s * 0.9 - 0.001] != 0).any() or feature.context_s == 0


@pytest.mark.parametrize("feature", ["peak", "scalogram", "logbank_summary"], indirect=True)
def test_a_whole_clip_feature_refuses_parts(feature: Any) -> None:
    with pytest.raises(ConfigError, match="needs the whole recording and cannot be computed on segments: remove"):
        live_span(feature, start=0, stop=1, num_samples=8000)
