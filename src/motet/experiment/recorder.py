"""What of a training is written down, and when."""

import logging
import time
from pathlib import Path
from typing import Any

from torch import Tensor

from motet.experiment.settings import Experiment
from motet.files import JsonLines
from motet.model import read_notes, write_model
from motet.runs.folder import FoldFolder
from motet.runs.tracking import epoch_line, rewrite_tensorboard, write_tensorboard
from motet.training.checkpoint import load_checkpoint, save_checkpoint
from motet.training.loop import Training
from motet.training.settings import AllSettings, EverySettings, LastSettings

logger = logging.getLogger("motet")


class Recorder:
    """Writes what the loop tells: records, models, resume state.

    Models and resume state are written together, at most every `training.checkpoint_s`. A new best model lies beside
    the one before until the position that knows of it is written; so whatever a kill leaves is a moment from which the
    run goes on, with the best model of that moment, also on a device that computes nothing twice alike.
    """

    def __init__(self, experiment: Experiment, training: Training, folder: FoldFolder, *, fold: int, seed: int) -> None:
        self._experiment, self._training, self._folder = experiment, training, folder
        self._notes = {"seed": seed, "fold": fold}
        self._records = JsonLines(folder.metrics)
        self._best: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        self._waiting: list[dict[str, Any]] = []
        self._saved_s = time.monotonic()

    @property
    def chosen(self) -> Path | None:
        """The model that predicts; None for the one in memory."""
        selects = not isinstance(self._experiment.training.keep, LastSettings)
        return self._folder.best if selects and self._folder.best.is_file() else None

    def resume(self) -> None:
        """Go on from the last saved moment, where there is one; else clear away what never became one."""
        if not self._folder.last.is_file():
            self._records.truncate(0)
            for model in self._folder.path.glob("*.safetensors"):
                model.unlink()
            return
        load_checkpoint(self._training, self._folder.last)
        position = self._training.position
        self._records.truncate(position.epoch)
        self._settle_best()
        rewrite_tensorboard(self._folder.tensorboard, self._records.read())
        logger.info("resuming in epoch %d after step %d", position.epoch + 1, position.step)

    def end_epoch(self, record: dict[str, Any], best: bool) -> None:
        """Take the record of an epoch, and its model if it is kept."""
        self._records.append(record)
        self._waiting.append(record)
        keep = self._experiment.training.keep
        logger.info("%s", epoch_line(record, self._training.epochs, best))
        if best and record["dev"] and not isinstance(keep, LastSettings):
            tensors, document = self._training.model.to_tensors(epoch=record["epoch"], **self._notes)
            self._best = {name: tensor.detach().clone() for name, tensor in tensors.items()}, document
        if isinstance(keep, AllSettings) or (isinstance(keep, EverySettings) and record["epoch"] % keep.epochs == 0):
            self._training.model.save(self._folder.epoch(record["epoch"]), epoch=record["epoch"], **self._notes)
        self.flush_now_and_then()

    def flush_now_and_then(self) -> None:
        """Save if the last time is long enough ago."""
        if time.monotonic() - self._saved_s > self._experiment.training.checkpoint_s:
            self.flush()

    def flush(self) -> None:
        """Save the best model and the records, then the resume state that knows of them, then TensorBoard's."""
        if self._best is not None:
            write_model(self._folder.next_best, *self._best)
            self._best = None
        self._records.sync()
        epoch = self._training.position.epoch
        save_checkpoint(self._training, self._folder.last, epoch=epoch, **self._notes)
        self._settle_best()
        if self._waiting:
            write_tensorboard(self._folder.tensorboard, self._waiting)
        self._waiting = []
        self._saved_s = time.monotonic()

    def finish(self) -> None:
        """Save what is not saved yet."""
        if self._waiting or not self._folder.last.is_file():
            self.flush()

    def _settle_best(self) -> None:
        """Let a better model take its place if the resume state knows of it; else it never was."""
        waiting = self._folder.next_best
        if not waiting.is_file():
            return
        if read_notes(waiting)["epoch"] == self._training.position.best_epoch:
            waiting.replace(self._folder.best)
        else:
            waiting.unlink()
