"""Evaluation: predictions of rows, their figures, and how sure these are."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.evaluation.intervals import Interval, bootstrap
    from motet.evaluation.predictions import Predictions
    from motet.evaluation.score import Figure, score_models, score_task

__all__ = ["Figure", "Interval", "Predictions", "bootstrap", "score_models", "score_task"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Figure": "score",
        "Interval": "intervals",
        "Predictions": "predictions",
        "bootstrap": "intervals",
        "score_models": "score",
        "score_task": "score",
    },
)
