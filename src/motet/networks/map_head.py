"""Heads of dense tasks: from the frames of the last layer to a map of the shape and length of an input.

Axes: n rows, D values of a frame of the last layer, T frames of the target, K = C*F values of one, S windows.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Column
from motet.features.feature_map import TimeGrid
from motet.networks.head import Head
from motet.networks.output import Inputs, chosen
from motet.networks.settings import HeadSettings, MaskSettings, SubpixelSettings
from motet.networks.shape import MapShape
from motet.networks.spectrum import spectra_of
from motet.networks.targets import extent


class MapHead(nn.Module):
    """A head on every frame, and a decoder that brings what it gives to the frames of an input.

    Parameters
    ----------
    settings
        Layers and decoder.
    size
        Values of a frame that come in, D.
    of
        The name of the input that the map is like. It need not come in.
    shape
        Its shape.
    given
        The input that is changed into the map, or that lasts as long.
    """

    def __init__(self, settings: HeadSettings, size: int, of: str, shape: MapShape, given: str) -> None:
        super().__init__()
        self.of, self.shape, self.given = of, shape, given
        decoder = settings.decoder
        mask = decoder if isinstance(decoder, MaskSettings) else None
        self.window = None if mask is None else mask.window
        self.turns_phases = mask is not None and mask.values == "complex"
        self.factor = decoder.factor if isinstance(decoder, SubpixelSettings) else 1
        self.residual = not isinstance(decoder, MaskSettings) and decoder.residual
        parts = 2 if self.turns_phases else 1
        cells = shape.values_per_frame * self.factor
        self.outputs = cells if mask is None else parts * shape.channels * (mask.window // 2 + 1)
        self.frames = Head(settings, size, self.outputs)

    def forward(self, column: Column, inputs: Inputs, rows: Tensor | None) -> Column:
        """Return the predicted maps of some rows, [n, T, K].

        Parameters
        ----------
        column
            The frames of the last layer, [B, C', T', F'].
        inputs
            What came in, [B, C, T, F] each, or those rows of the batch that have it.
        rows
            The rows that are wanted; None for all.
        """
        values = self.frames(chosen(column.values, rows).transpose(1, 2).flatten(2))
        lengths = None if column.lengths is None else chosen(column.lengths, rows)
        found = finer(Column(values, rows, lengths, column.grid), self.factor)
        given = rows_of(inputs[self.given], rows)
        if self.window is not None:
            return self._masked(found, given)
        place = rows_of(extent(self.of, self.shape, inputs, self.given), rows)
        made = at_moments(found, place.values.shape[1], place.grid)
        if self.residual:
            made = made + given_at(given, place)
        return _ended(made, place)

    def _masked(self, found: Column, given: Column) -> Column:
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
        return _ended(waveforms.view(*masked.shape[:2], size).transpose(1, 2), given)

    def _factors(self, cells: Tensor) -> Tensor:
        """Return the mask [n, C, F, S] of raw outputs.

        A complex one is that of Williamson, Wang and Wang, "Complex ratio masking for monaural speech separation",
        IEEE/ACM TASLP 24(3), 2016, equation 4, learned through the waveform and so not compressed. Outputs of zero
        leave the spectrum as it is, so training begins at what came in.
        """
        if not self.turns_phases:
            return cells.sigmoid()
        real, imaginary = cells.chunk(2, dim=2)
        return torch.complex(1 + real, imaginary)


def given_at(given: Column, place: Column) -> Tensor:
    """Return a map that the network was given [n, C, T', F] at the moments of another place in time, [n, T, K]."""
    values, size = given.values.transpose(1, 2).flatten(2), place.values.shape[1]
    if given.grid == place.grid and values.shape[1] == size:
        return values
    return at_moments(Column(values, given.rows, given.lengths, given.grid), size, place.grid)


def rows_of(column: Column, rows: Tensor | None) -> Column:
    """Return an input of some rows of the batch, which all have it."""
    if rows is None:
        return column
    place = rows if column.rows is None else torch.searchsorted(column.rows, rows)
    lengths = None if column.lengths is None else column.lengths[place]
    return Column(column.values[place], rows, lengths, column.grid)


def finer(column: Column, factor: int) -> Column:
    """Return frames [n, T, factor * K] as that many shorter ones [n, factor * T, K], one behind the other.

    Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural
    network", CVPR 2016, equation 4, over time.
    """
    if factor == 1:
        return column
    rows, frames = column.values.shape[:2]
    values = column.values.reshape(rows, frames * factor, -1)
    lengths = None if column.lengths is None else column.lengths * factor
    grid = None if column.grid is None else TimeGrid(column.grid.start_s, column.grid.step_s / factor)
    return Column(values, column.rows, lengths, grid)


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


def _ended(made: Tensor, place: Column) -> Column:
    """Return maps that are zero behind the end of each row."""
    if place.lengths is not None:
        valid = torch.arange(made.shape[1], device=made.device) < place.lengths[:, None]
        made = made * valid[:, :, None]
    return Column(made, place.rows, place.lengths, place.grid)
