import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from motet import extraction
from motet.errors import DataError
from motet.extraction import Extraction, as_item, extract_recordings
from motet.files import DigestCache
from motet.pipeline import InputSettings, Pipeline
from motet.signals.readers.arrays import ArraySignal
from motet.signals.recording import Recording
from motet.signals.settings import SignalSettings
from motet.signals.signal import Signal
from motet.store import Store

PIPELINE = Pipeline(InputSettings(signal=SignalSettings(), feature="waveform"))


@dataclass(frozen=True)
class Numbered:
    """A reader of a short ramp; some are bad, and some end their process."""

    number: int
    bad: bool = False
    ends: bool = False

    def read(self, start_s: float, end_s: float | None) -> Signal:
        if self.bad:
            raise DataError(f"recording {self.number} is bad")
        if self.ends and os.getpid() != int(os.environ["MOTET_TEST_PARENT"]):
            os._exit(9)
        return Signal(np.arange(self.number, self.number + 5, dtype=np.float32)[None], 100.0)

    def digest(self, cache: DigestCache) -> bytes:
        return self.number.to_bytes(16, "big")

    def describe(self) -> str:
        return f"recording {self.number}"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened


def numbered(*numbers: int, bad: tuple[int, ...] = ()) -> list[Recording[Signal]]:
    return [Recording(Numbered(number, bad=number in bad)) for number in numbers]


def run(store: Store, recordings: list[Recording[Any]], **options: Any) -> Extraction:
    return extract_recordings(PIPELINE, recordings, store, DigestCache(), **({"workers": 1} | options))


def values(store: Store, found: Extraction) -> list[float]:
    entries = store.find(found.keys)
    return [float(store.read(entries[row])[0, 0, 0]) for row in range(len(entries))]


def test_what_is_stored_is_not_computed_again(store: Store) -> None:
    first = run(store, numbered(1, 2, 3))
    assert (first.computed, first.reused, first.failures) == (3, 0, {})
    again = run(store, numbered(2, 4, 3))
    assert (again.computed, again.reused) == (1, 2)
    assert values(store, again) == [2.0, 4.0, 3.0]
    assert store.read(store.find(again.keys)[0]).shape == (5, 1, 1), "time first"


def test_equal_recordings_are_computed_once(store: Store) -> None:
    told: list[int] = []
    found = run(store, numbered(1, 2, 1, 1), progress=told.append)
    assert (found.computed, found.reused, sum(told)) == (2, 2, 2)
    assert values(store, found) == [1.0, 2.0, 1.0, 1.0]


def test_all_that_fails_is_listed_and_the_rest_is_kept(store: Store) -> None:
    found = run(store, numbered(1, 7, 2, 8, 7, bad=(7, 8)))
    assert found.failures == {row: f"recording {number} is bad" for row, number in {1: 7, 3: 8, 4: 7}.items()}
    assert [bool(key) for key in found.keys] == [True, False, True, False, False]
    assert (found.computed, found.reused) == (2, 0)


def test_a_file_that_is_not_there_is_a_failure_too(store: Store, tmp_path: Path) -> None:
    from motet.signals.readers.audio import AudioFile

    found = run(store, [*numbered(1), Recording(AudioFile(tmp_path / "gone.wav"))])
    assert list(found.failures) == [1]
    assert "gone.wav" in found.failures[1]


def test_half_precision_is_stored_apart(store: Store) -> None:
    half, full = run(store, numbered(1), precision="float16"), run(store, numbered(1))
    assert (half.computed, full.computed) == (1, 1), "a run in full precision never reads half precision"
    assert [store.read(store.find(found.keys)).dtype for found in (half, full)] == [np.float16, np.float32]


def test_what_half_precision_cannot_hold_is_refused() -> None:
    loud = Recording(ArraySignal(np.full((1, 4), 7e4, np.float32), 100.0))
    with pytest.raises(DataError, match=r"its features exceed 65504.*set store\.precision: float32"):
        as_item(b"", PIPELINE, loud, "float16")


@pytest.mark.parametrize("ends", [True, pytest.param(False, marks=pytest.mark.full)])
def test_several_processes_store_what_one_does(
    store: Store, tmp_path: Path, ends: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where one of them dies on its way."""
    monkeypatch.setenv("MOTET_TEST_PARENT", str(os.getpid()))
    recordings: list[Recording[Any]] = [*numbered(*range(20), bad=(4, 11)), *numbered(3, 4, bad=(4,))]
    recordings.append(Recording(Numbered(20, ends=ends)))
    told: list[int] = []
    found = run(store, recordings, workers=2, progress=told.append)
    with Store(tmp_path / "alone") as alone:
        expected = run(alone, recordings)
        assert found == expected
        good = [row for row, key in enumerate(found.keys) if key]
        for row in good:
            assert np.array_equal(store.read(store.find([found.keys[row]])), alone.read(alone.find([found.keys[row]])))
    assert sum(told) == 21
    assert store.problems() == []
    assert ("ended before their work did" in caplog.text) == ends


def test_what_cannot_be_sent_is_done_here(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_in_parallel", lambda *args: pytest.fail("a lambda cannot travel"))

    class Local(Numbered):
        pass

    found = run(store, [Recording(Local(number)) for number in range(3)], workers=2)
    assert values(store, found) == [0.0, 1.0, 2.0]


def test_long_work_is_shared_after_a_trial(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[int] = []

    def share(settings: InputSettings, work: Any, sink: Any, workers: int) -> dict[int, str]:
        shared.extend(position for position, _, _ in work)
        return {}

    clock = iter(np.arange(0.0, 100.0, 1.5).tolist())
    monkeypatch.setattr(extraction, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr("motet.extraction.os.cpu_count", lambda: 2)
    monkeypatch.setattr(extraction, "_in_parallel", share)
    run(store, numbered(*range(12)), workers=None)
    assert shared == list(range(2, 12)), "1.5 s each: after 3 s it is known that 15 s are left"


def test_short_work_stays_here(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.extraction.os.cpu_count", lambda: 2)
    monkeypatch.setattr(extraction, "_in_parallel", lambda *args: pytest.fail("not worth two processes"))
    assert run(store, numbered(*range(5)), workers=None).computed == 5
