"""Heads of dense tasks: from the frames of the last layer to a map of the shape and length of an input.

Axes: n rows, D values of a frame of the last layer, T frames of the input, K = C*F values of one, S windows.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid
from motet.networks.head import Head
from motet.networks.output import chosen
from motet.networks.settings import HeadSettings, MaskSettings
from motet.networks.shape import MapShape
from motet.networks.spectrum import spectra_of


class MapHead(nn.Module):
    """A head on every frame, and a decoder that brings what it gives to the frames of an input.

    Parameters
    ----------
    settings
        Layers and decoder.
    size
        Values of a frame that come in, D.
    of
        The name of the input.
    shape
        Its shape.
    path
        Where it stands in the settings.

    Raises
    ------
    ConfigError
        If a mask is wanted of what is no waveform.
    """

    def __init__(self, settings: HeadSettings, size: int, of: str, shape: MapShape, path: str) -> None:
        super().__init__()
        self.of, self.shape = of, shape
        mask = settings.decoder if isinstance(settings.decoder, MaskSettings) else None
        self.window = None if mask is None else mask.window
        self.turns_phases = mask is not None and mask.values == "complex"
        if self.window is not None and shape.bins != 1:
            raise ConfigError(
                f"{path}.decoder: a mask is that of a waveform, but the input {of!r} is a map {shape}; use interpolate"
            )
        parts = 2 if self.turns_phases else 1
        self.outputs = shape.values_per_frame if mask is None else parts * shape.channels * (mask.window // 2 + 1)
        self.frames = Head(settings, size, self.outputs)

    def forward(self, column: Column, given: Column, rows: Tensor | None) -> Column:
        """Return the predicted maps of some rows, [n, T, K].

        Parameters
        ----------
        column
            The frames of the last layer, [B, C', T', F'].
        given
            The input, [B, C, T, F], or that of those rows of the batch that have it.
        rows
            The rows that are wanted; None for all.
        """
        given = rows_of(given, rows)
        values = self.frames(chosen(column.values, rows).transpose(1, 2).flatten(2))
        lengths = None if column.lengths is None else chosen(column.lengths, rows)
        found = Column(values, rows, lengths, column.grid)
        made = self._interpolated(found, given) if self.window is None else self._masked(found, given)
        if given.lengths is not None:
            valid = torch.arange(made.shape[1], device=made.device) < given.lengths[:, None]
            made = made * valid[:, :, None]
        return Column(made, rows, given.lengths, given.grid)

    def _interpolated(self, found: Column, given: Column) -> Tensor:
        return at_moments(found, given.values.shape[2], given.grid)

    def _masked(self, found: Column, given: Column) -> Tensor:
        """Return the waveform of the masked spectrum; a window behind the end covers the last samples too."""
        assert self.window is not None
        window, hop, size = self.window, self.window // 4, given.values.shape[2]
        spectra = spectra_of(F.pad(given.values[..., 0], (0, window)), window, hop)
        grid = None if given.grid is None else given.grid.strided(hop)
        outputs = at_moments(found, spectra.shape[3], grid)
        cells = outputs.reshape(*outputs.shape[:2], self.shape.channels, -1).permute(0, 2, 3, 1)
        masked = spectra * self._factors(cells)
        shape = torch.hann_window(window, device=masked.device)
        waveforms: Tensor = torch.istft(masked.flatten(0, 1), window, hop, window=shape, center=True, length=size)
        return waveforms.view(*masked.shape[:2], size).transpose(1, 2)

    def _factors(self, cells: Tensor) -> Tensor:
        """Return the mask [n, C, F, S] of raw outputs.

        A complex one is that of Williamson, Wang and Wang, "Complex ratio masking for monaural speech separation",
        IEEE/ACM TASLP 24(3), 2016, equation 4, learned through the waveform and so not compressed.
        """
        if not self.turns_phases:
            return cells.sigmoid()
        real, imaginary = cells.chunk(2, dim=2)
        return torch.complex(real, imaginary)


def rows_of(column: Column, rows: Tensor | None) -> Column:
    """Return an input of some rows of the batch, which all have it."""
    if rows is None:
        return column
    place = rows if column.rows is None else torch.searchsorted(column.rows, rows)
    lengths = None if column.lengths is None else column.lengths[place]
    return Column(column.values[place], rows, lengths, column.grid)


def at_moments(found: Column, size: int, grid: TimeGrid | None) -> Tensor:
    """Return values [n, T', K] interpolated to the moments of another grid, [n, size, K].

    Before a row's first frame and behind its last valid one, these are held, so that padding changes nothing.
    """
    frames, device = found.values.shape[1], found.values.device
    last = torch.full((len(found.values),), frames - 1, device=device) if found.lengths is None else found.lengths - 1
    if found.grid is not None and found.grid == grid:
        return _taken(found.values, torch.minimum(torch.arange(size, device=device)[None], last[:, None]))
    if found.grid is None or grid is None:
        places = torch.linspace(0, frames - 1, size, device=device)
    else:
        moments = grid.start_s + grid.step_s * torch.arange(size, device=device, dtype=torch.float64)
        places = ((moments - found.grid.start_s) / found.grid.step_s).float()
    held = torch.minimum(places.clamp(min=0)[None], last[:, None].to(places.dtype))
    lower = held.floor().long()
    share = (held - lower).unsqueeze(2)
    upper = torch.minimum(lower + 1, last[:, None])
    below, above = _taken(found.values, lower), _taken(found.values, upper)
    return below + share * (above - below)


def _taken(values: Tensor, frames: Tensor) -> Tensor:
    """Return some frames [n, size] of values [n, T', K]."""
    return values.gather(1, frames[:, :, None].expand(-1, -1, values.shape[2]))
