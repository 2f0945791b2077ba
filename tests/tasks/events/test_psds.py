"""The polyphonic sound detection score equals psds_eval (recorded: see `record.py`)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.tasks.events.event_list import EventTable
from motet.tasks.events.psds import DetectionCounts, PsdsRules, count_detections

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text())
RULES = {
    "psds1": PsdsRules(0.7, 0.7, 0.3, 0.0, 1.0, 800.0),
    "psds2": PsdsRules(0.1, 0.1, 0.3, 0.5, 1.0, 800.0),
    "psds": PsdsRules(0.5, 0.5, 0.3, 0.5, 0.0, 800.0),
}


def table(rows: list[list[list[float]]]) -> EventTable:
    return EventTable.of([np.array(events).reshape(-1, 3) for events in rows])


def counted(case: dict[str, Any], rules: PsdsRules, rows: list[int] | None = None) -> DetectionCounts:
    rows = list(range(6)) if rows is None else rows
    truth = table([case["truth"][row] for row in rows])
    points = [table([point[row] for row in rows]) for point in case["points"]]
    return count_detections(truth, points, np.full(len(rows), 20.0), 3, rules)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed {case['seed']}")
@pytest.mark.parametrize("name", RULES)
def test_it_equals_psds_eval(case: dict[str, Any], name: str) -> None:
    found = counted(case, RULES[name]).score(RULES[name], np.ones((6, 1)))
    assert found == pytest.approx([case["psds_eval"][name]], abs=1e-12)


def test_weights_count_recordings_as_often() -> None:
    rules = RULES["psds2"]
    weights = np.array([[0.0, 1], [2, 1], [1, 1], [0, 1], [1, 1], [2, 1]])
    repeated = counted(CASES[1], rules, [1, 1, 2, 4, 5, 5]).score(rules, np.ones((6, 1)))
    both = counted(CASES[1], rules).score(rules, weights)
    assert both == pytest.approx([repeated[0], CASES[1]["psds_eval"]["psds2"]])


def test_what_is_decided_as_it_is_true_scores_one() -> None:
    truth = table(CASES[0]["truth"])
    for rules in RULES.values():
        found = count_detections(truth, [truth], np.full(6, 20.0), 3, rules).score(rules, np.ones((6, 1)))
        assert found == pytest.approx([1.0])


def test_one_class_has_no_cross_triggers_and_no_event_no_score() -> None:
    truth, rules = table([[[1.0, 2.0, 0]]]), RULES["psds2"]
    found = count_detections(truth, [truth], np.array([10.0]), 1, rules)
    assert found.score(rules, np.ones((1, 1))) == pytest.approx([1.0])
    assert np.isnan(count_detections(table([[]]), [truth], np.array([10.0]), 1, rules).score(rules, np.ones((1, 1))))
