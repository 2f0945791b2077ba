"""Several tasks of one label each as one: the product of their probabilities."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.tasks.counting import Values
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.rows import by_label, normalised
from motet.tasks.fused.settings import ProductSettings
from motet.tasks.labels import natural_key
from motet.tasks.task import Task

Codes = NDArray[np.int64]


class Product(Fused):
    """Joint labels, P(a+b) = P(a) P(b), among the combinations that occur in the data.

    Labels and their names are those of `derive: {kind: product}`, so a joint task that is learned can be compared with
    one that is fused. A combination without training rows is predicted like any other.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores; its labels are the combinations.
    bases
        The tasks that are joined.

    Examples
    --------
    >>> from motet.tasks import Binary, Multiclass
    >>> from motet.tasks.settings import BinarySettings, MulticlassSettings
    >>> sex = Binary(BinarySettings(), "sex", ("f", "m"))
    >>> mood = Multiclass(MulticlassSettings(), "mood", ("calm", "sad"))
    >>> both = Multiclass(MulticlassSettings(), "both", ("f+calm", "m+calm", "m+sad"))
    >>> product = Product(ProductSettings(of=("sex", "mood")), both, {"sex": sex, "mood": mood})
    >>> product.fuse({"sex": np.array([[0.5]]), "mood": np.array([[0.5, 0.5]])}).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """

    def __init__(self, settings: ProductSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        names = {label: place for place, label in enumerate(_names(settings.separator, [*bases.values()]))}
        self._places = np.array([names[label] for label in task.labels], dtype=np.int64)
        self._codes = np.full(len(names), -1, dtype=np.int64)
        self._codes[self._places] = np.arange(len(task.labels))

    @property
    def scored_by(self) -> tuple[str, ...]:
        """All that it is made of."""
        return tuple(self.bases)

    def targets(self, known: Mapping[str, Known]) -> Known:
        """Return the code of every row's combination.

        Raises
        ------
        DataError
            If a combination is unknown.
        """
        places, present = _joined([*self.bases.values()], [known[name] for name in self.bases])
        codes = self._codes[places]
        strange = np.flatnonzero(present & (codes < 0))
        if len(strange):
            label = _names(self.settings.separator, [*self.bases.values()])[places[strange[0]]]
            raise DataError(
                f"fuse.{self.name}: {len(strange)} rows have combinations that did not occur in the model's data, the "
                f"first is {label!r}; leave them out"
            )
        return Known(np.where(present, codes, 0), present)

    def combine(self, *parts: Values) -> Values:
        """Return the probabilities of the combinations [n, K], which sum to 1, from those of every task."""
        each = [by_label(task, part) for task, part in zip(self.bases.values(), parts, strict=True)]
        joint = reduce(lambda one, other: (one[:, :, None] * other[:, None, :]).reshape(len(one), -1), each)
        return normalised(joint[:, self._places])


def joint_labels(settings: ProductSettings, bases: Sequence[Task], known: Sequence[Known]) -> tuple[str, ...]:
    """Return the combinations that occur in some targets, in natural order."""
    places, present = _joined(bases, known)
    names = _names(settings.separator, bases)
    return tuple(sorted((names[place] for place in np.unique(places[present])), key=natural_key))


def _joined(bases: Sequence[Task], known: Sequence[Known]) -> tuple[Codes, NDArray[np.bool_]]:
    """Return the number of each row's combination among all, and which rows have all targets."""
    places: Codes = np.zeros(len(known[0].present), dtype=np.int64)
    for task, own in zip(bases, known, strict=True):
        places = places * len(task.labels) + np.where(own.present, own.values, 0).astype(np.int64)
    return places, np.logical_and.reduce([own.present for own in known])


def _names(separator: str, bases: Sequence[Task]) -> list[str]:
    """Return the names of all combinations, the last task's label changing first."""

    def named(rest: Sequence[Task]) -> Iterator[tuple[str, ...]]:
        if not rest:
            yield ()
            return
        yield from ((label, *others) for label in rest[0].labels for others in named(rest[1:]))

    return [separator.join(labels) for labels in named(bases)]
