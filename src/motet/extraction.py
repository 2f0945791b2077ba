"""Filling the store: every recording whose map is missing is computed once, in this process or in several.

Work starts in this process. When it turns out to be long, the rest is shared between processes, each of which
writes to the store by itself. What fails is listed, not raised: the caller decides what a bad recording means.
"""

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np

from motet.config.user_files import failure, load_files, loaded_files
from motet.errors import DataError, MotetError, UserCodeError
from motet.files import DigestCache
from motet.pipeline import InputSettings, Pipeline, Precision
from motet.signals.recording import Recording
from motet.store.store import Item, Store
from motet.workers import end_with_parent, unseen_main

logger = logging.getLogger("motet")

_TRIAL_S = 2.0
_WORTH_WORKERS_S = 10.0
_CHUNKS_PER_WORKER = 8

Recordings = Sequence[Recording[Any]]
Failures = dict[int, str]
Files = tuple[tuple[Path, str], ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What became of the recordings of a data set.

    Parameters
    ----------
    keys
        The key of each recording's map; empty bytes where it failed.
    computed, reused
        How many maps were computed and how many were there already.
    failures
        The reason by position, for recordings that cannot be used.
    """

    keys: list[bytes]
    computed: int
    reused: int
    failures: Failures


def extract_recordings(
    pipeline: Pipeline,
    recordings: Recordings,
    store: Store,
    cache: DigestCache,
    *,
    precision: Precision = "float32",
    workers: int | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> Extraction:
    """Store the map of every recording that is not stored yet.

    Parameters
    ----------
    precision
        How the maps are stored.
    workers
        Processes; 1 for this one alone, None to decide by how long the first recordings take.
    progress
        Called with the number of recordings that were just computed.
    """
    failures: Failures = {}
    keys = _keys(pipeline, recordings, cache, precision, failures)
    cache.save()
    missing = _first_of_each(keys, store.missing([key for key in keys if key]))
    if missing:
        failures |= _compute(pipeline, recordings, keys, missing, _Sink(store, precision, progress), workers)
        failed = {keys[position] for position in missing if position in failures}
        failures |= {
            position: failures[next(first for first in missing if keys[first] == key)]
            for position, key in enumerate(keys)
            if key in failed and position not in failures
        }
    computed = len([position for position in missing if position not in failures])
    return Extraction(
        [b"" if position in failures else key for position, key in enumerate(keys)],
        computed,
        len(keys) - computed - len(failures),
        failures,
    )


def _keys(
    pipeline: Pipeline, recordings: Recordings, cache: DigestCache, precision: Precision, failures: Failures
) -> list[bytes]:
    keys = []
    for position, recording in enumerate(recordings):
        try:
            keys.append(pipeline.key(recording, cache, precision))
        except DataError as error:
            failures[position] = str(error)
            keys.append(b"")
    return keys


def _first_of_each(keys: Sequence[bytes], missing: Sequence[bytes]) -> list[int]:
    """Return the first position of every missing key: equal recordings are computed once."""
    wanted = set(missing)
    positions = []
    for position, key in enumerate(keys):
        if key in wanted:
            wanted.remove(key)
            positions.append(position)
    return positions


def _compute(
    pipeline: Pipeline,
    recordings: Recordings,
    keys: Sequence[bytes],
    missing: Sequence[int],
    sink: "_Sink",
    workers: int | None,
) -> Failures:
    work = [(position, keys[position], recordings[position]) for position in missing]
    wanted = workers or os.cpu_count() or 1
    if wanted == 1 or not _can_be_sent(pipeline.settings, work[0]):
        return _serially(pipeline, work, sink, until=None)[0]
    if workers is not None:
        return _in_parallel(pipeline.settings, work, sink, wanted)
    failures, rest = _serially(pipeline, work, sink, until=_is_long(len(work)))
    if rest:
        failures |= _in_parallel(pipeline.settings, rest, sink, wanted)
    return failures


Work = Sequence[tuple[int, bytes, Recording[Any]]]


def _is_long(total: int) -> Callable[[int], bool]:
    """Return what tells, from the number done, that the rest is worth starting processes for."""
    began = time.monotonic()

    def is_long(done: int) -> bool:
        elapsed_s = time.monotonic() - began
        return elapsed_s > _TRIAL_S and elapsed_s / done * (total - done) > _WORTH_WORKERS_S

    return is_long


def _can_be_sent(*parts: object) -> bool:
    """Tell whether other processes can receive these parts: an object of the user's own may not be able to travel."""
    try:
        ForkingPickler.dumps(parts)
    except Exception as error:  # whatever the object's own code raises
        logger.info("extracting in one process: %s", error)
        return False
    return True


def _serially(
    pipeline: Pipeline,
    work: Work,
    sink: "_Sink",
    *,
    until: Callable[[int], bool] | None,
) -> tuple[Failures, Work]:
    """Compute in this process, until told that the rest is better shared; return failures and the rest."""
    failures: Failures = {}
    done = 0

    def items() -> Iterator[Item]:
        nonlocal done
        for position, key, recording in work:
            try:
                yield as_item(key, pipeline, recording, sink.precision)
            except DataError as error:
                failures[position] = str(error)
            done += 1
            sink.progress(1)
            if until is not None and until(done):
                return

    sink.store.append(items())
    return failures, work[done:]


def as_item(key: bytes, pipeline: Pipeline, recording: Recording[Any], precision: Precision) -> Item:
    """Compute a recording's map in the layout of the store: time-major, [T, C, F].

    Raises
    ------
    DataError
        If the recording cannot be used, or has values that half precision cannot hold.
    """
    map_ = pipeline.compute(recording)
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(map_.values.transpose(1, 0, 2), np.dtype(precision))
    if precision == "float16" and not np.isfinite(values).all():
        raise DataError(
            f"{recording.describe()}: its features exceed 65504, the most that float16 holds; "
            "set store.precision: float32"
        )
    return key, values, map_.grid.start_s, map_.grid.step_s, map_.rate_hz


@dataclass(frozen=True, slots=True)
class _Sink:
    """Where maps go, how exactly, and who hears of it."""

    store: Store
    precision: Precision
    progress: Callable[[int], None] = lambda count: None


def _in_parallel(settings: InputSettings, work: Work, sink: _Sink, workers: int) -> Failures:
    size = max(1, min(256, len(work) // (workers * _CHUNKS_PER_WORKER)))
    chunks = [work[start : start + size] for start in range(0, len(work), size)]
    failures: Failures = {}
    with ProcessPoolExecutor(
        min(workers, len(chunks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(settings, sink.store.directory, sink.precision, loaded_files()),
    ) as pool:
        with unseen_main():
            waiting = {pool.submit(_work_on, chunk): chunk for chunk in chunks}
        try:
            for future in as_completed(waiting):
                failures |= future.result()
                sink.progress(len(waiting.pop(future)))
        except BrokenProcessPool:
            logger.warning("the extracting processes ended before their work did; it goes on in this one")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    left = [item for chunk in waiting.values() for item in chunk]
    return failures | _serially(Pipeline(settings), left, sink, until=None)[0] if left else failures


_worker: tuple[Pipeline, _Sink]


def _start_worker(settings: InputSettings, store: Path, precision: Precision, files: Files) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent alone decides
    end_with_parent()
    import torch

    torch.set_num_threads(1)
    load_files(files)
    _worker = Pipeline(settings), _Sink(Store(store), precision)


def _work_on(chunk: Work) -> Failures:
    pipeline, sink = _worker
    try:
        return _serially(pipeline, chunk, sink, until=None)[0]
    except MotetError:
        raise
    except Exception as error:
        place = failure(error)  # the traceback, which tells it, stays in this process
        if place is None:
            raise
        raise UserCodeError(place) from None
