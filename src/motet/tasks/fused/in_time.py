"""Tasks of clips that become tasks of frames: how they are decided and scored, and what their labels are."""

from typing import Any

from motet.tasks.events.settings import EventsSettings, OnsetsSettings
from motet.tasks.task import Task


def settings_in_time(framed: Task) -> EventsSettings | OnsetsSettings:
    """Return the settings of a task with labels of its own that is decided and scored as a task of frames is.

    Examples
    --------
    >>> from motet.tasks.events.settings import ActivitySettings
    >>> from motet.tasks.events.task import Activity
    >>> settings_in_time(Activity(ActivitySettings(metrics=("segment_f1",)), "busy")).kind
    'events'
    """
    own: Any = framed.settings
    if isinstance(own, OnsetsSettings):
        return OnsetsSettings(decision=own.decision, metrics=own.metrics)
    return EventsSettings(decision=own.decision, metrics=own.metrics)


def labels_in_time(clips: Task, nothing: str | None) -> tuple[str, ...]:
    """Return the labels of a task of clips that can be events: those that it gives a probability, but for nothing."""
    return tuple(label for label in clips.output_names if label != nothing)
