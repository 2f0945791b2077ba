"""Tasks: what is predicted, from the labels of the data to loss, decision and metrics."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.tasks.classification import Binary, Multiclass, Multilabel
    from motet.tasks.decisions import Decision, TunedDecision
    from motet.tasks.events import Activity, Events, Onsets
    from motet.tasks.frames import FrameTask, FrameValues
    from motet.tasks.losses import Loss
    from motet.tasks.merge import MergeRule
    from motet.tasks.metrics import Metric
    from motet.tasks.regression import Regression
    from motet.tasks.running import Running
    from motet.tasks.task import Task

__all__ = [
    "Activity",
    "Binary",
    "Decision",
    "Events",
    "FrameTask",
    "FrameValues",
    "Loss",
    "MergeRule",
    "Metric",
    "Multiclass",
    "Multilabel",
    "Onsets",
    "Regression",
    "Running",
    "Task",
    "TunedDecision",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Activity": "events",
        "Binary": "classification",
        "Decision": "decisions",
        "Events": "events",
        "FrameTask": "frames",
        "FrameValues": "frames",
        "Loss": "losses",
        "MergeRule": "merge",
        "Metric": "metrics",
        "Multiclass": "classification",
        "Multilabel": "classification",
        "Onsets": "events",
        "Regression": "regression",
        "Running": "running",
        "Task": "task",
        "TunedDecision": "decisions",
    },
)
