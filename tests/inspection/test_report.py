"""Every problem is planted into good data, and found there and nowhere else."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from motet.data.dataset import DataSet
from motet.inspection import inspect_data_set
from motet.signals.recording import Recording
from motet.sources.example import Event, Example

COUNT = 40


def noise(number: int, samples: int = 400) -> Any:
    return 0.1 * np.random.default_rng(number).standard_normal(samples)


def data_set(
    signal: Callable[[int], Any] = noise, *, rate: Callable[[int], float] = lambda n: 1000.0, **changes: Any
) -> DataSet:
    def example(number: int) -> Example:
        known: dict[str, Any] = {"targets": {"label": "ab"[number % 2]}, "group": f"p{number % 10}"}
        known |= {name: change(number) for name, change in changes.items()}
        return Example(f"{number:02}", {"signal": Recording.of(signal(number), rate(number))}, **known)

    return DataSet.of("planted", (example(number) for number in range(COUNT)))


def found(data: DataSet) -> dict[str, Any]:
    report = inspect_data_set(data)
    json.dumps(report.as_json(), allow_nan=False)
    return {problem.kind: problem for problem in report.problems}


def test_good_data_have_no_problems() -> None:
    assert found(data_set()) == {}


def at(*places: int) -> Callable[[Callable[[int], Any], Callable[[int], Any]], Callable[[int], Any]]:
    return lambda odd, usual: lambda number: odd(number) if number in places else usual(number)


def usual_label(number: int) -> dict[str, Any]:
    return {"label": "ab"[number % 2]}


def second_again(number: int) -> Any:
    return noise(2)


def alone(number: int) -> None:
    return None


def odd_ones_test(number: int) -> str:
    return "test" if number % 2 else "train"


PLANTED: list[tuple[str, str, tuple[str, ...], DataSet]] = [
    ("silent", "doubtful", ("07",), data_set(at(7)(lambda n: 1e-6 * noise(n), noise))),
    ("clipped", "doubtful", ("03", "05"), data_set(at(3, 5)(lambda n: np.clip(9 * noise(n), -0.5, 0.5), noise))),
    ("nearly empty", "doubtful", ("09",), data_set(at(9)(lambda n: noise(n, 10), noise))),
    ("very long", "note", ("01",), data_set(at(1)(lambda n: noise(n, 5000), noise))),
    ("unreadable", "wrong", ("02",), data_set(at(2)(lambda n: np.array([np.nan, 0.0]), noise))),
    ("several rates", "doubtful", ("04",), data_set(rate=at(4)(lambda n: 500.0, lambda n: 1000.0))),
    ("several channel counts", "wrong", ("06",), data_set(at(6)(lambda n: noise(n, 800).reshape(2, 400), noise))),
    ("missing targets", "note", ("08",), data_set(targets=at(8)(lambda n: {}, usual_label))),
    ("duplicates", "doubtful", ("12",), data_set(at(12)(second_again, noise))),
    ("equal content, unequal targets", "wrong", ("02", "13"), data_set(at(13)(second_again, noise))),
    (
        "content on both sides",
        "wrong",
        ("02", "12"),
        data_set(at(12)(second_again, noise), group=alone, partition=lambda n: "test" if n < 10 else "train"),
    ),
    (
        "group on both sides",
        "wrong",
        ("p0", "p1", "p2"),
        data_set(group=lambda n: f"p{n % 3}", folds=lambda n: {"1": "test" if n < 20 else "train"}),
    ),
    ("rare labels", "doubtful", ("c",), data_set(targets=at(1, 11)(lambda n: {"label": "c"}, usual_label))),
    ("label without training rows", "wrong", ("b",), data_set(group=alone, partition=odd_ones_test)),
    ("label without test rows", "doubtful", ("a",), data_set(group=alone, partition=odd_ones_test)),
    (
        "almost every row its own label",
        "doubtful",
        ("0", "1", "10", "11", "12"),
        data_set(targets=lambda n: {"label": str(n)}),
    ),
]


@pytest.mark.parametrize(("kind", "severity", "examples", "data"), PLANTED, ids=[kind for kind, *_ in PLANTED])
def test_planted_problems_are_found(kind: str, severity: str, examples: tuple[str, ...], data: DataSet) -> None:
    problem = found(data)[kind]
    assert problem.severity == severity
    assert problem.examples == examples
    assert problem.remedy


def test_unbalanced_labels() -> None:
    problem = found(data_set(targets=lambda n: {"label": "a" if n else "b"}))["unbalanced labels"]
    assert "39 rows of 'a' against 1 of 'b'" in problem.found


def test_the_gravest_come_first() -> None:
    report = inspect_data_set(
        data_set(at(2)(lambda n: np.array([np.nan]), noise), targets=lambda n: {"label": "a"} if n else {})
    )
    assert [problem.severity for problem in report.problems] == ["wrong", "note"]


def test_tables_by_side_numbers_and_events() -> None:
    report = inspect_data_set(
        data_set(
            targets=lambda n: {
                "label": "ab"[n % 2],
                "level": float(n),
                "bark": (Event(0.0, 0.1, "dog"), Event(0.1, 0.2, "dog")) if n == 0 else (),
            },
            group=lambda n: None,
            partition=lambda n: "test" if n < 10 else "train",
        )
    )
    assert report.splits == {"partition": {"train": 30, "test": 10}}
    assert report.tables["label"].by_side == {
        "partition train": {"a": 15, "b": 15},
        "partition test": {"a": 5, "b": 5},
    }
    assert report.tables["level"].statistics["mean"] == (19.5,)
    assert report.tables["bark"].kind == "events"
    assert report.tables["bark"].labels == {"dog": 2}
    assert report.recordings("signal")["duration_s"] == {"total": 16.0, "min": 0.4, "median": 0.4, "max": 0.4}


def test_events_of_which_some_rows_have_labels_alone_are_counted() -> None:
    def target(number: int) -> Any:
        return frozenset({"dog", "cat"}) if number % 2 else (Event(0.0, 0.1, "dog"), Event(0.1, 0.2, "dog"))

    report = inspect_data_set(data_set(targets=lambda n: {"bark": target(n), "mixed": "a" if n % 2 else 0.5}))
    assert (report.tables["bark"].kind, report.tables["bark"].labels) == ("events", {"dog": 60, "cat": 20})
    assert (report.tables["mixed"].kind, report.tables["mixed"].labels) == ("labels", {"0.5": 20, "a": 20})


def test_some_rows_are_read_evenly() -> None:
    counted: list[int] = []
    report = inspect_data_set(data_set(), most=5, count=counted.append)
    assert list(report.measured["signal"]) == [0, 10, 20, 29, 39]
    assert sum(counted) == 5
    assert report.tables["label"].labels == {"a": 20, "b": 20}
