"""One example of a data set: what it is called, where its recordings lie, and what is known of them."""

import math
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

from motet.errors import DataError
from motet.signals.recording import Recording
from motet.sources.trace import Trace

Role = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens in a recording: an onset, an offset and what it is.

    Parameters
    ----------
    onset_s
        When it starts, in seconds from the start of the recording.
    offset_s
        When it ends; equal to `onset_s` where only onsets are annotated.
    label
        What it is.

    Raises
    ------
    DataError
        If a time is not finite, the onset is negative, the offset lies before the onset, or the label is no text.

    Examples
    --------
    >>> Event(0.5, 1.25, "dog").offset_s
    1.25
    """

    onset_s: float
    offset_s: float
    label: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.onset_s) and math.isfinite(self.offset_s) and 0 <= self.onset_s <= self.offset_s):
            raise DataError(
                f"event '{self.label}' lasts from {self.onset_s:g} to {self.offset_s:g} s, but an event starts at 0 s "
                "or later and does not end before it starts: correct its times"
            )
        if not self.label or not isinstance(self.label, str):
            raise DataError(f"the event at {self.onset_s:g} s has the label {self.label!r}: give it one of text")


Target = str | float | int | frozenset[str] | tuple[float, ...] | tuple[Event, ...] | Trace


def is_events(target: object) -> TypeGuard[tuple[Event, ...]]:
    """Return whether a target is a tuple of events; so is the empty tuple, which says that nothing happens.

    Examples
    --------
    >>> is_events((Event(0.0, 1.0, "dog"),)), is_events(()), is_events((0.5, 1.5))
    (True, True, False)
    """
    return isinstance(target, tuple) and all(isinstance(item, Event) for item in target)


def are_numbers(targets: Collection[object]) -> bool:
    """Return whether all targets are numbers, or all are tuples of equally many numbers.

    Examples
    --------
    >>> are_numbers([0.5, 2]), are_numbers([(0.5, 1.5)]), are_numbers([0.5, (0.5, 1.5)]), are_numbers([0.5, "dog"])
    (True, True, False, False)
    """
    sizes = {len(target) if isinstance(target, tuple) else None for target in targets}
    items = [item for target in targets for item in (target if isinstance(target, tuple) else (target,))]
    return len(sizes) == 1 and bool(items) and all(isinstance(item, int | float) for item in items)


def label_set(target: Target) -> frozenset[str]:
    """Return the different labels of a target: those of a set or its events, else the one label; a trace has none.

    Examples
    --------
    >>> sorted(label_set((Event(0.0, 1.0, "dog"), Event(2.0, 3.0, "dog"))))
    ['dog']
    """
    if isinstance(target, frozenset):
        return target
    if isinstance(target, tuple):
        return frozenset(item.label if isinstance(item, Event) else str(item) for item in target)
    return frozenset() if isinstance(target, Trace) else frozenset([str(target)])


@dataclass(frozen=True, slots=True)
class Example:
    """One example. A key that is absent is missing, not zero.

    Parameters
    ----------
    id
        Unique in its data set, and the same on every machine (never an absolute path).
    inputs
        Recordings by name; a data set of single recordings calls its one `signal`.
    targets
        Targets by task: a label, a set of labels, a number, a tuple of numbers, a tuple of events, or a trace.
    group
        What must not stand on both sides of a split: a speaker, a patient, a session.
    folds
        The role of the example in each of the publisher's folds; absent from a fold it is not used there.
    partition
        The publisher's partition, where there is one.
    """

    id: str
    inputs: Mapping[str, Recording[Any]]
    targets: Mapping[str, Target] = field(default_factory=dict)
    group: str | None = None
    folds: Mapping[str, Role] | None = None
    partition: Role | None = None


def fold_roles(names: Iterable[str]) -> dict[str, dict[str, Role]]:
    """Return the `folds` of an example for each fold that it belongs to: tested there, trained on elsewhere.

    Folds stand in their natural order: 2 before 10. Examples of one fold share one mapping.

    Examples
    --------
    >>> fold_roles(["1", "2"])["1"]
    {'1': 'test', '2': 'train'}
    """
    ordered = sorted(set(names), key=_natural)
    return {own: {name: "test" if name == own else "train" for name in ordered} for own in ordered}


def _natural(name: str) -> tuple[int, str]:
    return (int(name), name) if name.isdecimal() else (sys.maxsize, name)
