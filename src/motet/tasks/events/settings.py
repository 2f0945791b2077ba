"""Settings of tasks with events: what happens when, whether anything does, and onsets alone.

Every slot takes the user's own class as well (`kind: ./mine.py:Name`).
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from motet.config import Many, Settings, Slot, UserComponent, option
from motet.tasks.settings import (
    BinaryCrossEntropySettings,
    BinaryLossSettings,
    Label,
    Labels,
    PoolingRule,
    declared_labels,
    not_empty,
)

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Candidates = Annotated[Many[Seconds], Field(min_length=1)]


class EventThresholdSettings(Settings):
    """Frames at or above one probability; then a median filter, gaps closed, short events dropped, in this order."""

    kind: Literal["threshold"] = "threshold"
    value: Share = option(0.5, "The probability from which a frame is active.")
    median_s: Seconds = option(0.0, "The length of the median filter in seconds; 0 for none.")
    min_gap_s: Seconds = option(0.0, "Gaps that are shorter than this many seconds are closed.")
    min_duration_s: Seconds = option(0.0, "Events that are shorter than this many seconds are dropped.")


class TunedEventsSettings(Settings):
    """As `threshold`, but each label has its own values, chosen on development rows."""

    kind: Literal["tuned"] = "tuned"
    metric: Literal["segment_f1", "event_f1"] = option(
        "event_f1", "What each label's values make as large as possible."
    )
    median_s: Candidates = option((0.0, 0.1, 0.25, 0.5), "Lengths of the median filter in seconds that are tried.")
    min_gap_s: Candidates = option((0.0, 0.1, 0.25, 0.5), "Gaps to close, in seconds, that are tried.")
    min_duration_s: Candidates = option((0.0, 0.1, 0.25, 0.5), "Shortest events, in seconds, that are tried.")


class PeaksSettings(Settings):
    """Onsets at the peaks of the probability: at least `value`, the largest nearby, and not too soon after another."""

    kind: Literal["peaks"] = "peaks"
    value: Share = option(0.5, "The probability from which a peak is an onset.")
    window_s: Seconds = option(0.03, "How far on either side, in seconds, nothing may be larger.")
    min_distance_s: Seconds = option(0.03, "An onset that follows sooner than this many seconds is dropped.")


class TunedPeaksSettings(Settings):
    """As `peaks`, but each label has its own values, chosen on development rows."""

    kind: Literal["tuned_peaks"] = "tuned_peaks"
    window_s: Seconds = option(0.03, "How far on either side, in seconds, nothing may be larger.")
    min_distance_s: Candidates = option((0.03, 0.05, 0.1), "Distances between onsets, in seconds, that are tried.")
    tolerance_s: float = option(0.05, "How far from the truth an onset counts while tuning, in seconds.", gt=0)


EventDecisionSettings = Annotated[EventThresholdSettings | TunedEventsSettings | UserComponent, Slot("decision")]
OnsetDecisionSettings = Annotated[PeaksSettings | TunedPeaksSettings | UserComponent, Slot("decision")]

_RESOLUTION = "The length of a segment in seconds."
_COLLAR = "How far an onset may lie from the true one, in seconds."
_OFFSET = "How far an offset may lie: this share of the true event, at least the collar; null looks at onsets alone."
_TOLERANCE = "How far an onset may lie from the true one, in seconds."


class SegmentSettings(Settings):
    """A metric that compares which labels are active in segments of time."""

    resolution_s: float = option(1.0, _RESOLUTION, gt=0)


class SegmentF1Settings(SegmentSettings):
    """F1 of segments of time, all labels counted together (Mesaros et al. 2016)."""

    kind: Literal["segment_f1"] = "segment_f1"


class SegmentMacroF1Settings(SegmentSettings):
    """F1 of segments of time, the plain mean over labels that occur."""

    kind: Literal["segment_f1_macro"] = "segment_f1_macro"


class SegmentErrorRateSettings(SegmentSettings):
    """Substitutions, deletions and insertions per active segment, all labels counted together."""

    kind: Literal["segment_error_rate"] = "segment_error_rate"


class SegmentMacroErrorRateSettings(SegmentSettings):
    """Deletions and insertions per active segment, the plain mean over labels that occur."""

    kind: Literal["segment_error_rate_macro"] = "segment_error_rate_macro"


class CollarSettings(Settings):
    """A metric that matches events whose onsets and offsets are near enough."""

    collar_s: float = option(0.2, _COLLAR, gt=0)
    offset_share: Share | None = option(0.5, _OFFSET)


class EventF1Settings(CollarSettings):
    """F1 of events that are matched within collars, all labels counted together (Mesaros et al. 2016)."""

    kind: Literal["event_f1"] = "event_f1"


class EventMacroF1Settings(CollarSettings):
    """F1 of events that are matched within collars, the plain mean over labels that occur."""

    kind: Literal["event_f1_macro"] = "event_f1_macro"


class EventErrorRateSettings(CollarSettings):
    """Substitutions, deletions and insertions per event, all labels counted together."""

    kind: Literal["event_error_rate"] = "event_error_rate"


class EventMacroErrorRateSettings(CollarSettings):
    """Deletions and insertions per event, the plain mean over labels that occur."""

    kind: Literal["event_error_rate_macro"] = "event_error_rate_macro"


class ToleranceSettings(Settings):
    """A metric that matches onsets."""

    tolerance_s: float = option(0.05, _TOLERANCE, gt=0)


class OnsetF1Settings(ToleranceSettings):
    """F1 of onsets that are matched within a tolerance, all labels counted together."""

    kind: Literal["onset_f1"] = "onset_f1"


class OnsetMacroF1Settings(ToleranceSettings):
    """F1 of onsets that are matched within a tolerance, the plain mean over labels that occur."""

    kind: Literal["onset_f1_macro"] = "onset_f1_macro"


class TagF1Settings(Settings):
    """F1 of the labels that recordings have, whenever they are heard; also of rows whose times are not known."""

    kind: Literal["tag_f1"] = "tag_f1"


class TagMacroF1Settings(Settings):
    """F1 of the labels that recordings have, the plain mean over labels that occur; also where times are not known."""

    kind: Literal["tag_f1_macro"] = "tag_f1_macro"


class PsdsSettings(Settings):
    """Polyphonic sound detection score over thresholds (Bilen et al. 2020); the paper's symbols stand in brackets."""

    detection: Share = option(0.7, "The share of a detection that must lie in true events (DTC).")
    ground_truth: Share = option(0.7, "The share of a true event that must be detected (GTC).")
    cross_trigger: Share = option(0.3, "The share of a false alarm that makes it another label's (CTTC).")
    cross_trigger_cost: Share = option(0.0, "What a false alarm in another label's event costs besides (alpha_ct).")
    instability_cost: float = option(1.0, "What a spread between labels costs (alpha_st).", ge=0)
    max_rate: float = option(100.0, "False alarms an hour up to which the area counts (e_max).", gt=0)
    operating_points: int = option(50, "How many thresholds are tried, evenly from 0 to 1.", ge=1)


class Psds1Settings(PsdsSettings):
    """Polyphonic sound detection score, scenario 1 of DCASE: where an event lies matters most."""

    kind: Literal["psds1"] = "psds1"


class Psds2Settings(PsdsSettings):
    """Polyphonic sound detection score, scenario 2 of DCASE: that labels are not confused matters most."""

    kind: Literal["psds2"] = "psds2"
    detection: Share = option(0.1, "The share of a detection that must lie in true events (DTC).")
    ground_truth: Share = option(0.1, "The share of a true event that must be detected (GTC).")
    cross_trigger_cost: Share = option(0.5, "What a false alarm in another label's event costs besides (alpha_ct).")


SegmentMetric = SegmentF1Settings | SegmentMacroF1Settings | SegmentErrorRateSettings | SegmentMacroErrorRateSettings
EventMetric = EventF1Settings | EventMacroF1Settings | EventErrorRateSettings | EventMacroErrorRateSettings
OnsetMetric = OnsetF1Settings | OnsetMacroF1Settings
PsdsMetric = Psds1Settings | Psds2Settings
TagMetric = TagF1Settings | TagMacroF1Settings

EventMetricSettings = Annotated[
    EventMetric | SegmentMetric | OnsetMetric | PsdsMetric | TagMetric | UserComponent, Slot("metric")
]
OnsetMetricSettings = Annotated[OnsetMetric | UserComponent, Slot("metric")]
EventMetrics = Annotated[Many[EventMetricSettings], AfterValidator(not_empty)]
OnsetMetrics = Annotated[Many[OnsetMetricSettings], AfterValidator(not_empty)]

_LABELS = (
    "All labels in their order, or a mapping from what the data says to label names; by default every label "
    "found in the data, sorted."
)
_LOSS = "What training makes small, of every frame."
_OTHERS = "What becomes of events whose label is not declared: refuse them, or ignore them."
_METRICS = "What is reported; the first is the one that model selection looks at."
_WEAK_POOLING = "How frames become a recording's probability where only labels without times are known."
_WEAK_WEIGHT = "Weight of the loss of such rows beside those whose times are known."
_WEIGHT = "Weight of the task's loss beside other tasks."
_DEFAULT_METRICS = (*(cls() for cls in get_args(EventMetric)), *(cls() for cls in get_args(SegmentMetric)))


class FrameLossSettings(Settings):
    """A task whose loss is that of frames."""

    loss: BinaryLossSettings = option(BinaryCrossEntropySettings(), _LOSS)

    @model_validator(mode="after")
    def _weights_are_given(self) -> Self:
        if getattr(self.loss, "positive_weights", None) == "balanced":
            raise ValueError(
                "positive_weights is balanced, but how many frames a label has depends on the network; give a mapping "
                "from label to weight"
            )
        return self


class EventsSettings(FrameLossSettings):
    """What happens, from when to when; several labels at once. Targets are events, or labels without times."""

    kind: Literal["events"] = "events"
    labels: Labels = option(None, _LABELS)
    others: Literal["refuse", "ignore"] = option("refuse", _OTHERS)
    weak_pooling: PoolingRule = option("linear_softmax", _WEAK_POOLING)
    weak_weight: float = option(1.0, _WEAK_WEIGHT, ge=0)
    decision: EventDecisionSettings = option(TunedEventsSettings(), "How the probabilities of frames become events.")
    metrics: EventMetrics = option(_DEFAULT_METRICS, _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self


class ActivitySettings(FrameLossSettings):
    """Whether anything happens, from when to when: events of all labels are one."""

    kind: Literal["activity"] = "activity"
    label: Label = option("active", "What activity is called in results.")
    weak_pooling: PoolingRule = option("linear_softmax", _WEAK_POOLING)
    weak_weight: float = option(1.0, _WEAK_WEIGHT, ge=0)
    decision: EventDecisionSettings = option(TunedEventsSettings(), "How the probabilities of frames become events.")
    metrics: EventMetrics = option(_DEFAULT_METRICS, _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)


class OnsetsSettings(FrameLossSettings):
    """When something starts, such as a drum; several labels at once. Of targets with a length, the onset counts."""

    kind: Literal["onsets"] = "onsets"
    labels: Labels = option(None, _LABELS)
    others: Literal["refuse", "ignore"] = option("refuse", _OTHERS)
    width_frames: int = option(
        1, "Frames on either side of an onset that are a target too, with linearly less weight.", ge=0
    )
    decision: OnsetDecisionSettings = option(TunedPeaksSettings(), "How the probabilities of frames become onsets.")
    metrics: OnsetMetrics = option(tuple(cls() for cls in get_args(OnsetMetric)), _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self
