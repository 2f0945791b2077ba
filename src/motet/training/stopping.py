"""When training stops early: a rule hears the monitored value of every epoch."""

import math
from typing import Protocol

from motet.config import UserComponent
from motet.training.settings import PatienceSettings


class StoppingRule(Protocol):
    """What every stopping rule offers; a user's own may leave out `state` and `restore` if it has no state."""

    def observe(self, epoch: int, value: float) -> bool:
        """Hear the value of a finished epoch (from 1; higher is better); return whether to stop."""
        ...


class Patience:
    """Stop when the best value has stood for so many epochs."""

    def __init__(self, settings: PatienceSettings) -> None:
        self._settings = settings
        self._best, self._epoch = -math.inf, 0

    def observe(self, epoch: int, value: float) -> bool:
        """Hear the value of a finished epoch; return whether to stop."""
        if value > self._best + self._settings.min_delta:
            self._best, self._epoch = value, epoch
        return epoch - self._epoch >= self._settings.epochs

    def state(self) -> dict[str, float]:
        """Return what `restore` needs, as JSON; nothing before the first epoch."""
        return {} if math.isinf(self._best) else {"best": self._best, "epoch": self._epoch}

    def restore(self, state: dict[str, float]) -> None:
        """Take back a state."""
        self._best, self._epoch = state.get("best", -math.inf), int(state.get("epoch", 0))


def build_stopping(settings: PatienceSettings | UserComponent | None) -> StoppingRule | None:
    """Return the rule of these settings."""
    if isinstance(settings, UserComponent):
        rule: StoppingRule = settings.build_own()
        return rule
    return None if settings is None else Patience(settings)
