"""One update for each task of a batch, in turn."""

from motet.data.batch import Batch
from motet.training.loop import Training, descend


def alternate(training: Training, batch: Batch) -> None:
    """Make an update for each task of the batch in turn, in the order of the tasks; each sees the one before."""
    for task in batch.counts:
        descend(training, batch.of_task(task))
