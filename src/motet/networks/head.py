"""What turns shared features into the raw outputs of one task."""

from torch import Tensor, nn

from motet.networks.activations import build_activation
from motet.networks.settings import HeadSettings


class Head(nn.Module):
    """A linear layer, or hidden layers before it.

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
        super().__init__()
        layers: list[nn.Module] = []
        for hidden in settings.hidden:
            layers += [nn.Dropout(settings.dropout), nn.Linear(size, hidden), build_activation(settings.activation)]
            size = hidden
        self.layers = nn.Sequential(*layers, nn.Dropout(settings.dropout), nn.Linear(size, outputs))
        self.outputs = outputs

    def forward(self, features: Tensor) -> Tensor:
        """Map features [n, D] to raw outputs [n, K]."""
        outputs: Tensor = self.layers(features)
        return outputs
