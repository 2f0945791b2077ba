"""Settings of the task `time_regression`: values over time."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from motet.config import Many, Settings, Slot, UserComponent, option
from motet.tasks.settings import (
    AbsoluteErrorSettings,
    ConcordanceSettings,
    HuberSettings,
    IdentitySettings,
    Label,
    MeanAbsoluteErrorSettings,
    PearsonSettings,
    RootMeanSquaredErrorSettings,
    SquaredErrorSettings,
    declared_labels,
    not_empty,
)


class ConcordanceLossSettings(Settings):
    """One minus the concordance correlation coefficient (Lin 1989) over frames, the mean over values."""

    kind: Literal["ccc"] = "ccc"
    over: Literal["row", "batch"] = option(
        "row", "Frames that are compared together: those of a row, or of all rows of a batch (Trigeorgis et al. 2016)."
    )


class MeanFilterSettings(Settings):
    """Values smoothed by their mean over a while."""

    kind: Literal["mean_filter"] = "mean_filter"
    width_s: float = option(1.0, "How long; rounded to an odd number of frames.", unit="s", gt=0)


class TunedFilterSettings(Settings):
    """Values smoothed by their mean over that while which makes concordance largest on development rows."""

    kind: Literal["tuned_filter"] = "tuned_filter"
    widths_s: Many[Annotated[float, Field(ge=0)]] = option(
        (0.0, 0.5, 1.0, 2.0, 4.0, 8.0), "What is tried; 0 smooths nothing.", unit="s", min_length=1
    )


class RecordingConcordanceSettings(Settings):
    """Concordance correlation coefficient of every recording by itself, the mean over recordings and values."""

    kind: Literal["mean_ccc"] = "mean_ccc"


TimeLossSettings = Annotated[
    ConcordanceLossSettings | SquaredErrorSettings | AbsoluteErrorSettings | HuberSettings | UserComponent,
    Slot("loss"),
]
TimeDecisionSettings = Annotated[
    IdentitySettings | MeanFilterSettings | TunedFilterSettings | UserComponent, Slot("decision")
]
TimeMetricSettings = Annotated[
    ConcordanceSettings
    | RecordingConcordanceSettings
    | PearsonSettings
    | RootMeanSquaredErrorSettings
    | MeanAbsoluteErrorSettings
    | UserComponent,
    Slot("metric"),
]


class TimeRegressionSettings(Settings):
    """Values over time, such as arousal and valence, for every frame at the network's own output rate."""

    kind: Literal["time_regression"] = "time_regression"
    labels: Many[Label] | None = option(None, "Names of the values; by default those of the annotations.")
    delay_s: float = option(
        0.0, "How far annotations lag behind what they are of, as people take time to react.", unit="s", ge=0
    )
    max_gap_s: float | None = option(
        None, "Nothing is known between two annotations that are further apart than this.", unit="s", gt=0
    )
    loss: TimeLossSettings = option(ConcordanceLossSettings(), "What training makes small.")
    decision: TimeDecisionSettings = option(IdentitySettings(), "What becomes of predicted values.")
    metrics: Annotated[Many[TimeMetricSettings], AfterValidator(not_empty)] = option(
        (
            ConcordanceSettings(),
            RecordingConcordanceSettings(),
            PearsonSettings(),
            RootMeanSquaredErrorSettings(),
            MeanAbsoluteErrorSettings(),
        ),
        "What is reported, over all annotated moments of all recordings; the first is the one that model selection "
        "looks at.",
    )
    weight: float = option(1.0, "Weight of the task's loss beside other tasks.", ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self
