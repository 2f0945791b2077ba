"""Points of a sweep in processes of their own: the same runs as without, whatever happens to a worker."""

import json
import logging
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from tests.reliability.small import LOGMEL, SCENES, differences

import motet
from motet.experiment import job_worker
from motet.experiment import jobs as jobs_module
from motet.experiment import transfer as transfer_module

LAYER = """
import os, signal
from dataclasses import replace
import torch

class Odd(torch.nn.Module):
    def __init__(self, shape, mode):
        super().__init__()
        self.shape, self.mode, self.weight = shape, mode, torch.nn.Parameter(torch.ones(1))

    def forward(self, column):
        if self.mode.startswith("raise"):
            raise ValueError("too loud")
        if self.mode == "die" and self.training:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(column, values=column.values * self.weight)
"""


def written(store: Path, **changed: Any) -> dict[str, Any]:
    return {
        "data": {"scenes": {"source": SCENES}},
        "features": LOGMEL,
        "segments": {"length_s": 0.1},
        "split": {"kind": "holdout", "test": 0.3, "dev": 0.3},
        "model": {"encoder": [{"kind": "cnn", "channels": [3], "dropout": 0.2}]},
        "training": {"epochs": 40, "batch_size": 10, "threads": 1},
        "evaluation": {"interval": {"resamples": 20}, "plots": False},
        "store": {"path": str(store)},
    } | changed


def outcome(folder: Path) -> list[tuple[str, str, Any]]:
    points = json.loads((folder / "sweep.json").read_text())["points"]
    return [(point["name"], point["status"], point["tasks"]) for point in points]


@contextmanager
def at_line(words: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something when the log says so."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if words in record.getMessage():
                act()

    log, handler, level = logging.getLogger("motet"), Handler(), logging.getLogger("motet").level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def interrupt() -> None:
    raise KeyboardInterrupt


def modes(folder: Path, *names: str) -> dict[str, Any]:
    """Return an axis of networks whose first layer does what its name says in training."""
    (folder / "odd.py").write_text(LAYER)
    cnn = {"kind": "cnn", "channels": [3], "dropout": 0.2}
    values = {name: [{"kind": f"{folder}/odd.py:Odd", "mode": name}, cnn] for name in names}
    return {"model.encoder": {"values": values}}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_worker_that_fails_or_is_killed_costs_its_point_alone(tmp_path: Path) -> None:
    given = written(tmp_path / "store", sweep=modes(tmp_path, "die", "raise", "raise-again"))
    found = motet.sweep(given, tmp_path / "jobs", allow_code=True, jobs=2)
    killed, raised, last = (point["error"] for point in found.result["points"])
    assert len(found.failed) == 3
    assert killed.startswith("the process that trained it was killed by signal 9 (SIGKILL); the same command goes on")
    assert raised.endswith("ValueError: too loud")
    assert last.endswith("ValueError: too loud")


def test_runs_are_those_of_one_process_also_after_an_interruption(tmp_path: Path) -> None:
    given = written(tmp_path / "store", sweep=modes(tmp_path, "pass"))
    with at_line("point 1 of 1: epoch 4/40", interrupt), pytest.raises(KeyboardInterrupt):
        motet.sweep(given, tmp_path / "jobs", allow_code=True, jobs=2)
    log = tmp_path / "jobs" / "encoder=pass" / "run.log"
    assert "stopped in epoch " in log.read_text()
    assert not (tmp_path / "jobs" / "encoder=pass" / "result.json").exists()
    assert motet.sweep(given, tmp_path / "jobs", allow_code=True, jobs=2).failed == []
    assert "resuming in epoch " in log.read_text()
    motet.sweep(given, tmp_path / "one", allow_code=True)
    assert outcome(tmp_path / "jobs") == outcome(tmp_path / "one")
    assert differences(tmp_path / "jobs" / "encoder=pass", tmp_path / "one" / "encoder=pass") == []


def test_a_point_that_is_refused_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = written(tmp_path / "store", sweep={"model.encoder.0.channels": [[2] * 5, [2] * 6]})
    found = motet.sweep(given, tmp_path / "sweep", jobs=2)
    assert found.failed == ["channels=2-2-2-2-2", "channels=2-2-2-2-2-2"]
    assert "model.encoder.0" in found.result["points"][0]["error"]
    assert not (tmp_path / "sweep" / "channels=2-2-2-2-2").exists()


@pytest.mark.parametrize(("given", "stopped"), [(["point", "stop"], 1), (["stop"], 0), (["point", "leave"], 0)])
def test_a_stop_that_comes_before_a_point_has_begun_is_heard(
    given: list[str], stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupts: list[None] = []
    monkeypatch.setattr("_thread.interrupt_main", lambda: interrupts.append(None))
    own, other = multiprocessing.Pipe()
    for order in given:
        own.send(order)
    orders: SimpleQueue[Any] = SimpleQueue()
    job_worker._listen(other, orders, threading.Event())
    assert [orders.get() for _ in range(orders.qsize())] == [*given[:-1], None]
    assert len(interrupts) == stopped


def test_objects_in_python_are_refused(tmp_path: Path) -> None:
    class Source:
        def __iter__(self) -> Iterator[motet.Example]:
            return iter(())

    given = written(tmp_path / "store", data={"own": {"source": Source}}, sweep={"seed": [1, 2]})
    with pytest.raises(motet.ConfigError, match=r"jobs is 2, but .* objects in Python, as python:.*Source; write the"):
        motet.sweep(given, tmp_path / "sweep", jobs=2)
    with pytest.raises(motet.ConfigError, match="jobs is 0, but points are trained 1 or more at a time"):
        motet.sweep(given, tmp_path / "sweep", jobs=0)


def test_a_transfer_report_is_a_sweep_here_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def sweep(*args: Any, jobs: int | None = None, **kwargs: Any) -> motet.SweepResult:
        asked.append(jobs)
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer_module, "sweep", sweep)
    tasks = {"digit": "multiclass", "speaker": "multiclass"}
    speakers = {"kind": "generated", "content": "speakers", "examples": 20}
    with pytest.raises(KeyboardInterrupt):
        motet.transfer(
            written(tmp_path / "store", data={"own": {"source": speakers, "tasks": tasks}}), tmp_path / "sweep", jobs=3
        )
    assert asked == [3]


@pytest.fixture
def _as_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_worker, "end_with_parent", lambda: None)
    monkeypatch.setattr("os.setsid", lambda: None, raising=False)
    log = logging.getLogger("motet")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "level", log.level)


@pytest.mark.usefixtures("_as_in_a_process_of_its_own")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_stopped_at_once_ends_in_silence(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda thread: signal.raise_signal(number))
    own, other = multiprocessing.Pipe()
    with sigint_ignored():
        job_worker.work(other, 1)
    assert own.recv() == job_worker.READY
    assert not own.poll()


def test_a_worker_that_is_not_ready_is_not_waited_for() -> None:
    context = multiprocessing.get_context("spawn")
    own, other = context.Pipe()
    process = context.Process(target=time.sleep, args=(60,), daemon=True)
    process.start()
    other.close()
    began = time.monotonic()
    jobs_module._stop([jobs_module._Worker(process, own)], lambda job, outcome: None)
    assert time.monotonic() - began < 30
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("heard", [True, False])
def test_a_worker_that_is_ready_is_asked_to_save(heard: bool) -> None:
    class Process:
        killed = 0

        def kill(self) -> None:
            self.killed += 1

    own, other = multiprocessing.Pipe()
    worker = jobs_module._Worker(Process(), own, ready=heard)  # type: ignore[arg-type]
    if not heard:
        other.send(job_worker.READY)
    worker.stop()
    assert other.recv() == job_worker.STOP
    assert not worker.process.killed  # type: ignore[attr-defined]


@contextmanager
def sigint_ignored() -> Iterator[None]:
    """Begin as a command does that a script starts with &."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("jobs", "words"), [(None, "point 1 of 2"), (2, "data of 2 points")])
def test_a_sweep_in_the_background_of_a_script_can_be_stopped(
    jobs: int | None, words: str, number: signal.Signals, tmp_path: Path
) -> None:
    given = written(tmp_path / "store", sweep={"seed": [1, 2]})
    with sigint_ignored(), at_line(words, lambda: signal.raise_signal(number)), pytest.raises(KeyboardInterrupt):
        motet.sweep(given, tmp_path / "sweep", jobs=jobs)
    assert not (tmp_path / "sweep" / "seed=1").exists()
