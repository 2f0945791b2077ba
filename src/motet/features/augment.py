"""Augmentation of scaled feature maps, on the device and over a whole batch at once.

Axes: [n, C, T, F]. Every augmentation is called with uniform draws in [0, 1), `uniforms` of shape
[n, num_draws], which the caller keys by seed, epoch and row; a row's change depends on its own values, length and
uniforms only. Frames beyond a row's length stay as they are. As maps are scaled, a masked cell becomes zero: the
mean of the training rows under standard scaling.
"""

import torch
from torch import Tensor

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.features.settings import (
    FrequencyMaskSettings,
    FrequencyShiftSettings,
    MapGainSettings,
    MapNoiseSettings,
    TimeMaskSettings,
    TimeShiftSettings,
)


class TimeShift:
    """Rolls each row's valid frames by up to `max_share` of them, either way; every shift is equally likely."""

    def __init__(self, settings: TimeShiftSettings) -> None:
        self.settings = settings
        self.num_draws = 1

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 1]."""
        num_rows, num_channels, num_frames, num_bins = values.shape
        valid = _lengths(values, lengths)
        most = (self.settings.max_share * valid).floor()
        shift = _choose(uniforms[:, 0], 2 * most + 1) - most
        frames = torch.arange(num_frames, device=values.device)[None, :]
        rolled = torch.remainder(frames - shift[:, None], valid.clamp(min=1)[:, None])
        source = torch.where(frames < valid[:, None], rolled, frames).long()
        maps = torch.arange(num_rows * num_channels, device=values.device).view(num_rows, num_channels, 1)
        flat = (maps * num_frames + source[:, None, :]).flatten()
        return values.reshape(-1, num_bins).index_select(0, flat).view(values.shape)


class TimeMask:
    """Sets spans of frames to zero, each as long as a draw from 0 to `max_share` of the row's frames.

    Masking of Park et al., "SpecAugment", Interspeech 2019, section 2.
    """

    def __init__(self, settings: TimeMaskSettings) -> None:
        self.settings = settings
        self.num_draws = 2 * settings.masks

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 2 * masks]."""
        masked = _spans(values.shape[2], _lengths(values, lengths), self.settings.max_share, uniforms)
        return values.masked_fill(masked[:, None, :, None], 0.0)


class FrequencyMask:
    """Sets spans of bins to zero, each as wide as a draw from 0 to `max_share` of the bins.

    Masking of Park et al., "SpecAugment", Interspeech 2019, section 2.
    """

    def __init__(self, settings: FrequencyMaskSettings) -> None:
        self.settings = settings
        self.num_draws = 2 * settings.masks

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 2 * masks]."""
        num_bins = values.shape[3]
        masked = _spans(num_bins, uniforms.new_full((len(values),), num_bins), self.settings.max_share, uniforms)
        return values.masked_fill(masked[:, None, None, :], 0.0)


class FrequencyShift:
    """Moves each row's bins by up to `max_share` of them, either way; every whole number of bins is equally likely.

    On a mel axis that is close to what another length of the vocal tract does: Jaitly and Hinton, "Vocal Tract Length
    Perturbation (VTLP) Improves Speech Recognition", ICML workshop on deep learning for audio, 2013.
    """

    def __init__(self, settings: FrequencyShiftSettings) -> None:
        self.settings = settings
        self.num_draws = 1

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 1]."""
        num_bins = values.shape[3]
        most = int(self.settings.max_share * num_bins)
        shift = _choose(uniforms[:, 0], uniforms.new_full((len(values),), 2 * most + 1)) - most
        bins = torch.arange(num_bins, device=values.device)[None, :] - shift[:, None]
        source = bins.clamp(0, num_bins - 1).long()[:, None, None, :]
        return values.gather(3, source.expand(values.shape))


class MapGain:
    """Multiplies each row by one factor between `low` and `high`, uniform on a logarithmic scale."""

    def __init__(self, settings: MapGainSettings) -> None:
        self.settings = settings
        self.num_draws = 1

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 1]."""
        ratio = self.settings.high / self.settings.low
        factors = self.settings.low * ratio ** uniforms[:, 0]
        return values * factors.to(values.dtype)[:, None, None, None]


class MapNoise:
    """Adds Gaussian noise to each row's valid frames, with a standard deviation between 0 and `max_std`.

    The second uniform seeds the row's own generator, so its noise is the same in any batch. Generators of different
    kinds of devices give different noise.
    """

    def __init__(self, settings: MapNoiseSettings) -> None:
        self.settings = settings
        self.num_draws = 2

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, 2]."""
        num_channels, num_frames, num_bins = values.shape[1:]
        generator = torch.Generator(values.device)
        noisy = values.clone()
        valid = [num_frames] * len(values) if lengths is None else lengths.tolist()
        for row, ((deviation, seed), length) in enumerate(zip(uniforms.tolist(), valid, strict=True)):
            generator.manual_seed(int(seed * 2**24))
            noise = torch.randn(num_channels, length, num_bins, generator=generator, device=values.device)
            noisy[row, :, :length] += (deviation * self.settings.max_std) * noise
        return noisy


class UserMapAugmentation:
    """An augmentation of the user's own, called like the others; `num_draws` is 1 where it does not say it.

    Parameters
    ----------
    settings
        The user's component.
    """

    def __init__(self, settings: UserComponent) -> None:
        self._augmentation, self._place = settings.build(), settings.place
        self.num_draws = int(getattr(self._augmentation, "num_draws", 1))

    def __call__(self, values: Tensor, lengths: Tensor | None, uniforms: Tensor) -> Tensor:
        """Return maps [n, C, T, F] for uniforms [n, num_draws].

        Raises
        ------
        UserCodeError
            If the user's augmentation returns another shape.
        """
        changed = self._augmentation(values, lengths, uniforms)
        if not isinstance(changed, Tensor) or changed.shape != values.shape:
            found = f"a tensor {list(changed.shape)}" if isinstance(changed, Tensor) else type(changed).__name__
            raise UserCodeError(
                f"augment: {self._place} returned {found} for maps {list(values.shape)}, but the shape stays: correct "
                "its __call__"
            )
        return changed


def _lengths(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the valid frames of each row, [n]."""
    if lengths is None:
        return torch.full((values.shape[0],), values.shape[2], device=values.device)
    return lengths.to(values.device)


def _choose(uniforms: Tensor, count: Tensor) -> Tensor:
    """Return one of 0 to count - 1 for each uniform; one may have been rounded up to 1."""
    return torch.minimum((uniforms * count).floor(), count - 1)


def _spans(size: int, valid: Tensor, max_share: float, uniforms: Tensor) -> Tensor:
    """Return which of `size` positions lie in any span, bool [n, size], for two uniforms per span."""
    positions = torch.arange(size, device=uniforms.device)[None, :]
    masked = torch.zeros(len(uniforms), size, dtype=torch.bool, device=uniforms.device)
    longest = (max_share * valid).floor()
    for first_draw in range(0, uniforms.shape[1], 2):
        width = _choose(uniforms[:, first_draw], longest + 1)
        start = _choose(uniforms[:, first_draw + 1], valid - width + 1)
        masked |= (positions >= start[:, None]) & (positions < (start + width)[:, None])
    return masked
