"""From the values of frames to the values that are reported: as they are, or smoothed. Axes: T frames, K values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from motet.config import UserComponent
from motet.errors import UserCodeError
from motet.tasks.counting import Values
from motet.tasks.frames import FrameValues
from motet.tasks.settings import IdentitySettings
from motet.tasks.traces.layout import paired, smoothed
from motet.tasks.traces.scores import TraceOutcome
from motet.tasks.traces.settings import MeanFilterSettings, TunedFilterSettings

Rows = Sequence[FrameValues]


class MeanFilter:
    """Means over a while, which may be chosen on development rows.

    Parameters
    ----------
    settings
        How long, or what is tried.
    """

    def __init__(self, settings: IdentitySettings | MeanFilterSettings | TunedFilterSettings) -> None:
        self._tried = sorted(settings.widths_s) if isinstance(settings, TunedFilterSettings) else []
        self._width_s = settings.width_s if isinstance(settings, MeanFilterSettings) else 0.0

    def __call__(self, rows: Rows) -> list[Values]:
        """Return predicted moments [T, 1 + K] of every recording: the time of each frame, then its values."""
        return [_moments(row, self._width_s) for row in rows]

    def tune(self, rows: Rows, targets: Sequence[Values]) -> None:
        """Choose the first of the widths with the largest concordance over all rows."""
        if not self._tried or not len(rows):
            return
        values = [self._concordance(rows, targets, width_s) for width_s in self._tried]
        self._width_s = self._tried[int(np.argmax(np.nan_to_num(values, nan=-np.inf)))]

    def state(self) -> dict[str, Any]:
        """Return what was chosen; nothing where it is fixed."""
        return {"width_s": self._width_s} if self._tried else {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self._width_s = state.get("width_s", self._width_s)

    def _concordance(self, rows: Rows, targets: Sequence[Values], width_s: float) -> float:
        pairs = [paired(_moments(row, width_s), target) for row, target in zip(rows, targets, strict=True)]
        once = np.ones((len(pairs), 1))
        return float(TraceOutcome.of(pairs, rows[0].values.shape[1]).score(["ccc"], once)["ccc"][0])


class UserFilter:
    """A decision of the user's own, called with values [T, K] and the seconds between frames; it returns values [T, K].

    Parameters
    ----------
    settings
        The user's component.
    """

    def __init__(self, settings: UserComponent) -> None:
        self._decision, self._place = settings.build_own(), settings.place

    def __call__(self, rows: Rows) -> list[Values]:
        """Return predicted moments of every recording.

        Raises
        ------
        UserCodeError
            If the decision returns something else than finite values of the same shape.
        """
        return [self._checked(row) for row in rows]

    def _checked(self, row: FrameValues) -> Values:
        found = np.asarray(self._decision(row.values.astype(np.float64), row.grid.step_s))
        if found.shape != row.values.shape or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
            raise UserCodeError(
                f"decision: {self._place} returned {found.dtype} of shape {list(found.shape)}, or values that are not "
                f"finite, for values {list(row.values.shape)}: return as many finite numbers"
            )
        return with_times(row, found.astype(np.float64))


def build_filter(settings: Any) -> MeanFilter | UserFilter:
    """Return the decision of a task with values over time."""
    return UserFilter(settings) if isinstance(settings, UserComponent) else MeanFilter(settings)


def _moments(row: FrameValues, width_s: float) -> Values:
    width = 2 * int(width_s / (2 * row.grid.step_s)) + 1 if row.grid.step_s else 1
    return with_times(row, smoothed(row.values, width))


def with_times(row: FrameValues, values: Values) -> Values:
    """Return values [T, K] of the frames of a row as moments [T, 1 + K]."""
    times = row.grid.start_s + row.grid.step_s * np.arange(len(values))
    return np.concatenate([times[:, None], values], axis=1)
