"""Short-time spectra inside a network: a waveform comes in, log magnitudes go out. Axes: T samples, S windows, F bins.

Windows stand centred on every `hop`-th sample, the first included; before and behind the waveform are zeros.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.masking import zero_padding
from motet.networks.settings import SpectrumSettings
from motet.networks.shape import MapShape, Window

_FLOOR = 1e-3


class Spectrum(nn.Module):
    """Log magnitudes, [n, C, T, 1] to [n, C, S, F]; what lies below 0.001 counts as lying there.

    Parameters
    ----------
    settings
        Window and hop.
    shape
        The shape of its input.
    path
        Where it stands in the settings.

    Raises
    ------
    ConfigError
        If no waveform reaches it.
    """

    def __init__(self, settings: SpectrumSettings, shape: MapShape, path: str = "spectrum") -> None:
        super().__init__()
        if shape.bins != 1:
            raise ConfigError(
                f"{path}: a spectrum is that of a waveform, but the map {shape} reaches it; set features: waveform"
            )
        self.window, self.hop = settings.window, settings.hop
        self.steps = Window(settings.window, settings.hop, settings.window // 2, settings.window - settings.window // 2)
        frames = None if shape.frames is None else self.steps.count(shape.frames)
        self.shape = MapShape(shape.channels, frames, settings.window // 2 + 1)

    def forward(self, column: Column) -> Column:
        """Compute on waveforms."""
        spectra = spectra_of(column.values[..., 0], self.window, self.hop)
        lengths = None if column.lengths is None else self.steps.counts(column.lengths)
        values = spectra.abs().clamp_min(_FLOOR).log().transpose(2, 3)
        grid = None if column.grid is None else column.grid.strided(self.hop)
        return Column(zero_padding(values, lengths), column.rows, lengths, grid)

    def frames_needed(self, frames: int) -> int:
        """Return the fewest samples that give so many windows."""
        return self.steps.needed(frames)


def spectra_of(waveforms: Tensor, window: int, hop: int) -> Tensor:
    """Return complex spectra [n, C, F, S] of waveforms [n, C, T]."""
    padded = F.pad(waveforms.flatten(0, 1), (window // 2, window - window // 2))
    shape = torch.hann_window(window, device=waveforms.device)
    spectra: Tensor = torch.stft(padded, window, hop, window=shape, center=False, return_complex=True)
    return spectra.view(*waveforms.shape[:2], *spectra.shape[1:])
