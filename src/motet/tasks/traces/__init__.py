"""Values over time: a target for every moment of a recording. Conventions stand in `motet.tasks.traces.layout`."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.tasks.traces.task import TimeRegression

__all__ = ["TimeRegression"]

__getattr__, __dir__ = exports(__name__, {"TimeRegression": "task"})
