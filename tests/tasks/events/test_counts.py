"""F1 and error rates equal sed_eval (recorded: see `record.py`) and mir_eval, and are sums over recordings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import pytest
from numpy.typing import NDArray

from motet.tasks.events.counts import FIGURES, RowCounts, count_events, count_segments
from motet.tasks.events.event_list import EventTable
from motet.tasks.events.matching import Collar

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text())
Count = Callable[[EventTable, EventTable], RowCounts]

COUNTS: dict[str, Count] = {
    "segments of 1 s": lambda truth, decided: count_segments(truth, decided, 3, 1.0),
    "segments of 0.25 s": lambda truth, decided: count_segments(truth, decided, 3, 0.25),
    "events": lambda truth, decided: count_events(truth, decided, 3, Collar(0.2, 0.5)),
    "onsets": lambda truth, decided: count_events(truth, decided, 3, Collar(0.15)),
}


def table(rows: list[list[list[float]]]) -> EventTable:
    return EventTable.of([np.array(events).reshape(-1, 3) for events in rows])


def figures(counts: RowCounts, weights: NDArray[np.float64] | None = None) -> dict[str, float]:
    sums = counts.weighted(np.ones((len(counts.hits), 1)) if weights is None else weights)
    return {name: float(figure(sums)[0]) for name, figure in FIGURES.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed {case['seed']}")
@pytest.mark.parametrize("name", COUNTS)
def test_it_equals_sed_eval(case: dict[str, Any], name: str) -> None:
    found = figures(COUNTS[name](table(case["truth"]), table(case["points"][0])))
    assert found == pytest.approx(case["sed_eval"][name], abs=1e-12)


def test_a_class_that_is_never_decided_has_an_f1_of_zero_and_one_that_never_occurs_has_none() -> None:
    truth, decided = table([[[0.0, 1.0, 0], [2.0, 3.0, 1]]]), table([[[0.0, 1.0, 0], [7.0, 8.0, 2]]])
    found = figures(count_events(truth, decided, 3, Collar(0.2, 0.5)))
    assert found == {"f1": 0.5, "error_rate": 1.0, "f1_macro": 0.5, "error_rate_macro": 0.5}


@pytest.mark.parametrize("seed", range(10))
def test_onsets_as_mir_eval_matches_them(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth, decided = (np.sort(generator.uniform(0, 10, size)) for size in (100, 120))
    true, found = (EventTable.of([np.stack([times, times, 0 * times], axis=1)]) for times in (truth, decided))
    counts = count_events(true, found, 1, Collar(0.05))
    assert figures(counts)["f1"] == pytest.approx(mir_eval.onset.f_measure(truth, decided, window=0.05)[0])


def test_a_distance_of_exactly_the_tolerance_counts_however_it_is_rounded() -> None:
    onsets = np.arange(100) / 100.0
    truth, late = (EventTable.of([np.array([[time, time, 0]]) for time in times]) for times in (onsets, onsets + 0.05))
    assert figures(count_events(truth, late, 1, Collar(0.05)))["f1"] == 1.0


def test_the_largest_matching_is_found_where_the_first_best_is_not_enough() -> None:
    truth = EventTable.of([np.array([[1.00, 1.00, 0], [1.04, 1.04, 0]])])
    decided = EventTable.of([np.array([[1.03, 1.03, 0], [0.97, 0.97, 0]])])
    assert figures(count_events(truth, decided, 1, Collar(0.05)))["f1"] == 1.0


@pytest.mark.parametrize("name", COUNTS)
def test_weights_count_recordings_as_often(name: str) -> None:
    truth, decided = CASES[0]["truth"], CASES[0]["points"][0]
    weights = np.array([[0.0], [2], [1], [0], [1], [3]])
    again = [row for row, times in enumerate(weights[:, 0].astype(int)) for _ in range(times)]
    repeated = COUNTS[name](table([truth[row] for row in again]), table([decided[row] for row in again]))
    found = figures(COUNTS[name](table(truth), table(decided)), weights)
    assert found == pytest.approx(figures(repeated))


def test_without_any_event_nothing_is_defined() -> None:
    empty = EventTable.of([np.zeros((0, 3))])
    for counts in (count_events(empty, empty, 2, Collar(0.2, 0.5)), count_segments(empty, empty, 2, 1.0)):
        assert all(np.isnan(value) for value in figures(counts).values())


def test_labels_without_times_are_no_events() -> None:
    assert len(EventTable.of([np.array([[np.nan, np.nan, 1.0]]), np.array([[0.0, 1.0, 0.0]])])) == 1
