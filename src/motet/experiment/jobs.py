"""Processes that train the points of a sweep, several at a time.

A worker takes one point after another, so each imports PyTorch and lists the data once, and trains it as training alone
would. The process of the sweep hands points out, shows what workers say, and outlives them: a worker that is killed
costs its point and nothing else. Files of the user's own code are loaded again in every worker.
"""

import logging
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from motet.config.user_code import components_of
from motet.errors import ConfigError
from motet.experiment.attempt import Json, failed
from motet.experiment.job_worker import LEAVE, READY, STOP, Job, work
from motet.experiment.settings import Experiment
from motet.workers import unseen_main

logger = logging.getLogger("motet")

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
    ready: bool = False
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def started(cls, threads: int) -> "_Worker":
        context = multiprocessing.get_context("spawn")
        own, other = context.Pipe()
        process = context.Process(target=work, args=(other, threads), daemon=True)
        with unseen_main():
            process.start()
        other.close()
        return cls(process, own)

    def give(self, job: Job) -> None:
        logger.info("%s: %s", job.label, job.name)
        self.job, self.began = job, time.monotonic()
        self._send((job, [part.digest for part in components_of(job.experiment)]))

    def stop(self) -> None:
        """Let it save and end; at once where it still imports PyTorch, and has nothing to save."""
        if self.ready or self.pipe.poll():  # the first that it says is that it is ready
            self._send(STOP)
        else:
            self.process.kill()

    def leave(self) -> None:
        self._send(LEAVE)

    def _send(self, order: Any) -> None:
        with suppress(OSError):  # it is gone, which is heard of next
            self.pipe.send(order)


def _speaking(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait until workers say something, or are gone, and return them."""
    pipes = wait([worker.pipe for worker in workers])
    return [worker for worker in workers if worker.pipe in pipes]


def _hear(worker: _Worker, done: Done) -> None:
    """Take what a worker says: that it is ready, a line, what became of its point, or nothing ever again."""
    job = worker.job
    assert job is not None
    try:
        said = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.job, worker.alive = None, False
        done(job, failed(job.name, _death(worker.process.exitcode), worker.began))
        return
    if said == READY:
        worker.ready = True
    elif isinstance(said, dict):
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
    left = [worker for worker in workers if not worker.pipe.closed]
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
                if worker.job is None or said == READY:
                    continue
                if isinstance(said, dict):
                    done(worker.job, said)
                else:
                    logger.log(said[0], "%s: %s", worker.job.label, said[1])
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
