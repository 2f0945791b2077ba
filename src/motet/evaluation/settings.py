"""Settings of the evaluation: how segments are merged, how many rows at once, how sure a figure is."""

from typing import Literal

from motet.config import Settings, option


class IntervalSettings(Settings):
    """Percentile bootstrap over groups, or over examples where there are no groups."""

    resamples: int = option(1000, "Times that the test predictions are drawn again; 0 reports no intervals.", ge=0)
    confidence: float = option(0.95, "Share of the resamples that the interval holds.", gt=0, lt=1)


class EvaluationSettings(Settings):
    """Prediction and scoring of development and test rows."""

    merge: Literal["mean", "vote", "max", "median"] | None = option(
        None, "How the segments of one example become one prediction; by default what `segments` says."
    )
    batch_size: int | None = option(
        None, "Rows or segments at once; by default twice the training batch.", unit="rows", ge=1
    )
    interval: IntervalSettings = option(IntervalSettings(), "Intervals around the reported figures.")
    plots: bool = option(True, "Draw learning curves and confusion matrices as PNG, where matplotlib is installed.")
