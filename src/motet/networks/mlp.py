"""Dense layers, for every frame or for the whole clip."""

import itertools
from collections.abc import Iterator

from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError, DataError
from motet.networks.activations import build_activation, build_dropout, sequence
from motet.networks.masking import frame_mask, zero_padding
from motet.networks.normalisation import Norm, build_normalisation
from motet.networks.settings import MlpSettings
from motet.networks.shape import MapShape


class Mlp(nn.Module):
    """Dense layers, each with normalisation, activation and dropout.

    Parameters
    ----------
    settings
        Hidden units, and whether they see a frame (time is kept) or a clip (one frame is left).
    shape
        The shape of its input.
    path
        Where it stands in the settings, for messages.

    Raises
    ------
    ConfigError
        If it is to see clips whose length is not fixed.
    """

    def __init__(self, settings: MlpSettings, shape: MapShape, path: str = "mlp") -> None:
        super().__init__()
        self.path, self.per_clip = path, settings.per == "clip"
        size = shape.values_per_frame
        if self.per_clip:
            if shape.frames is None:
                raise ConfigError(
                    f"{path}: per: clip wants recordings of one length, but its input is {shape}; "
                    "set segments.length_s, put a pool layer before it, or use per: frame"
                )
            size *= shape.frames
        sizes = [size, *settings.hidden]
        self.layers = sequence(*(part for pair in itertools.pairwise(sizes) for part in _dense(settings, *pair)))
        self.shape = MapShape(sizes[-1], 1 if self.per_clip else shape.frames, 1)
        self.before = shape

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]; returns [n, H, T, 1], or [n, H, 1, 1] per clip.

        Raises
        ------
        DataError
            If clips have another length than the network was built for.
        """
        return self._clips(column) if self.per_clip else self._frames(column)

    def frames_needed(self, frames: int) -> int:
        """Return the fewest frames of its input that give so many frames of its output.

        That is one per clip, whose padding counts; a map of another length is refused by `forward`.
        """
        return 1 if self.per_clip else frames

    def _clips(self, column: Column) -> Column:
        if column.values.shape[2] != self.before.frames:
            raise DataError(
                f"{self.path}: a clip of {column.values.shape[2]} frames reaches a layer that was built for "
                f"{self.before.frames}; cut recordings to the length that the network was trained with"
            )
        values = self.layers(column.values.flatten(1))
        return Column(values.view(*values.shape, 1, 1), column.rows)

    def _frames(self, column: Column) -> Column:
        num_rows, _, num_frames, _ = column.values.shape
        frames = column.values.transpose(1, 2).reshape(num_rows * num_frames, -1)
        if column.lengths is None:
            frames = self.layers(frames)
        else:
            mask = frame_mask(column.values, column.lengths).view(-1, 1)
            for layer in self.layers:
                frames = layer(frames, mask) if isinstance(layer, Norm) else layer(frames)
        values = frames.view(num_rows, num_frames, -1).transpose(1, 2).unsqueeze(3)
        return Column(zero_padding(values, column.lengths), column.rows, column.lengths, column.grid)


def _dense(settings: MlpSettings, before: int, after: int) -> Iterator[nn.Module | None]:
    """Yield the parts of one layer, which acts on [n, size]."""
    yield nn.Linear(before, after)
    yield build_normalisation(settings.normalisation, after)
    yield build_activation(settings.activation)
    yield build_dropout(settings.dropout)
