import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import motet
from motet.signals.signal import Signal
from motet.sources.example import Event
from motet.testing import ContractError, check_source


def recording(number: int) -> Any:
    return motet.Recording.of(np.full(100, 0.01 * number, np.float32), 1000)


def examples(count: int = 6, **changes: Any) -> list[motet.Example]:
    return [
        motet.Example(**{"id": str(n), "inputs": {"signal": recording(n)}, "targets": {"sign": "+-"[n % 2]}}
                      | {name: value(n) for name, value in changes.items()})
        for n in range(count)
    ]  # fmt: skip


def problems(source: Any) -> tuple[str, ...]:
    with pytest.raises(ContractError) as found:
        check_source(source)
    return found.value.problems


def test_a_good_source_passes() -> None:
    check_source(examples())


@pytest.mark.parametrize("content", ["scenes", "events", "speakers", "sensors"])
def test_generated_recordings_keep_the_contract(content: str) -> None:
    check_source({"kind": "generated", "content": content, "examples": 12, "duration_s": 0.1}, decoded=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": lambda n: "same"}, "1 ids come more than once \\('same'\\)"),
        ({"id": lambda n: f"/home/me/{n}.wav"}, "is an absolute path"),
        ({"id": lambda n: f"C:\\data\\{n}.wav"}, "is an absolute path"),
        ({"targets": lambda n: {"level": float("nan") if n == 3 else 1.0}}, "'level' of '3' is nan"),
        ({"targets": lambda n: {"level": ["a", "list"]}}, "is a list"),
        ({"targets": lambda n: {"level": 1.0 if n else "loud"}}, "labels and numbers"),
        ({"inputs": lambda n: {"signal" if n else "sound": recording(n)}}, "examples have the inputs"),
        ({"inputs": lambda n: {"signal": "bell.wav"}}, "is a str"),
        ({"group": lambda n: "anna", "partition": lambda n: "train" if n else "test"}, "'anna' \\(test, train\\)"),
        ({"group": lambda n: "anna", "folds": lambda n: {"1": "train" if n else "test"}}, "fold '1': 1 groups"),
        ({"folds": lambda n: {"1": "train"}}, "fold '1' has no test rows"),
        (
            {"targets": lambda n: {"bark": (Event(0.0, 0.5, "dog"),)}},
            "its last event ends at 0.5 s, but it lasts 0.1 s",
        ),
        ({"partition": lambda n: "training"}, "has the role 'training'"),
        ({"inputs": lambda n: {"signal": motet.Recording(Broken())}}, "reading a recording raises OSError: gone"),
        ({"inputs": lambda n: {"signal": motet.Recording(NotFinite())}}, "1 of 4 values are NaN"),
        ({"inputs": lambda n: {"signal": motet.Recording(Flat())}}, "has the shape \\[4\\], wanted is \\[C, T\\]"),
        ({"inputs": lambda n: {"signal": motet.Recording(Changing())}}, "a second reading differs"),
    ],
)
def test_usual_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_source(examples(**changes))


def test_all_problems_are_told_together() -> None:
    found = problems(examples(id=lambda n: "same", partition=lambda n: "training"))
    assert len(found) == 2


def test_a_generator_is_told_apart_from_its_function() -> None:
    assert any("a generator runs once" in line for line in problems(iter(examples())))
    check_source(lambda: iter(examples()))


def test_a_second_pass_that_differs() -> None:
    random = np.random.default_rng(0)
    (line,) = problems(lambda: [examples()[n] for n in random.permutation(6)])
    assert line.startswith("a second pass differs (example 0 is")


class Unsorted:
    """Lists a folder as the file system does."""

    def __init__(self, path: str, *, way: str = "glob") -> None:
        self.path, self.way = Path(path), way

    def examples(self, reader: Any) -> Iterator[motet.Example]:
        ways: dict[str, Any] = {
            "glob": lambda: self.path.glob("*.wav"),
            "iterdir": self.path.iterdir,
            "walk": lambda: [Path(top) / name for top, _, names in os.walk(self.path) for name in names],
            "scandir": lambda: [Path(entry.path) for entry in os.scandir(self.path)],
            "sorted": lambda: sorted(self.path.iterdir()),
        }
        for path in ways[self.way]():
            yield motet.Example(path.name, {"signal": motet.Recording.of(path)}, {"label": path.stem})


@pytest.mark.parametrize("way", ["glob", "iterdir", "walk", "scandir"])
def test_an_order_that_depends_on_the_file_system(way: str, tmp_path: Path) -> None:
    for name in "abcdef":
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(10), 1000)
    before = os.scandir, os.listdir
    (line,) = problems({"kind": Unsorted, "path": str(tmp_path), "way": way})
    assert line.startswith("the order depends on the file system")
    assert "sort what you list" in line
    assert (os.scandir, os.listdir) == before
    check_source({"kind": Unsorted, "path": str(tmp_path), "way": "sorted"})


class Declares:
    """Names its tasks itself."""

    def __init__(self, tasks: Any) -> None:
        self._tasks = tasks

    def examples(self, reader: Any) -> list[motet.Example]:
        return examples()

    def tasks(self) -> Any:
        return self._tasks


def test_targets_of_unknown_labels() -> None:
    declared = {"sign": {"kind": "multiclass", "labels": ["+", "0"]}}
    assert "the target '-' is none that tasks() declares" in problems(Declares(declared))[0]
    assert "no example has a target of it" in problems(Declares({"colour": {"kind": "multiclass"}}))[0]
    assert "kind" in problems(Declares({"sign": {"kind": "multicalss"}}))[0]
    check_source(Declares({"sign": {"kind": "multiclass", "labels": ["-", "+"]}}))


def test_an_empty_source() -> None:
    assert problems(list)[0].startswith("lists no example")


class Broken:
    """A reader whose file is gone."""

    def read(self, start_s: float, end_s: float | None) -> Signal:
        raise OSError("gone")

    def digest(self, cache: Any) -> bytes:
        return bytes(16)

    def describe(self) -> str:
        return "broken"


class NotFinite(Broken):
    values: Any = np.array([[0.0, np.nan, 0.0, 0.0]], np.float32)

    def read(self, start_s: float, end_s: float | None) -> Signal:
        return Signal(self.values, 4.0)


class Flat(NotFinite):
    values = np.zeros(4, np.float32)


class Changing(NotFinite):
    def read(self, start_s: float, end_s: float | None) -> Signal:
        return Signal(np.random.default_rng().random((1, 4), np.float32), 4.0)
