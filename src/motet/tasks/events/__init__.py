"""Events: what happens in a recording, and when. Conventions stand in `motet.tasks.events.event_list`."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.tasks.events.task import Activity, Events, Onsets

__all__ = ["Activity", "Events", "Onsets"]

__getattr__, __dir__ = exports(__name__, {"Activity": "task", "Events": "task", "Onsets": "task"})
