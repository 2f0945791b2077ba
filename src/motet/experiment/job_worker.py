"""The process that trains points of a sweep, one after another, as the process of the sweep tells it.

PyTorch is imported only in a process that has left the group of its terminal: Ctrl-C reaches a whole group, and would
meet it half imported. Until it says that it is ready it holds nothing that could be saved, and may be killed.
"""

import _thread
import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from motet.config.user_code import components_of
from motet.errors import ConfigError
from motet.experiment.settings import Experiment
from motet.training.interrupts import interruptible
from motet.workers import end_with_parent

STOP, LEAVE, READY = "stop", "leave", "ready"


@dataclass(frozen=True, slots=True)
class Job:
    """A point that a worker trains.

    Parameters
    ----------
    label
        What lines about it begin with: "point 3 of 12".
    name
        The name of the point.
    folder
        The folder of its run.
    experiment
        What is trained.
    allow_code
        Whether the user code that the runs of its teachers name may be run.
    """

    label: str
    name: str
    folder: Path
    experiment: Experiment
    allow_code: bool = False


def work(pipe: "Connection[Any, Any]", threads: int) -> None:
    """Say when it is ready, then train what comes through the pipe, until nothing does."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C reaches all processes of a terminal; the parent alone decides
    end_with_parent()
    with suppress(KeyboardInterrupt, BrokenPipeError), interruptible():
        _serve(pipe, threads)


def _serve(pipe: "Connection[Any, Any]", threads: int) -> None:
    import torch  # takes seconds, as what follows does; all that training wants is there when it is ready

    from motet.experiment.attempt import attempt
    from motet.experiment.run import run_experiment
    from motet.experiment.shared_data import SharedData

    orders: SimpleQueue[Any] = SimpleQueue()
    busy = threading.Event()
    log = logging.getLogger("motet")
    log.setLevel(logging.INFO)
    log.addHandler(_ToParent(pipe))

    def train(order: Any) -> Mapping[str, Any]:
        job = _job_of(order)
        run = run_experiment(job.experiment, job.folder, shared=shared, workers=1, allow_code=job.allow_code)
        return run.result

    with SharedData() as shared:
        pipe.send(READY)
        threading.Thread(target=_listen, args=(pipe, orders, busy), daemon=True).start()  # may interrupt at once
        while (order := orders.get()) is not None:
            torch.set_num_threads(threads)
            outcome = attempt(order[0].name if isinstance(order, tuple) else "", partial(train, order))
            busy.clear()  # before the parent hears of it and gives the next
            pipe.send(outcome)


def _listen(pipe: "Connection[Any, Any]", orders: "SimpleQueue[Any]", busy: threading.Event) -> None:
    """Receive orders beside the training, which answers an interrupt when a step has ended.

    `busy` is set with an order, not when its training begins: a stop may come between the two.
    """
    while True:
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            order = LEAVE
        except Exception as error:  # a file of the user's own that can no longer be loaded
            order = error
        if order in (STOP, LEAVE):
            break
        busy.set()
        orders.put(order)
    orders.put(None)
    if order == STOP and busy.is_set():
        _thread.interrupt_main()


def _job_of(order: Any) -> Job:
    """Return the point that an order holds; raise what became of an order that could not be received."""
    if not isinstance(order, tuple):
        raise order
    job, digests = order
    assert isinstance(job, Job)
    if digests != [part.digest for part in components_of(job.experiment)]:
        raise ConfigError("a file of your own code changed while the sweep ran; start the same command again")
    return job


class _ToParent(logging.Handler):
    """Sends every line through the pipe."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._pipe.send((record.levelno, self.format(record)))
