"""Recurrent layers over time; each step sees the C*F values of a frame."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from motet.data.batch import Column
from motet.networks.activations import build_dropout
from motet.networks.settings import RnnSettings
from motet.networks.shape import MapShape

_CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Rnn(nn.Module):
    """Recurrent layers. Rows of different lengths are packed, so both directions begin at a row's own ends.

    Dropout acts between the layers and after the last one.

    Parameters
    ----------
    settings
        Cell, layers, hidden units, directions, dropout.
    shape
        The shape of its input.
    path
        Where it stands in the settings.
    """

    def __init__(self, settings: RnnSettings, shape: MapShape, path: str = "rnn") -> None:
        super().__init__()
        self.recurrence = _CELLS[settings.cell](
            shape.values_per_frame,
            settings.hidden,
            settings.layers,
            batch_first=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
            bidirectional=settings.bidirectional,
        )
        self.dropout = build_dropout(settings.dropout)
        self.shape = MapShape(settings.hidden * (2 if settings.bidirectional else 1), shape.frames, 1)

    def forward(self, column: Column) -> Column:
        """Compute on maps [n, C, T, F]; returns [n, H, T, 1]."""
        steps = column.values.transpose(1, 2).flatten(2)
        states = self._states(steps, column.lengths)
        states = states if self.dropout is None else self.dropout(states)
        return Column(states.transpose(1, 2).unsqueeze(3), column.rows, column.lengths, column.grid)

    def frames_needed(self, frames: int) -> int:
        """Return the fewest frames of its input that give so many frames of its output."""
        return frames

    def _states(self, steps: Tensor, lengths: Tensor | None) -> Tensor:
        if lengths is None:
            states: Tensor = self.recurrence(steps)[0]
            return states
        packed = pack_padded_sequence(steps, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.recurrence(packed)[0], batch_first=True, total_length=steps.shape[1])[0]
