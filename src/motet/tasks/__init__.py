"""Tasks: what is predicted, from the labels of the data to loss, decision and metrics."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.tasks.classification import Binary, Multiclass, Multilabel
    from motet.tasks.decisions import Decision, TunedDecision
    from motet.tasks.frames import FrameTask, FrameValues
    from motet.tasks.losses import Loss
    from motet.tasks.merge import MergeRule
    from motet.tasks.metrics import Metric
    from motet.tasks.regression import Regression
    from motet.tasks.running import Running
    from motet.tasks.task import Task

__all__ = [
    "Binary",
    "Decision",
    "FrameTask",
    "FrameValues",
    "Loss",
    "MergeRule",
    "Metric",
    "Multiclass",
    "Multilabel",
    "Regression",
    "Running",
    "Task",
    "TunedDecision",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Binary": "classification",
        "Decision": "decisions",
        "FrameTask": "frames",
        "FrameValues": "frames",
        "Loss": "losses",
        "MergeRule": "merge",
        "Metric": "metrics",
        "Multiclass": "classification",
        "Multilabel": "classification",
        "Regression": "regression",
        "Running": "running",
        "Task": "task",
        "TunedDecision": "decisions",
    },
)
