"""Several tasks of one label each as one: the product of their probabilities."""

from collections.abc import Mapping
from functools import reduce

import numpy as np

from motet.tasks.counting import Values
from motet.tasks.fused.combinations import codes_of, outer, places_of, refuse_strange
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.rows import by_label, normalised
from motet.tasks.fused.settings import ProductSettings
from motet.tasks.task import Task


class Product(Fused):
    """Joint labels, P(a+b) = P(a) P(b), among the combinations that occur in the data.

    Labels and their names are those of `derive: {kind: product}`, so a joint task that is learned can be compared with
    one that is fused. A combination without training rows is predicted like any other. Where one of the tasks is of
    frames it is `ProductInTime`.

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

    told_by_all = True

    def __init__(self, settings: ProductSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        self._places, self._codes = codes_of(settings, task, [*bases.values()])

    def told(self, known: Mapping[str, Known]) -> Known:
        """Return the code of every row's combination.

        Raises
        ------
        DataError
            If a combination is unknown.
        """
        places, present = places_of([*self.bases.values()], [known[name] for name in self.bases])
        codes = self._codes[places]
        refuse_strange(self.name, self.settings, self.bases, places[present & (codes < 0)].tolist())
        return Known(np.where(present, codes, 0), present)

    def combine(self, *parts: Values) -> Values:
        """Return the probabilities of the combinations [n, K], which sum to 1, from those of every task."""
        each = [by_label(task, part) for task, part in zip(self.bases.values(), parts, strict=True)]
        return normalised(reduce(outer, each)[:, self._places])
