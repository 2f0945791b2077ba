"""Losses of maps against maps: waveforms and feature maps as targets. Axes: n rows, T frames, K values of a frame.

Every loss takes predictions and targets [n, T, K] and the valid frames of each row, int64 [n] (None for all), and
returns one value a row [n]. What lies behind a row's end counts nowhere: a row alone has the loss that it has in a
padded batch.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from motet.config import Settings
from motet.tasks.map_settings import (
    MapAbsoluteErrorSettings,
    MapSquaredErrorSettings,
    SiSdrLossSettings,
    SpectralLossSettings,
)
from motet.tasks.task import Framed

_SMALLEST_POWER = 1e-8


def as_long_as(prediction: Framed, target: Framed) -> Tensor:
    """Return a predicted map with as many frames as its target [n, T, K]: cut, or the last valid frame held.

    A map that is made from an input of another rate may end a frame before or behind its target.
    """
    size, values = target.values.shape[1], prediction.values
    if prediction.lengths is None:
        if values.shape[1] >= size:
            return values[:, :size]
        return torch.cat([values, values[:, -1:].expand(-1, size - values.shape[1], -1)], dim=1)
    frames = torch.arange(size, device=values.device)[None]
    held = torch.minimum(frames, (prediction.lengths - 1).clamp(min=0)[:, None])
    longer = values.gather(1, held[:, :, None].expand(-1, -1, values.shape[2]))
    if target.lengths is None:
        return longer
    return longer * (frames < target.lengths[:, None])[:, :, None]


def squared_error(predictions: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the mean squared error of every row [n] over its frames and values."""
    return _mean(torch.square(predictions - targets), lengths)


def absolute_error(predictions: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the mean absolute error of every row [n] over its frames and values."""
    return _mean((predictions - targets).abs(), lengths)


def si_sdr(predictions: Tensor, targets: Tensor, lengths: Tensor | None, *, limit_db: float | None = None) -> Tensor:
    """Return the scale-invariant signal-to-distortion ratio of every row in dB [n], the mean over the K signals.

    Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?", ICASSP 2019, equation 5: the target is
    scaled to lie nearest to the prediction, and its power is divided by that of what remains. 1e-8 is added to both,
    so that silence has a value.

    Parameters
    ----------
    limit_db
        What a perfect prediction has; None for no limit. Wisdom et al., "Unsupervised sound separation using mixture
        invariant training", NeurIPS 2020, equation 2: a share of the kept power is added to what is lost.

    Examples
    --------
    >>> target = torch.tensor([[1.0, 0.0, -1.0, 0.0]]).unsqueeze(-1)
    >>> noise = torch.tensor([[0.0, 1.0, 0.0, -1.0]]).unsqueeze(-1)
    >>> si_sdr(5 * target + 0.5 * noise, target, None).round().tolist()
    [20.0]
    """
    valid = _valid(targets, lengths)
    predictions, targets = predictions * valid, targets * valid
    scale = (predictions * targets).sum(1, keepdim=True) / (torch.square(targets).sum(1, keepdim=True) + 1e-12)
    nearest = scale * targets
    kept, lost = torch.square(nearest).sum(1), torch.square(predictions - nearest).sum(1)
    if limit_db is not None:
        lost = lost + 10 ** (-limit_db / 10) * kept
    return (10 * torch.log10((kept + _SMALLEST_POWER) / (lost + _SMALLEST_POWER))).mean(1)


def spectral_distance(predictions: Tensor, targets: Tensor, lengths: Tensor | None, windows: Sequence[int]) -> Tensor:
    """Return the multi-resolution STFT loss of every row [n], the mean over resolutions and the K signals.

    Yamamoto, Song and Kim, "Parallel WaveGAN", ICASSP 2020, equations 4 to 6: spectral convergence plus the mean
    absolute difference of logarithmic magnitudes.

    Parameters
    ----------
    windows
        Lengths of the Hann windows in frames of the map; the hop is a quarter of a window.
    """
    valid = _valid(targets, lengths)
    found, true = ((values * valid).transpose(1, 2).flatten(0, 1) for values in (predictions, targets))
    counts = None if lengths is None else lengths.repeat_interleave(targets.shape[2])
    losses = [_one_resolution(found, true, counts, window) for window in windows]
    return torch.stack(losses).mean(0).reshape(len(targets), -1).mean(1)


def _one_resolution(predictions: Tensor, targets: Tensor, lengths: Tensor | None, window: int) -> Tensor:
    found, true = _magnitudes(predictions, window), _magnitudes(targets, window)
    if lengths is None:
        valid = torch.ones_like(true[:, :1])
    else:
        centres = torch.arange(true.shape[2], device=true.device) * (window // 4)
        valid = (centres <= lengths[:, None])[:, None].to(true.dtype)
    missed: Tensor = torch.linalg.vector_norm((found - true) * valid, dim=(1, 2))
    convergence: Tensor = missed / torch.linalg.vector_norm(true * valid, dim=(1, 2))
    logarithmic: Tensor = ((found.log() - true.log()).abs() * valid).sum((1, 2)) / (valid.sum((1, 2)) * true.shape[1])
    return convergence + logarithmic


def _magnitudes(signals: Tensor, window: int) -> Tensor:
    """Return magnitudes [m, F, T] of signals [m, T], never below 1e-4, so that logarithm and gradient are finite."""
    shape = torch.hann_window(window, device=signals.device)
    spectrum = torch.stft(
        signals, window, window // 4, window=shape, center=True, pad_mode="constant", return_complex=True
    )
    return torch.sqrt((spectrum.real.square() + spectrum.imag.square()).clamp_min(_SMALLEST_POWER))


def _valid(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Return 1 for frames of a row and 0 behind its end, [n, T, 1]."""
    if lengths is None:
        return torch.ones_like(values[:, :, :1])
    frames = torch.arange(values.shape[1], device=values.device)
    return (frames < lengths[:, None]).unsqueeze(-1).to(values.dtype)


def _mean(errors: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return errors.mean((1, 2))
    return (errors * _valid(errors, lengths)).sum((1, 2)) / (lengths * errors.shape[2])


MapLossFunction = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def map_loss(settings: Sequence[Settings]) -> MapLossFunction:
    """Return the weighted sum of some losses of maps."""

    def loss(predictions: Tensor, targets: Tensor, lengths: Tensor | None) -> Tensor:
        parts = [one.weight * _LOSSES[type(one)](one)(predictions, targets, lengths) for one in settings]  # type: ignore[attr-defined]
        return torch.stack(parts).sum(0)

    return loss


def _spectral(settings: SpectralLossSettings) -> MapLossFunction:
    return lambda predictions, targets, lengths: spectral_distance(predictions, targets, lengths, settings.windows)


_LOSSES: Mapping[type, Callable[..., MapLossFunction]] = {
    MapSquaredErrorSettings: lambda settings: squared_error,
    MapAbsoluteErrorSettings: lambda settings: absolute_error,
    SiSdrLossSettings: lambda settings: lambda *columns: -si_sdr(*columns, limit_db=settings.limit_db),
    SpectralLossSettings: _spectral,
}
