"""Settings of the tasks: what is predicted, its labels, its loss, its decision, its metrics.

Every slot takes the user's own class as well (`kind: ./mine.py:Name`).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from motet.config import Many, Settings, Slot, UserComponent, option


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_mapping(value: object) -> str:
    return "<mapping>" if isinstance(value, dict) else "<plain>"


def _is_mapping_or_none(value: object) -> str:
    return "<none>" if value is None else _is_mapping(value)


def _keys_as_text(value: object) -> object:
    return {_as_text(key): item for key, item in value.items()} if isinstance(value, dict) else value


PoolingRule = Literal["max", "mean", "linear_softmax", "attention"]

Label = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int), Field(min_length=1)]
LabelNames = Annotated[dict[str, Label], BeforeValidator(_keys_as_text)]
Labels = Annotated[
    Annotated[Many[Label], Tag("<plain>")] | Annotated[LabelNames, Tag("<mapping>")] | Annotated[None, Tag("<none>")],
    Discriminator(_is_mapping_or_none),
]
LabelWeights = Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_keys_as_text)]
ClassWeights = Annotated[
    Annotated[Literal["none", "balanced"], Tag("<plain>")] | Annotated[LabelWeights, Tag("<mapping>")],
    Discriminator(_is_mapping),
]


class CrossEntropySettings(Settings):
    """Cross-entropy of the softmax."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = option(0.0, "Share of the target spread evenly over all classes.", ge=0, lt=1)
    class_weights: ClassWeights = option(
        "none",
        "Weight of a row by its class: none, balanced (inverse to the class's training rows, 1 on average), "
        "or a mapping from label to weight (others 1).",
    )


class FocalSettings(Settings):
    """Focal loss of the softmax: rows that are already right count less (Lin et al. 2017)."""

    kind: Literal["focal"] = "focal"
    gamma: float = option(2.0, "How fast sure rows lose weight; 0 is cross-entropy.", ge=0)
    class_weights: ClassWeights = option(
        "none", "The paper's alpha: none, balanced, or a mapping from label to weight (others 1)."
    )


class BinaryCrossEntropySettings(Settings):
    """Cross-entropy of the sigmoid, the mean over labels."""

    kind: Literal["bce"] = "bce"
    label_smoothing: float = option(0.0, "Targets move this far towards one half.", ge=0, lt=1)
    positive_weights: ClassWeights = option(
        "none",
        "Weight of the positives of a label: none, balanced (negatives per positive among training rows), "
        "or a mapping from label to weight (others 1).",
    )


class BinaryFocalSettings(Settings):
    """Focal loss of the sigmoid, the mean over labels (Lin et al. 2017)."""

    kind: Literal["focal"] = "focal"
    gamma: float = option(2.0, "How fast sure rows lose weight; 0 is cross-entropy.", ge=0)
    alpha: float | None = option(
        None, "Weight of positives, with 1 - alpha for negatives; by default both weigh 1.", gt=0, lt=1
    )


class SquaredErrorSettings(Settings):
    """Squared error in standard deviations of the training targets, the mean over values."""

    kind: Literal["mse"] = "mse"


class AbsoluteErrorSettings(Settings):
    """Absolute error in standard deviations of the training targets, the mean over values."""

    kind: Literal["l1"] = "l1"


class HuberSettings(Settings):
    """Squared near zero, absolute beyond `delta` (Huber 1964), the mean over values."""

    kind: Literal["huber"] = "huber"
    delta: float = option(1.0, "Where squared becomes absolute, in standard deviations of the training targets.", gt=0)


MulticlassLossSettings = Annotated[CrossEntropySettings | FocalSettings | UserComponent, Slot("loss")]
BinaryLossSettings = Annotated[BinaryCrossEntropySettings | BinaryFocalSettings | UserComponent, Slot("loss")]
RegressionLossSettings = Annotated[
    SquaredErrorSettings | AbsoluteErrorSettings | HuberSettings | UserComponent, Slot("loss")
]


class ArgmaxSettings(Settings):
    """The most probable class."""

    kind: Literal["argmax"] = "argmax"


class ThresholdSettings(Settings):
    """Every label at or above one fixed probability."""

    kind: Literal["threshold"] = "threshold"
    value: float = option(0.5, "The probability from which a label is given.", ge=0, le=1)


class TunedThresholdSettings(Settings):
    """Every label at or above its own probability, chosen on development rows."""

    kind: Literal["tuned_threshold"] = "tuned_threshold"
    metric: Literal["f1", "uar"] = option("f1", "What each label's threshold makes as large as possible.")


class IdentitySettings(Settings):
    """The predicted value itself."""

    kind: Literal["identity"] = "identity"


class GreedySettings(Settings):
    """The most probable symbol of every frame, runs merged and blanks left out."""

    kind: Literal["greedy"] = "greedy"


class BeamSettings(Settings):
    """The most probable of several sequences, all paths of each added up (Hannun et al. 2014)."""

    kind: Literal["beam"] = "beam"
    width: int = option(8, "Beginnings of sequences that are kept after every frame.", ge=1)


MulticlassDecisionSettings = Annotated[ArgmaxSettings | UserComponent, Slot("decision")]
ThresholdDecisionSettings = Annotated[ThresholdSettings | TunedThresholdSettings | UserComponent, Slot("decision")]
SequenceDecisionSettings = Annotated[GreedySettings | BeamSettings, Slot("decision")]
RegressionDecisionSettings = Annotated[IdentitySettings | UserComponent, Slot("decision")]


class UarSettings(Settings):
    """Unweighted average recall over the classes that are present (balanced accuracy)."""

    kind: Literal["uar"] = "uar"


class AccuracySettings(Settings):
    """Share of rows that are right; of a multilabel task, right in every label."""

    kind: Literal["accuracy"] = "accuracy"


class MacroF1Settings(Settings):
    """F1, the plain mean over labels that are present or predicted."""

    kind: Literal["f1_macro"] = "f1_macro"


class WeightedF1Settings(Settings):
    """F1, the mean over labels weighted by their rows."""

    kind: Literal["f1_weighted"] = "f1_weighted"


class MicroF1Settings(Settings):
    """F1 of all labels counted together."""

    kind: Literal["f1_micro"] = "f1_micro"


class MacroPrecisionSettings(Settings):
    """Precision, the plain mean over labels that are present or predicted."""

    kind: Literal["precision_macro"] = "precision_macro"


class MacroRecallSettings(Settings):
    """Recall, the plain mean over labels that are present or predicted."""

    kind: Literal["recall_macro"] = "recall_macro"


class AucSettings(Settings):
    """Area under the ROC curve, the mean over labels, each against all others."""

    kind: Literal["auc"] = "auc"


class MeanAveragePrecisionSettings(Settings):
    """Average precision, the mean over labels that are present."""

    kind: Literal["map"] = "map"


class ConcordanceSettings(Settings):
    """Concordance correlation coefficient (Lin 1989), the mean over values."""

    kind: Literal["ccc"] = "ccc"


class PearsonSettings(Settings):
    """Pearson's correlation coefficient, the mean over values."""

    kind: Literal["pearson"] = "pearson"


class MeanAbsoluteErrorSettings(Settings):
    """Mean absolute error in the targets' own unit, the mean over values."""

    kind: Literal["mae"] = "mae"


class RootMeanSquaredErrorSettings(Settings):
    """Root of the mean squared error in the targets' own unit, the mean over values."""

    kind: Literal["rmse"] = "rmse"


LabelMetric = (
    AccuracySettings
    | MacroF1Settings
    | WeightedF1Settings
    | MicroF1Settings
    | MacroPrecisionSettings
    | MacroRecallSettings
    | AucSettings
    | MeanAveragePrecisionSettings
)


class CharacterErrorRateSettings(Settings):
    """Edits by character over the characters of the truth, spaces included."""

    kind: Literal["cer"] = "cer"


class WordErrorRateSettings(Settings):
    """Edits by word over the words of the truth; of phones, the phone error rate."""

    kind: Literal["wer"] = "wer"


class SequenceAccuracySettings(Settings):
    """Share of rows whose sequence is exactly right."""

    kind: Literal["accuracy"] = "accuracy"


class KeywordAucSettings(Settings):
    """Area under the ROC curve of how surely a keyword is heard, the mean over `keywords`."""

    kind: Literal["keyword_auc"] = "keyword_auc"


NumberMetric = ConcordanceSettings | PearsonSettings | MeanAbsoluteErrorSettings | RootMeanSquaredErrorSettings

ClassMetricSettings = Annotated[UarSettings | LabelMetric | UserComponent, Slot("metric")]
MultilabelMetricSettings = Annotated[LabelMetric | UserComponent, Slot("metric")]
RegressionMetricSettings = Annotated[NumberMetric | UserComponent, Slot("metric")]
SequenceMetric = WordErrorRateSettings | CharacterErrorRateSettings | SequenceAccuracySettings | KeywordAucSettings
SequenceMetricSettings = Annotated[SequenceMetric | UserComponent, Slot("metric")]


def not_empty(metrics: tuple[Settings, ...]) -> tuple[Settings, ...]:
    """Refuse a task without any metric."""
    if not metrics:
        raise ValueError("metrics is empty; name one or more, or leave it out to report all")
    return metrics


ClassMetrics = Annotated[Many[ClassMetricSettings], AfterValidator(not_empty)]
MultilabelMetrics = Annotated[Many[MultilabelMetricSettings], AfterValidator(not_empty)]
RegressionMetrics = Annotated[Many[RegressionMetricSettings], AfterValidator(not_empty)]
SequenceMetrics = Annotated[Many[SequenceMetricSettings], AfterValidator(not_empty)]

_LABELS = (
    "All labels in their order, or a mapping from what the data says to label names; by default every label "
    "found in the data, sorted."
)
_METRICS = "What is reported; the first is the one that model selection looks at."
_WEIGHT = "Weight of the task's loss beside other tasks."


class BinarySettings(Settings):
    """One of two labels, told from one output."""

    kind: Literal["binary"] = "binary"
    labels: Labels = option(None, _LABELS)
    positive: Label | None = option(None, "The label whose probability is predicted; by default the last.")
    loss: BinaryLossSettings = option(BinaryCrossEntropySettings(), "What training makes small.")
    decision: ThresholdDecisionSettings = option(ThresholdSettings(), "How a probability becomes a label.")
    metrics: ClassMetrics = option((UarSettings(), *(cls() for cls in get_args(LabelMetric))), _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_are_two(self) -> Self:
        names = declared_labels(self.labels)
        if names and len(names) != 2:
            raise ValueError(f"a binary task has two labels, but {len(names)} are declared; use multiclass for more")
        if names and self.positive is not None and self.positive not in names:
            raise ValueError(f"positive is {self.positive!r}, but the labels are {', '.join(names)}; name one of them")
        return self


class MulticlassSettings(Settings):
    """One of several labels."""

    kind: Literal["multiclass"] = "multiclass"
    labels: Labels = option(None, _LABELS)
    loss: MulticlassLossSettings = option(CrossEntropySettings(), "What training makes small.")
    decision: MulticlassDecisionSettings = option(ArgmaxSettings(), "How probabilities become a label.")
    metrics: ClassMetrics = option((UarSettings(), *(cls() for cls in get_args(LabelMetric))), _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_are_several(self) -> Self:
        names = declared_labels(self.labels)
        if names and len(names) < 2:
            raise ValueError(
                f"a multiclass task has two labels or more, but only {names[0]!r} is declared; add the rest"
            )
        return self


class MultilabelSettings(Settings):
    """Any number of several labels at once."""

    kind: Literal["multilabel"] = "multilabel"
    labels: Labels = option(None, _LABELS)
    loss: BinaryLossSettings = option(BinaryCrossEntropySettings(), "What training makes small.")
    decision: ThresholdDecisionSettings = option(ThresholdSettings(), "How probabilities become labels.")
    metrics: MultilabelMetrics = option(
        (MeanAveragePrecisionSettings(), *(cls() for cls in get_args(LabelMetric)[:-1])), _METRICS
    )
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self


class RegressionSettings(Settings):
    """One or several numbers."""

    kind: Literal["regression"] = "regression"
    labels: Many[Label] | None = option(None, "Names of the values; by default value, or value_1, value_2, ...")
    loss: RegressionLossSettings = option(SquaredErrorSettings(), "What training makes small.")
    decision: RegressionDecisionSettings = option(IdentitySettings(), "What becomes of a predicted value.")
    metrics: RegressionMetrics = option(tuple(cls() for cls in get_args(NumberMetric)), _METRICS)
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self


class SequenceSettings(Settings):
    """A text of variable length that is read off the frames in order: characters, phones or words (CTC)."""

    kind: Literal["sequence"] = "sequence"
    unit: Literal["characters", "words"] = option(
        "words", "What a symbol is: a character, spaces included, or what stands between spaces, such as a phone."
    )
    labels: Many[Label] | None = option(None, "All symbols in their order; by default every one found in the data.")
    decision: SequenceDecisionSettings = option(GreedySettings(), "How probabilities become a text.")
    keywords: Many[Label] = option((), "Texts whose scores are compared with whether they were said.")
    metrics: SequenceMetrics = option(
        (WordErrorRateSettings(), CharacterErrorRateSettings(), SequenceAccuracySettings()), _METRICS
    )
    weight: float = option(1.0, _WEIGHT, ge=0)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        declared_labels(self.labels)
        return self

    @model_validator(mode="after")
    def _keywords_are_there(self) -> Self:
        if not self.keywords and any(metric.kind == "keyword_auc" for metric in self.metrics):
            raise ValueError("the metric keyword_auc wants keywords; name them in `keywords`")
        return self


def declared_labels(labels: tuple[str, ...] | Mapping[str, str] | None) -> tuple[str, ...]:
    """Return the declared labels in their order; none where they are left to the data.

    Raises
    ------
    ValueError
        If a list of labels is empty or names one twice.

    Examples
    --------
    >>> declared_labels({"A": "rest", "B": "rest", "E": "seizure"})
    ('rest', 'seizure')
    """
    if labels is None:
        return ()
    names = tuple(dict.fromkeys(labels.values() if isinstance(labels, Mapping) else labels))
    if not names:
        raise ValueError("labels is empty; name the labels, or leave it out to take them from the data")
    if not isinstance(labels, Mapping) and len(names) < len(labels):
        twice = next(name for name in names if labels.count(name) > 1)
        raise ValueError(f"label {twice!r} is declared twice; name every label once")
    return names
