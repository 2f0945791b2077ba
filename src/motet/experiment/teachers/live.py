"""A teacher in the loop: at every step it hears the rows of the batch as the student does.

The same segments, mixed with the same noise, scaled by the teacher's own scaling, with the student's map augmentation
and mixup. The teacher never learns: it computes as in evaluation, without gradients.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from motet.data.batch import Batch, Column
from motet.errors import ConfigError
from motet.experiment.preparation import FoldData
from motet.experiment.teachers.terms import Terms
from motet.model import Model
from motet.training.devices import autocast
from motet.training.loop import Training
from motet.training.teaching import Vary


@dataclass(frozen=True, slots=True, eq=False)
class LiveTeacher:
    """Answers batch by batch.

    Parameters
    ----------
    model
        The teacher's model, on the device.
    task
        What the task is called there.
    terms
        From what its network gives to what the student hears.
    ways
        By data set that is taught, the teacher's data set whose scaling it gets.
    precision
        That of the student's forward pass.
    """

    model: Model
    task: str
    terms: Terms
    ways: Mapping[str, str]
    device: torch.device
    precision: torch.dtype | None = None

    def __call__(self, batch: Batch, vary: Vary) -> Column | None:
        """Return what the teacher says of the rows that it teaches; None where the batch has none.

        Parameters
        ----------
        batch
            As it was drawn.
        vary
            Augments and mixes scaled inputs of rows of this batch as those of the student.
        """
        if not any(name in self.ways for name, _, _ in batch.spans):
            return None
        own, rows = batch.part(list(self.ways))
        inputs = vary(own, self.model.scale(self._in_own_words(own), self.device))
        with torch.no_grad(), autocast(self.device, self.precision):
            said = self.model.network(inputs, {self.task: None}).predictions[self.task]
        return replace(self.terms(own, said), rows=None if rows is None else rows.to(self.device))

    def _in_own_words(self, batch: Batch) -> Batch:
        """Return a batch with the teacher's names of data sets, and the inputs that it reads."""
        wanted = {name for way in self.ways.values() for name in self.model.read_inputs(way)}
        spans = tuple((self.ways[name], start, stop) for name, start, stop in batch.spans)
        return replace(batch, inputs={k: v for k, v in batch.inputs.items() if k in wanted}, spans=spans)


def check_frames(training: Training, prepared: FoldData) -> None:
    """Look whether teachers in the loop of tasks of frames give as many as their students, at the same times.

    Values over time lie between frames of any rate, and maps have that of their input.

    Raises
    ------
    ConfigError
        With the frames of both.
    """
    model, loader, train = training.model, prepared.loader, prepared.fold.train
    for task, own in training.teaching.items():
        taught = train[loader.lessons[task].present[train]][:1]
        if own.ask is None or model.tasks[task].lesson_kind != "frames" or not len(taught):
            continue
        batch = loader.draw(taught, epoch=0, training=False)
        said = own.ask(batch, lambda _, inputs: dict(inputs))
        model.eval()
        with torch.no_grad():
            given = model.network(model.scale(batch, training.device), {task: None}).predictions[task]
        model.train()
        if said is not None and _frames(said) != _frames(given):
            raise ConfigError(
                f"teachers.{task}: the teacher gives {_told(said)} of a recording, but the network here "
                f"{_told(given)}; let both shorten time alike (stride and pooling), or teach by another model"
            )


def _frames(column: Column) -> tuple[int, float, float]:
    assert column.grid is not None, "what is predicted of frames has a grid"
    return column.values.shape[1], round(column.grid.start_s, 9), round(column.grid.step_s, 9)


def _told(column: Column) -> str:
    count, start_s, step_s = _frames(column)
    return f"{count} frames, every {step_s:g} s from {start_s:g} s on"
