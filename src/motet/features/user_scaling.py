"""A scaling of the user's own.

The user's class is an `nn.Module`, called with its options alone. `update(values)` sees every map [T, C, F] of the
training rows once, without padding; `finish()` fits; `forward(values)` scales a batch [n, C, T, F]. What is fitted is
kept in buffers, which are saved with the model, whatever shape they have then. Where maps are predicted,
`restore(values)` gives back what was scaled.
"""

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.features.scaling import zero_padding


class UserScaling(nn.Module):
    """Call the user's scaling; padding is zero after it.

    Parameters
    ----------
    settings
        The user's component.

    Raises
    ------
    UserCodeError
        If it is no module, or lacks `update` or `finish`.
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: UserComponent) -> None:
        super().__init__()
        self.settings = settings
        scaling = settings.build_own()
        if not isinstance(scaling, nn.Module) or not hasattr(scaling, "update") or not hasattr(scaling, "finish"):
            raise UserCodeError(
                f"scaling: {settings.place} is no torch.nn.Module with update(values), finish() and forward(values); "
                "give it these, and keep in buffers what it fits"
            )
        self.scaling: Any = scaling

    def update(self, values: NDArray[np.floating[Any]]) -> None:
        """Take one map of the training rows, [T, C, F]."""
        self.scaling.update(values)

    def finish(self) -> None:
        """Fit to the maps seen."""
        self.scaling.finish()

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Scale a batch [n, C, T, F]; what lies beyond `lengths` becomes zero.

        Raises
        ------
        UserCodeError
            If the user's scaling returns another shape.
        """
        scaled = self._checked(self.scaling(values), values)
        return scaled if lengths is None else zero_padding(scaled.clone(), lengths)

    def restore(self, values: Tensor) -> Tensor:
        """Return what scaled values [n, C, T, F] were before.

        Raises
        ------
        UserCodeError
            If the user's scaling cannot, or returns another shape.
        """
        if not hasattr(self.scaling, "restore"):
            raise UserCodeError(
                f"scaling: {self.settings.place} has no restore(values), so predicted maps cannot be brought back to "
                "what they were before it; give it this method, the opposite of forward"
            )
        return self._checked(self.scaling.restore(values), values)

    def _checked(self, scaled: Any, values: Tensor) -> Tensor:
        if not isinstance(scaled, Tensor) or scaled.shape != values.shape:
            found = f"a tensor {list(scaled.shape)}" if isinstance(scaled, Tensor) else type(scaled).__name__
            raise UserCodeError(
                f"scaling: {self.settings.place} returned {found} for a batch {list(values.shape)}, but the shape "
                "stays: correct its forward and restore"
            )
        return scaled

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Make room for buffers as they were saved; before it is fitted, the user's module has others or none."""
        below = f"{prefix}scaling."
        for name, saved in state_dict.items():
            path, _, own = name.removeprefix(below).rpartition(".")
            if name.startswith(below) and own not in self.scaling.get_submodule(path)._parameters:
                self.scaling.get_submodule(path).register_buffer(own, torch.empty_like(saved))
        super()._load_from_state_dict(state_dict, prefix, *rest)
