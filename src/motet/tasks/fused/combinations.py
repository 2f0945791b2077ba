"""The combinations of labels that a product joins: their names, and which of them a row has.

Every combination of all labels has a place, a number in which the last task's label counts first. Axes: N rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.tasks.counting import Values
from motet.tasks.fused.fused import Known
from motet.tasks.fused.settings import ProductSettings
from motet.tasks.labels import natural_key
from motet.tasks.task import Task

Places = NDArray[np.int64]


def names_of(separator: str, bases: Sequence[Task]) -> list[str]:
    """Return the name of the combination at every place."""
    return [separator.join(labels) for labels in product(*(task.labels for task in bases))]


def codes_of(settings: ProductSettings, task: Task, bases: Sequence[Task]) -> tuple[Places, Places]:
    """Return the place [K] of every label of a product, and the code of the label at every place, -1 where none is."""
    names = {name: place for place, name in enumerate(names_of(settings.separator, bases))}
    places = np.array([names[label] for label in task.labels], dtype=np.int64)
    codes: Places = np.full(len(names), -1, dtype=np.int64)
    codes[places] = np.arange(len(places))
    return places, codes


def outer(one: Values, other: Values) -> Values:
    """Return the products [n, K L] of all pairs of the probabilities [n, K] or [1, K] and [n, L] or [1, L]."""
    joint = one[:, :, None] * other[:, None, :]
    flat: Values = joint.reshape(len(joint), -1)
    return flat


def places_of(bases: Sequence[Task], known: Sequence[Known]) -> tuple[Places, NDArray[np.bool_]]:
    """Return the place [N] of each row, and which rows have all targets; tasks of frames count as their first label."""
    places: Places = np.zeros(len(known[0].present), dtype=np.int64)
    for task, own in zip(bases, known, strict=True):
        codes = 0 if task.per_frame else np.where(own.present, own.values, 0).astype(np.int64)
        places = places * len(task.labels) + codes
    return places, np.logical_and.reduce([own.present for own in known])


def stride_of(bases: Sequence[Task]) -> int:
    """Return how many places lie between the labels of the task of frames."""
    framed = next(number for number, task in enumerate(bases) if task.per_frame)
    return prod(len(task.labels) for task in bases[framed + 1 :])


def joint_labels(settings: ProductSettings, bases: Sequence[Task], known: Sequence[Known]) -> tuple[str, ...]:
    """Return the combinations that occur in some targets, in natural order."""
    names = names_of(settings.separator, bases)
    return tuple(sorted((names[place] for place in _occurring(bases, known)), key=natural_key))


def refuse_strange(name: str, settings: ProductSettings, bases: Mapping[str, Task], strange: Sequence[int]) -> None:
    """Refuse rows with combinations of which there were none when labels were listed.

    Parameters
    ----------
    strange
        The place of such a combination for every row that has one.

    Raises
    ------
    DataError
        If there are any.
    """
    if len(strange):
        label = names_of(settings.separator, [*bases.values()])[strange[0]]
        raise DataError(
            f"fuse.{name}: {len(strange)} rows have combinations that did not occur in the model's data, the first is "
            f"{label!r}; leave them out"
        )


def _occurring(bases: Sequence[Task], known: Sequence[Known]) -> Iterator[int]:
    places, present = places_of(bases, known)
    if not any(task.per_frame for task in bases):
        yield from np.unique(places[present]).tolist()
        return
    stride = stride_of(bases)
    framed = next(own for task, own in zip(bases, known, strict=True) if task.per_frame)
    found: set[int] = set()
    for row in np.flatnonzero(present).tolist():
        codes = framed.values[row][:, 2]
        found |= {int(places[row] + stride * code) for code in codes[codes >= 0]}
    yield from found
