"""How far a training is, told to whoever shows it: one bar for the steps of an epoch."""

import time
from collections.abc import Callable

ProgressFactory = Callable[[str, int], Callable[[int], None]]
"""Called with a label and a total; returns what is called with every count."""


def no_progress(what: str, total: int) -> Callable[[int], None]:
    """Show nothing."""
    return lambda count: None


class EpochProgress:
    """A bar for each epoch; its label says what else is left of the fold.

    Parameters
    ----------
    progress
        What shows bars.
    where
        What a label begins with: "fold 2".
    epochs
        Epochs of the fold; it may stop earlier.
    """

    def __init__(
        self, progress: ProgressFactory, where: str, epochs: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._progress, self._where, self._epochs, self._clock = progress, where, epochs, clock
        self._began_s: float | None = None
        self._first = 0
        self._count = no_progress("", 0)

    def begin(self, epoch: int, steps: int) -> None:
        """Begin the bar of an epoch, counted from 0, of which so many steps are to come."""
        now = self._clock()
        if self._began_s is None:
            self._began_s, self._first = now, epoch
        done = epoch - self._first
        left = f" ({spoken((now - self._began_s) / done * (self._epochs - epoch))} to go)" if done else ""
        self._count = self._progress(f"{self._where}{left}, epoch {epoch + 1}/{self._epochs}", steps)

    def step(self) -> None:
        """Count a step."""
        self._count(1)


def spoken(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> spoken(8.4), spoken(75), spoken(7500)
    ('8 s', '1 min 15 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
