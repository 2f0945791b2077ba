import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from motet.data.table import ABSENT, Coded, read_examples
from motet.errors import DataError
from motet.signals.recording import Recording
from motet.sources.example import Example, Target
from tests.data.builders import Place, example


def test_examples_come_back_as_they_were() -> None:
    examples = [
        example("a", {"word": "yes", "age": 31.5}, group="ann", folds={"1": "train", "2": "test"}),
        example("b", {"tags": frozenset({"loud", "low"})}, partition="dev"),
        example("c", {"place": (1.0, 2.0)}, group="bob", inputs=("signal", "video")),
    ]
    table = read_examples("set", iter(examples))
    assert [table.example(row) for row in range(3)] == examples


def test_a_generator_is_read_once() -> None:
    read = []

    def examples() -> Iterator[Example]:
        for number in range(3):
            read.append(number)
            yield example(number)

    assert read_examples("set", examples()).ids == ("0", "1", "2")
    assert read == [0, 1, 2]


def test_equal_values_are_kept_once_and_types_differ() -> None:
    values: list[Target] = [1, 1.0, 1, "1"]
    table = read_examples("set", [example(row, {"x": value}) for row, value in enumerate(values)])
    assert table.targets["x"].codes.tolist() == [0, 1, 0, 2]
    assert [type(value) for value in table.targets["x"].values] == [int, float, str]


def test_numbers_of_numpy_are_plain_numbers() -> None:
    values: list[Any] = [np.int64(1), np.float32(0.5), np.bool_(True), np.str_("a"), np.float64(2.0)]
    table = read_examples("set", [example(row, {"x": value}) for row, value in enumerate(values)])
    assert [type(value) for value in table.targets["x"].values] == [int, float, bool, str, float]
    assert list(table.targets["x"]) == [1, 0.5, True, "a", 2.0]


def test_absent_targets_are_absent() -> None:
    table = read_examples("set", [example(0), example(1, {"x": "a"}), example(2)])
    assert table.targets["x"].codes.tolist() == [ABSENT, 0, ABSENT]
    assert list(table.targets["x"]) == [None, "a", None]


def test_counts_leave_out_what_does_not_occur() -> None:
    column = Coded(np.array([0, 2, 2, ABSENT], dtype=np.int32), ("a", "b", "c"))
    assert column.counts() == {"a": 1, "c": 2}
    assert column.take(np.array([0, 3])).counts() == {"a": 1}


def test_renamed_values_may_become_equal() -> None:
    column = Coded(np.array([0, 1, 2, ABSENT], dtype=np.int32), ("a", "b", "c"))
    assert list(column.renamed(["x", "y", "x"])) == ["x", "y", "x", None]
    assert column.renamed(["x", "y", "x"]).counts() == {"x": 2, "y": 1}


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([], "data set 'set': no example was found: check the path"),
        ([example("a"), example("a")], "data set 'set', example 'a': comes twice"),
        ([example("a", inputs=())], "example 'a': has no input"),
        ([example("a", {"x": ["b"]})], "target 'x' is of type list"),  # type: ignore[dict-item]
        ([example("a", {"x": ((0.0, 0.1, "b"),)})], "target 'x' is of type tuple with tuple"),  # type: ignore[dict-item]
        ([Example("a", {"signal": [0.0]})], r"input 'signal' is of type list, .* with Recording.of"),  # type: ignore[dict-item]
        ([Example("a", "bell.wav")], "inputs and targets are not both mappings"),  # type: ignore[arg-type]
        ([Example("a", {}, "bell")], "inputs and targets are not both mappings"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_used_is_refused(examples: list[Example], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_examples("set", examples)


def test_many_problems_are_counted_and_some_listed() -> None:
    with pytest.raises(DataError, match="and 3 more") as caught:
        read_examples("set", [example("a") for _ in range(9)])
    assert len(caught.value.problems) == 6


def test_many_rows_cost_little_memory() -> None:
    recording: Recording[Any] = Recording(Place("one"))

    def examples() -> Iterator[Example]:
        for row in range(4_000):
            yield Example(f"{row:06d}.wav", {"signal": recording}, {"digit": str(row % 10), "age": float(row)})

    tracemalloc.start()
    table = read_examples("set", examples())
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(table.ids) == 4_000
    assert held / 4_000 < 200  # bytes a row beside its recordings: 6 MB for 30,000 rows
