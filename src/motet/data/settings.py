"""Settings of the data: how much of it, who tests, what a segment is, and in which order rows are drawn.

Shares are fractions from 0 to 1, durations are seconds. What the kinds of `split` do for a set with folds,
with a partition, with groups or with none of them is told in `motet.data.splits`.
"""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from motet.config import Settings, Slot, UserComponent, option, required


def _type_of(value: object) -> str:
    return "<text>" if isinstance(value, str) else "<number>"


def _number_of(value: object) -> str:
    return "<rows>" if isinstance(value, int) else "<fraction>"


LimitSettings = Annotated[
    Annotated[int, Field(ge=1), Tag("<rows>")] | Annotated[float, Field(gt=0, le=1), Tag("<fraction>")],
    Discriminator(_number_of),
]
"""How much of a data set is used: a number of rows such as 200, or a fraction such as 0.1."""

DevRows = Annotated[
    Annotated[float, Field(ge=0, lt=1), Tag("<number>")] | Annotated[Literal["fold", "partition"], Tag("<text>")],
    Discriminator(_type_of),
]
SegmentLength = Annotated[
    Annotated[float, Field(gt=0), Tag("<number>")] | Annotated[Literal["mean", "median", "min", "max"], Tag("<text>")],
    Discriminator(_type_of),
]

_DEV = (
    "Rows that select the model: a share of the training rows (stratified, whole groups; 0 for none) unless "
    "the publisher names dev rows; `fold`: the next fold's test rows; `partition`: the publisher's dev rows."
)


class _Split(Settings):
    dev: DevRows = option(0.15, _DEV)


class FoldsSettings(_Split):
    """The publisher's folds, else the publisher's partition, else folds by the seed."""

    kind: Literal["folds"] = "folds"
    folds: int | None = option(None, "Folds to run; by default as many as the publisher's.", ge=1)
    test: float = option(0.2, "Test share where no data set has folds and this one has no partition.", gt=0, lt=1)


class KFoldSettings(_Split):
    """As many folds as wanted by the seed, stratified and grouped together."""

    kind: Literal["kfold"] = "kfold"
    folds: int = option(5, "The number of folds.", ge=2)


class LeaveOneGroupOutSettings(_Split):
    """A fold for every group, which is tested on: a speaker, a patient, a session."""

    kind: Literal["leave_one_group_out"] = "leave_one_group_out"
    folds: int | None = option(None, "Folds to run; by default one for every group.", ge=1)


class HoldoutSettings(_Split):
    """One fold: a share of the rows by the seed is tested on, stratified, whole groups."""

    kind: Literal["holdout"] = "holdout"
    test: float = option(0.2, "Test share.", ge=0, le=1)

    @model_validator(mode="after")
    def _has_two_sides(self) -> Self:
        if self.test in (0, 1):
            side = "train" if self.test == 0 else "test"
            raise ValueError(
                f"test is {self.test:g}, but a holdout has rows on both sides; for a data set that does nothing but "
                f"{side} say `use: {side}` beside its source"
            )
        return self

    @model_validator(mode="after")
    def _has_no_other_fold(self) -> Self:
        if self.dev == "fold":
            raise ValueError("dev is 'fold', but a holdout has no other fold: give a share such as 0.15")
        return self


class PredefinedSettings(_Split):
    """One fold: the publisher's partition into train, dev and test."""

    kind: Literal["predefined"] = "predefined"

    @model_validator(mode="after")
    def _has_no_other_fold(self) -> Self:
        if self.dev == "fold":
            raise ValueError("dev is 'fold', but a partition has no other fold: give a share such as 0.15")
        return self


class OneSidedSettings(_Split):
    """All rows train, or all test: what `use: train` and `use: test` of a data set make of its split."""

    side: Literal["train", "test"] = required("The side.")


SplitSettings = Annotated[
    FoldsSettings | KFoldSettings | LeaveOneGroupOutSettings | HoldoutSettings | PredefinedSettings,
    Slot("split"),
]


class RandomCropSettings(Settings):
    """A new place in every epoch; the centre when evaluating."""

    kind: Literal["random"] = "random"


class CentreCropSettings(Settings):
    """The centre, always."""

    kind: Literal["centre"] = "centre"


class StartCropSettings(Settings):
    """The start, always."""

    kind: Literal["start"] = "start"


CropSettings = Annotated[RandomCropSettings | CentreCropSettings | StartCropSettings | UserComponent, Slot("crop rule")]


class SegmentSettings(Settings):
    """Pieces of one length, cut from the feature maps and drawn once for all inputs of a row."""

    length_s: SegmentLength = option(
        "median", "Length of a segment, or what to make of the training rows' durations.", unit="s"
    )
    crop: CropSettings = option(RandomCropSettings(), "Where a longer recording is cut.")
    hop_s: float | None = option(
        None,
        "Evaluate segments at this distance, all over a recording; by default one at its centre.",
        unit="s",
        gt=0,
    )
    pad: Literal["constant", "repeat", "wrap"] = option(
        "constant",
        "What follows a shorter recording: zeros after scaling, its last frame, or the recording again.",
    )
    merge: Literal["mean", "vote", "max", "median"] = option(
        "mean", "How the segments of one recording become one prediction."
    )


class _Sampler(Settings):
    drop_last: bool = option(False, "Leave out the last batch of an epoch where it is smaller than the others.")


class MixedSettings(_Sampler):
    """Every row once, in one shuffled order over all data sets."""

    kind: Literal["mixed"] = "mixed"


class ProportionalSettings(_Sampler):
    """Every row once; each batch holds the data sets in proportion to their size."""

    kind: Literal["proportional"] = "proportional"


class BalancedSettings(_Sampler):
    """As many rows of every data set, or of every class, in each batch; small ones come again sooner."""

    kind: Literal["balanced"] = "balanced"
    by: Literal["data_set", "class"] = option("data_set", "What is balanced.")
    task: str | None = option(None, "Task whose classes count; by default each data set's first.")


class TemperatureSettings(_Sampler):
    """Data sets in proportion to size ** (1 / temperature): 1 is proportional, large values are balanced."""

    kind: Literal["temperature"] = "temperature"
    temperature: float = option(2.0, "The temperature.", ge=1)


class StratifiedSettings(_Sampler):
    """Every row once; each batch holds the classes in proportion to their size."""

    kind: Literal["stratified"] = "stratified"
    task: str | None = option(None, "Task whose classes count; by default each data set's first.")


class AlternatingSettings(_Sampler):
    """Batches of one data set each, in turn."""

    kind: Literal["alternating"] = "alternating"
    until: Literal["longest", "shortest", "all"] = option(
        "longest",
        "The data set whose end ends the epoch; what ends sooner begins again. all: none does, every row comes once, "
        "and the batches in any order.",
    )


class BucketedSettings(_Sampler):
    """Every row once; rows of similar length together, so that padded batches waste little."""

    kind: Literal["bucketed"] = "bucketed"
    pool: int = option(50, "Batches that are sorted by length together; more is tighter and less random.", ge=1)


SamplingSettings = Annotated[
    MixedSettings
    | ProportionalSettings
    | BalancedSettings
    | TemperatureSettings
    | StratifiedSettings
    | AlternatingSettings
    | BucketedSettings
    | UserComponent,
    Slot("sampler"),
]


def sampled_task(sampling: object) -> str | None:
    """Return the task by whose classes rows become batches; None where none is named, or user code decides."""
    return sampling.task if isinstance(sampling, BalancedSettings | StratifiedSettings) else None
