"""Dense layers, for every frame or for the whole clip."""

from dataclasses import replace

from torch import nn

from motet.data.batch import Column
from motet.errors import ConfigError
from motet.networks.activations import build_activation
from motet.networks.masking import build_norm, zero_padding
from motet.networks.settings import MlpSettings
from motet.networks.shape import MapShape


class Mlp(nn.Module):
    """Dense layers, each with normalisation, activation and dropout.

    Parameters
    ----------
    settings
        Hidden units, and whether they see a frame (time is kept) or a clip.
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
        self.per_clip = settings.per == "clip"
        if self.per_clip and shape.frames is None:
            raise ConfigError(
                f"{path}: per: clip wants recordings of one length, but its input is {shape}; "
                "set segments.length_s, pool over time before it, or use per: frame"
            )
        size = shape.values_per_frame * ((shape.frames or 1) if self.per_clip else 1)
        layers = []
        for hidden in settings.hidden:
            layers.append(_Dense(settings, size, hidden))
            size = hidden
        self.layers = nn.ModuleList(layers)
        self.shape = MapShape(size, 1 if self.per_clip else shape.frames, 1)

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]; returns [n, H, T, 1], or [n, H, 1, 1] per clip."""
        if self.per_clip:
            values = column.values.flatten(1).unsqueeze(-1)
            column = Column(values, column.rows)
        else:
            column = replace(column, values=column.values.permute(0, 1, 3, 2).flatten(1, 2))
        for layer in self.layers:
            column = layer(column)
        return replace(column, values=column.values.unsqueeze(-1))


class _Dense(nn.Module):
    """One layer on values [n, size, T]."""

    def __init__(self, settings: MlpSettings, size: int, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, hidden)
        self.norm = build_norm(settings.normalisation, hidden, time_axis=2)
        self.activation = build_activation(settings.activation)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, column: Column) -> Column:
        values = column.values
        if values.shape[2] == 1:
            values = self.linear(values.squeeze(2)).unsqueeze(2)
        else:
            values = self.linear(values.transpose(1, 2)).transpose(1, 2)
        values = self.dropout(self.activation(self.norm(values, column.lengths)))
        return replace(column, values=zero_padding(values, column.lengths, 2))
