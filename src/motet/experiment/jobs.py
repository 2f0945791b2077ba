"""Processes that train the points of a sweep, several at a time.

A worker takes one point after another, so each imports PyTorch and lists the data once, and trains it as training alone
would. The process of the sweep hands points out, shows what workers say, and outlives them: a worker that is killed
costs its point and nothing else. Files of the user's own code are loaded again in every worker.
"""

import _thread
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from motet.config.user_code import components_of
from motet.errors import ConfigError
from motet.experiment.attempt import Json, attempt, failed
from motet.experiment.run import run_experiment
from motet.experiment.settings import Experiment
from motet.experiment.shared_data import SharedData
from motet.training.interrupts import interruptible
from motet.workers import end_with_parent, unseen_main

logger = logging.getLogger("motet")

_STOP, _LEAVE = "stop", "leave"


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


Done = Callable[[Job, Json], None]


def check_sendable(experiments: Iterable[Experiment], jobs: int) -> None:
    """Refuse what other processes cannot be given.

    Raises
    ------
    ConfigError
        If a part is an object in Python.
    """
    kinds = {part.kind: None for one in experiments for part in components_of(one) if part.path is None}
    if kinds:
        raise ConfigError(
            f"jobs is {jobs}, but other processes cannot be given objects in Python, as {', '.join(kinds)}; write the "
            "class to a file and name it as ./FILE.py:NAME, or leave jobs out"
        )


def run_jobs(jobs: Sequence[Job], *, at_once: int, threads: int, done: Done) -> None:
    """Train points in processes of their own.

    Parameters
    ----------
    at_once
        How many processes.
    threads
        CPU threads of each, where the experiment does not say.
    done
        Called with every point that has ended, and with what `sweep.json` holds of it.

    Raises
    ------
    KeyboardInterrupt
        If somebody asked to stop, after all workers have saved; a second time does not wait.
    """
    waiting = deque(jobs)
    workers: list[_Worker] = []
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < at_once:
                workers.append(_Worker.started(threads))
                workers[-1].give(waiting.popleft())
                busy.append(workers[-1])
            for worker in _speaking(busy):
                _hear(worker, done)
                if worker.job is None and worker.alive and waiting:
                    worker.give(waiting.popleft())
                elif worker.job is None:
                    worker.leave()
                    busy.remove(worker)
        for worker in workers:
            worker.process.join()
            worker.pipe.close()
    except BaseException:
        _stop(workers, done)
        raise


@dataclass(slots=True)
class _Worker:
    """A process, its pipe, and the point that it trains."""

    process: SpawnProcess
    pipe: "Connection[Any, Any]"
    job: Job | None = None
    alive: bool = True
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def started(cls, threads: int) -> "_Worker":
        context = multiprocessing.get_context("spawn")
        own, other = context.Pipe()
        process = context.Process(target=_work, args=(other, threads), daemon=True)
        with unseen_main():
            process.start()
        other.close()
        return cls(process, own)

    def give(self, job: Job) -> None:
        logger.info("%s: %s", job.label, job.name)
        self.job, self.began = job, time.monotonic()
        self._send((job, [part.digest for part in components_of(job.experiment)]))

    def stop(self) -> None:
        self._send(_STOP)

    def leave(self) -> None:
        self._send(_LEAVE)

    def _send(self, order: Any) -> None:
        with suppress(OSError):  # it is gone, which is heard of next
            self.pipe.send(order)


def _speaking(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait until workers say something, or are gone, and return them."""
    pipes = wait([worker.pipe for worker in workers])
    return [worker for worker in workers if worker.pipe in pipes]


def _hear(worker: _Worker, done: Done) -> None:
    """Take what a worker says: a line, what became of its point, or nothing ever again."""
    job = worker.job
    assert job is not None
    try:
        said = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.job, worker.alive = None, False
        done(job, failed(job.name, _death(worker.process.exitcode), worker.began))
        return
    if isinstance(said, dict):
        worker.job = None
        done(job, said)
    else:
        level, text = said
        logger.log(level, "%s: %s", job.label, text)


def _death(code: int | None) -> str:
    how = f"ended with exit code {code}"
    if code is not None and code < 0:
        how = f"was killed by signal {-code}"
        with suppress(ValueError):
            how += f" ({signal.Signals(-code).name})"
    return (
        f"the process that trained it {how}; the same command goes on from what it saved. If memory ran out, train "
        "fewer points at a time"
    )


def _stop(workers: Sequence[_Worker], done: Done) -> None:
    """Let all points save what was done; asked a second time, do not wait."""
    left = list(workers)
    try:
        for worker in left:
            worker.stop()
        while left:
            for worker in _speaking(left):
                try:
                    said = worker.pipe.recv()
                except (EOFError, OSError):
                    left.remove(worker)
                    continue
                if isinstance(said, dict) and worker.job is not None:
                    done(worker.job, said)
                elif worker.job is not None:
                    logger.log(said[0], "%s: %s", worker.job.label, said[1])
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()


def _work(pipe: "Connection[Any, Any]", threads: int) -> None:
    """Train what comes through the pipe, until nothing does."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C reaches all processes of a terminal; the parent alone decides
    end_with_parent()
    orders: SimpleQueue[Any] = SimpleQueue()
    busy = threading.Event()
    log = logging.getLogger("motet")
    log.setLevel(logging.INFO)
    log.addHandler(_ToParent(pipe))
    with suppress(KeyboardInterrupt, BrokenPipeError), interruptible(), SharedData() as shared:
        threading.Thread(target=_listen, args=(pipe, orders, busy), daemon=True).start()  # may interrupt at once
        while (order := orders.get()) is not None:
            outcome = _train(order, threads, shared)
            busy.clear()  # before the parent hears of it and gives the next
            pipe.send(outcome)


def _listen(pipe: "Connection[Any, Any]", orders: "SimpleQueue[Any]", busy: threading.Event) -> None:
    """Receive orders beside the training, which answers an interrupt when a step has ended.

    `busy` is set with an order, not when its training begins: both may come while PyTorch is still being imported.
    """
    while True:
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            order = _LEAVE
        except Exception as error:  # a file of the user's own that can no longer be loaded
            order = error
        if order in (_STOP, _LEAVE):
            break
        busy.set()
        orders.put(order)
    orders.put(None)
    if order == _STOP and busy.is_set():
        _thread.interrupt_main()


def _train(order: Any, threads: int, shared: SharedData) -> Json:
    import torch

    torch.set_num_threads(threads)
    job, digests = order if isinstance(order, tuple) else (None, None)

    def train() -> Mapping[str, Any]:
        if job is None:
            raise order
        if digests != [part.digest for part in components_of(job.experiment)]:
            raise ConfigError("a file of your own code changed while the sweep ran; start the same command again")
        run = run_experiment(job.experiment, job.folder, shared=shared, workers=1, allow_code=job.allow_code)
        return run.result

    found = attempt("" if job is None else job.name, train)
    assert found is not None
    return found


class _ToParent(logging.Handler):
    """Sends every line through the pipe."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._pipe.send((record.levelno, self.format(record)))
