"""Labels of clips joined with events: the product of their probabilities, frame by frame.

Axes: T frames, E events, K combinations.
"""

from collections.abc import Mapping
from functools import reduce

import numpy as np

from motet.tasks.counting import Values
from motet.tasks.frames import as_objects
from motet.tasks.fused.combinations import codes_of, outer, places_of, refuse_strange, stride_of
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.rows import by_label
from motet.tasks.fused.settings import ProductSettings
from motet.tasks.task import Task


class ProductInTime(Fused):
    """Events whose labels say where they are heard, P(a+k, t) = P(a) P(k, t), among the combinations that occur.

    Labels of events stand side by side, so those of a frame do not sum to 1, nor do the combinations. An event of a
    recording is one of the combination of its label and the recording's labels; labels without times stay so.

    Parameters
    ----------
    settings
        Its settings.
    task
        What decides and scores, a task of events; its labels are the combinations.
    bases
        The tasks that are joined, of which one is of frames.

    Examples
    --------
    >>> from motet.features.feature_map import TimeGrid
    >>> from motet.tasks import Events, FrameValues, Multiclass
    >>> from motet.tasks.events.settings import EventsSettings
    >>> from motet.tasks.settings import MulticlassSettings
    >>> room = Multiclass(MulticlassSettings(), "room", ("hall", "street"))
    >>> sounds = Events(EventsSettings(), "sounds", ("bell", "dog"))
    >>> both = Events(EventsSettings(), "both", ("hall+bell", "street+dog"))
    >>> product = ProductInTime(ProductSettings(of=("room", "sounds")), both, {"room": room, "sounds": sounds})
    >>> rows = as_objects([FrameValues(np.array([[0.5, 1.0]], np.float32), TimeGrid(0.0, 0.1))])
    >>> product.fuse({"room": np.array([[0.75, 0.25]]), "sounds": rows})[0].values.tolist()
    [[0.375, 0.25]]
    """

    told_by_all = True

    def __init__(self, settings: ProductSettings, task: Task, bases: Mapping[str, Task]) -> None:
        super().__init__(settings, task, bases)
        self._places, self._codes = codes_of(settings, task, [*bases.values()])
        self._stride = stride_of([*bases.values()])
        self._framed = next(name for name, own in bases.items() if own.per_frame)

    def told(self, known: Mapping[str, Known]) -> Known:
        """Return the events of every row as those of combinations.

        Raises
        ------
        DataError
            If a combination is unknown.
        """
        places, present = places_of([*self.bases.values()], [known[name] for name in self.bases])
        values = as_objects(np.zeros((0, 3)) for _ in present)
        strange: list[int] = []
        for row in np.flatnonzero(present).tolist():
            events = np.array(known[self._framed].values[row])
            labels = events[:, 2].astype(np.int64)
            heard = labels >= 0
            joined = places[row] + self._stride * labels[heard]
            codes = self._codes[joined]
            strange += joined[codes < 0].tolist()[:1]
            events[heard, 2] = codes
            values[row] = events
        refuse_strange(self.name, self.settings, self.bases, strange)
        return Known(values, present)

    def combine(self, *parts: Values) -> Values:
        """Return the probabilities of the combinations [T, K] from those of clips [1, L] and of frames [T, L]."""
        each = [
            part if task.per_frame else by_label(task, part)
            for task, part in zip(self.bases.values(), parts, strict=True)
        ]
        return reduce(outer, each)[:, self._places]
