"""What turns shared features into the raw outputs of one task."""

from torch import nn

from motet.networks.activations import build_activation, build_dropout, sequence
from motet.networks.settings import HeadSettings


class Head(nn.Sequential):
    """A linear layer, or hidden layers before it: features [n, D] to raw outputs [n, K].

    Parameters
    ----------
    settings
        Hidden units, activation, dropout.
    size
        Features that come in, D.
    outputs
        Outputs of the task, K.
    """

    def __init__(self, settings: HeadSettings, size: int, outputs: int) -> None:
        layers: list[nn.Module | None] = []
        for hidden in settings.hidden:
            layers += [
                build_dropout(settings.dropout),
                nn.Linear(size, hidden),
                build_activation(settings.activation),
            ]
            size = hidden
        super().__init__(*sequence(*layers, build_dropout(settings.dropout), nn.Linear(size, outputs)))
        self.outputs = outputs
