"""A feature of the user's own: what it does not say is filled in, and what it returns is looked at.

The user's class is called with the sampling rate and its options. Its objects are called with samples, a float32
tensor [C, T], and return a map [C, frames, F], tensor or array. `hop_s`, the time between two frames, is all that they
must say, and only where there is more than one frame. The rest of `Feature` is theirs to add: `num_frames`, `grid` and
`num_bins` spare a trial on silence, `context_s` lets frames be computed from a part of a recording.
"""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.features.feature_map import TimeGrid


class UserFeature(nn.Module):
    """Call the user's feature; see `Feature`.

    Parameters
    ----------
    settings
        The user's component.
    rate_hz
        The sampling rate.
    """

    version: ClassVar[int] = 1

    def __init__(self, settings: UserComponent, rate_hz: float) -> None:
        super().__init__()
        self.place = settings.place
        self.feature: Any = settings.build(rate_hz)
        if not callable(self.feature):
            raise UserCodeError(f"feature {self.place}: its objects cannot be called; give the class a __call__")
        if isinstance(self.feature, nn.Module):
            self.feature.eval()
        self.rate_hz = rate_hz
        self.context_s = float(getattr(self.feature, "context_s", math.inf))
        self.whole_clip = bool(getattr(self.feature, "whole_clip", math.isinf(self.context_s)))
        self._shapes: dict[tuple[int, int], torch.Size] = {}

    @property
    def num_bins(self) -> int:
        """Bins of a frame, F; tried on a second of silence where the feature does not say it."""
        said = getattr(self.feature, "num_bins", None)
        return int(self._tried(1, round(self.rate_hz))[2] if said is None else said)

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames of a signal; tried on silence where the feature does not say it."""
        if hasattr(self.feature, "num_frames"):
            return int(self.feature.num_frames(num_samples))
        return self._tried(1, num_samples)[1]

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s` seconds."""
        if hasattr(self.feature, "grid"):
            grid: TimeGrid = self.feature.grid(start_s)
            return grid
        return TimeGrid(start_s, float(getattr(self.feature, "hop_s", 0.0)))

    def forward(self, values: Tensor) -> Tensor:
        """Map samples [C, T] to features [C, frames, F].

        Raises
        ------
        UserCodeError
            If the user's feature returns something else.
        """
        found = self.feature(values)
        try:
            map_ = torch.as_tensor(found).to(torch.float32)
        except (TypeError, ValueError, RuntimeError):
            raise UserCodeError(self._wrong(type(found).__name__, values)) from None
        if map_.dim() != 3 or len(map_) != len(values) or 0 in map_.shape:
            raise UserCodeError(self._wrong(f"shape {list(map_.shape)}", values))
        if map_.shape[1] > 1 and self.grid(0.0).step_s <= 0:
            raise UserCodeError(
                f"feature {self.place} has {map_.shape[1]} frames but no time between them; give it the attribute "
                "hop_s, in seconds"
            )
        return map_

    def _tried(self, num_channels: int, num_samples: int) -> torch.Size:
        size = num_channels, num_samples
        if size not in self._shapes:
            with torch.inference_mode():
                self._shapes[size] = self(torch.zeros(size)).shape
        return self._shapes[size]

    def _wrong(self, found: str, values: Tensor) -> str:
        return (
            f"feature {self.place} returned {found} for samples {list(values.shape)}, but a map is "
            f"[{len(values)}, frames, bins], with at least one of each: correct its __call__"
        )
