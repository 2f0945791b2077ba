"""One example of a data set: what it is called, where its recordings lie, and what is known of them."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from motet.signals.recording import Recording

Role = Literal["train", "dev", "test"]
Target = str | float | int | frozenset[str] | tuple[float, ...]


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
        Targets by task: a label, a set of labels, a number or a tuple of numbers.
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
