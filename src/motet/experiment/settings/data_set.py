"""Settings of one data set of an experiment."""

from collections.abc import Mapping
from typing import Any, Literal

from motet.config import Many, Name, OneOrNamed, Settings, UserComponent, option, required
from motet.data.relabel_settings import (
    BalanceSettings,
    DeriveSettings,
    DroppedLabels,
    LimitedLabels,
    LimitedParts,
    MergedLabels,
    RenamedLabels,
    flat,
)
from motet.data.settings import LimitSettings, SegmentSettings, SplitSettings
from motet.features.settings import FeatureSettings, ScalingSettings
from motet.signals.settings import SignalSettings
from motet.sources.settings import FilenamesSettings, SourceSettings, StringSettings, TableSettings, pattern_fields
from motet.tasks.kinds import TaskSettings

OVERRIDABLE = ("signal", "features", "scaling", "segments", "split")
"""The parts of an experiment that a data set may have of its own."""


class DataSetSettings(Settings):
    """One data set: where it comes from, what is predicted, and what it does differently from the experiment."""

    source: SourceSettings = required("Where recordings and targets come from.")
    tasks: dict[Name, TaskSettings] | None = option(
        None,
        "What is predicted, by the name of the target; by default what the source knows. {} for none: then only losses "
        "of the network's own are learned.",
    )
    use: Literal["both", "train", "test"] = option(
        "both", "Whether its rows train and test as its split says, or all of them only train, or only test."
    )
    map: RenamedLabels = option({}, "Other names for labels, by task: {digit: {0: zero, 1: one}}.")
    merge_labels: MergedLabels = option({}, "Labels that become one, by task: {scene: {indoor: [office, home]}}.")
    drop_labels: DroppedLabels | None = option(
        None, "Labels that are left out: [other], or by task where the data set has several: {scene: [other]}."
    )
    derive: dict[Name, DeriveSettings] = option({}, "Tasks made of other tasks, by name.")
    limit_labels: LimitedLabels | None = option(
        None, "The most rows of a label: {speech: 500}, or by task where there are several: {event: {speech: 500}}."
    )
    limit_labels_in: LimitedParts = option(
        ("train",), "Parts of every fold in which `limit_labels` acts; all: once, before the data set is split."
    )
    balance: BalanceSettings | None = option(None, "How labels become equally frequent in training: up or down.")
    strings: StringSettings | None = option(
        None, "String recordings together, such as digits to numbers of several digits; by default each stays alone."
    )
    stratify: Many[Name] | None = option(
        None,
        "The targets of which every side of a split, and what `limit` leaves, has its share; by default the tasks. "
        "Name them to compare runs of other tasks on the same rows.",
    )
    unlabelled: Literal["keep", "drop"] = option(
        "keep",
        "Rows that have none of the targets: keep them in batches, for losses that want none, or drop them.",
    )
    limit: LimitSettings | None = option(None, "A part of the data set, for trying things out: rows or a fraction.")
    on_error: Literal["stop", "skip"] = option(
        "stop", "What recordings that cannot be used mean: stop and list them, or skip and list them."
    )
    max_skipped: float = option(0.05, "Largest share of the recordings that may be skipped.", gt=0, le=1)
    signal: SignalSettings | None = option(None, "How recordings become signals, in place of the experiment's.")
    features: OneOrNamed[FeatureSettings] | None = option(None, "Features, in place of the experiment's.")
    scaling: ScalingSettings | None = option(None, "Scaling, in place of the experiment's.")
    segments: SegmentSettings | None = option(None, "Segments, in place of the experiment's.")
    split: SplitSettings | None = option(None, "Who trains and who tests, in place of the experiment's.")

    @property
    def known_tasks(self) -> frozenset[str] | None:
        """The names of the tasks, or None where only the data tell."""
        if self.tasks is not None:
            return frozenset(self.tasks)
        return None if self._only_target is None else self._only_target | frozenset(self.derive)

    @property
    def known_targets(self) -> frozenset[str] | None:
        """The names of the targets that the source can give, or None where only the data tell."""
        source: Any = self.source
        if self.strings is not None:
            return frozenset([self.strings.target, *self.strings.within])
        if isinstance(source, FilenamesSettings):
            return frozenset([*pattern_fields(source.pattern), *source.traces])
        if isinstance(source, TableSettings):
            return frozenset([*source.targets, *source.traces]) or None
        return self._only_target

    @property
    def used_targets(self) -> dict[str, str]:
        """The targets by which rows are split, limited or balanced, whether or not they are predicted.

        By target the option that names it.
        """
        limited = flat(self.limit_labels, "").keys() - {""}
        balanced = None if self.balance is None else self.balance.task
        return {
            **({} if balanced is None else {balanced: "balance.task"}),
            **dict.fromkeys(sorted(limited), "limit_labels"),
            **dict.fromkeys(self.stratify or (), "stratify"),
        }

    @property
    def _only_target(self) -> frozenset[str] | None:
        """What a source calls its one target; what a user's own calls so is its own affair."""
        if self.strings is not None:
            return frozenset([self.strings.target])
        named = None if isinstance(self.source, UserComponent) else getattr(self.source, "task", None)
        return frozenset([named]) if isinstance(named, str) else None


class CompleteDataSet(DataSetSettings):
    """A data set with the experiment's settings where it has none of its own."""

    signal: SignalSettings = required("How recordings become signals.")
    features: OneOrNamed[FeatureSettings] = required("One feature, or several by name.")
    scaling: ScalingSettings = required("How features are scaled.")
    split: SplitSettings = required("Who trains and who tests.")


def by_name(features: Any) -> Mapping[str | None, Any]:
    """Return features by their name; the only one has none."""
    return features if isinstance(features, Mapping) else {None: features}
