"""How often labels come: rows that are left out, or come again. Every choice is keyed by what it is drawn for.

Axes: n rows. Classes are numbered from 0; -1 is a row without one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet import draws
from motet.data.table import ABSENT, Coded
from motet.sources.example import label_set

Rows = NDArray[np.int64]
Key = tuple[int | str, ...]
"""The seed, and the names of what is drawn for."""


def at_most(column: Coded[Any], label: str, most: int, *, key: Key) -> NDArray[np.bool_]:
    """Return which rows [n] stay so that at most so many have a label."""
    having = np.flatnonzero(np.asarray([*(label in label_set(value) for value in column.values), False])[column.codes])
    kept = np.ones(len(column.codes), dtype=bool)
    kept[_generator(key, "limit_labels", label).permutation(having)[most:]] = False
    return kept


def repeat_to_most(numbers: Rows, *, key: Key) -> Rows:
    """Return positions, ascending, in which every class [n] comes as often as the most frequent one.

    Rows are repeated whole times first; the rest is drawn without replacement. Rows without a class (-1) stay.
    """
    chosen = [np.flatnonzero(numbers == ABSENT)]
    most = int(np.bincount(numbers[numbers != ABSENT], minlength=1).max())
    for number in np.unique(numbers[numbers != ABSENT]).tolist():
        having = np.flatnonzero(numbers == number)
        rest = _generator(key, "up", number).permutation(having)
        chosen += [np.tile(having, most // len(having)), rest[: most % len(having)]]
    return np.sort(np.concatenate(chosen))


def thin_to_least(numbers: Rows, *, key: Key) -> Rows:
    """Return positions, ascending, in which every class [n] comes as often as the rarest; those without one stay."""
    chosen = [np.flatnonzero(numbers == ABSENT)]
    held, counts = np.unique(numbers[numbers != ABSENT], return_counts=True)
    for number in held.tolist():
        having = np.flatnonzero(numbers == number)
        chosen.append(_generator(key, "down", number).permutation(having)[: counts.min()])
    return np.sort(np.concatenate(chosen))


def _generator(key: Key, *stage: int | str) -> np.random.Generator:
    seed, *rest = key
    return draws.generator(int(seed), *stage, *rest)
