"""Makes `recorded.json`: events drawn at random, and what the reference tools say of them.

sed_eval 0.2.1 needs `pkg_resources` (through dcase_util), which setuptools 82 and later no longer have, and psds_eval
0.5.3 needs a pandas before 3; so neither runs beside the versions of this project. Each has an environment of its own:

    python -m venv sed && sed/bin/pip install sed_eval==0.2.1 "setuptools<81"
    sed/bin/python tests/tasks/events/record.py draw > drawn.json
    sed/bin/python tests/tasks/events/record.py sed_eval < drawn.json > half.json
    python -m venv psds && psds/bin/pip install psds_eval==0.5.3 "pandas<2.1" "numpy<2"
    psds/bin/python tests/tasks/events/record.py psds_eval < half.json > tests/tasks/events/recorded.json
"""

import json
import sys
from typing import Any

import numpy as np

LABELS = ("bell", "dog", "rain")
NUM_ROWS, LENGTH_S = 6, 20.0
PSDS_RULES = {
    "psds1": ({"dtc_threshold": 0.7, "gtc_threshold": 0.7}, {"alpha_ct": 0.0, "alpha_st": 1.0}),
    "psds2": (
        {"dtc_threshold": 0.1, "gtc_threshold": 0.1, "cttc_threshold": 0.3},
        {"alpha_ct": 0.5, "alpha_st": 1.0},
    ),
    "psds": (
        {"dtc_threshold": 0.5, "gtc_threshold": 0.5, "cttc_threshold": 0.3},
        {"alpha_ct": 0.5, "alpha_st": 0.0},
    ),
}
MAX_RATE = 800.0
Rows = list[list[list[float]]]


def draw(seed: int) -> dict[str, Any]:
    """Return true events by recording, and what was decided at four operating points."""
    generator = np.random.default_rng(seed)
    truth: Rows = []
    points: list[Rows] = [[], [], [], []]
    for row in range(NUM_ROWS):
        events = _apart(generator, 5 if row else 0)
        truth.append(events)
        for strictness, point in enumerate(points):
            point.append(_heard(generator, events, strictness))
    return {"seed": seed, "truth": truth, "points": points}


def _apart(generator: np.random.Generator, count: int) -> list[list[float]]:
    """Return events of which no two of one class overlap."""
    events: list[list[float]] = []
    for _ in range(count):
        onset, length = generator.uniform(0, 16), generator.uniform(0.1, 3.5)
        events.append([round(onset, 3), round(onset + length, 3), int(generator.integers(0, 3))])
    return _separate(events)


def _heard(generator: np.random.Generator, events: list[list[float]], strictness: int) -> list[list[float]]:
    heard = []
    for onset, offset, code in events:
        onset, offset = (max(0.0, time + generator.choice([0.0, 0.05, -0.1, 0.3, 0.8])) for time in (onset, offset))
        wrong = generator.random() < 0.3
        if generator.random() < 0.95 - 0.2 * strictness and offset > onset:
            heard.append([round(onset, 3), round(offset, 3), (code + 1) % 3 if wrong else code])
    for _ in range(3 - strictness):
        onset = generator.uniform(0, 18)
        heard.append([round(onset, 3), round(onset + generator.uniform(0.2, 1.5), 3), int(generator.integers(0, 3))])
    return _separate(heard)


def _separate(events: list[list[float]]) -> list[list[float]]:
    """Drop what overlaps an earlier event of its class."""
    kept: list[list[float]] = []
    for onset, offset, code in sorted(events):
        if all(other[2] != code or other[1] < onset for other in kept):
            kept.append([onset, offset, code])
    return kept


def by_sed_eval(case: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the figures of the first operating point."""
    from sed_eval.sound_event import EventBasedMetrics, SegmentBasedMetrics

    options = {"empty_system_output_handling": "zero_score"}
    metrics = {
        "segments of 1 s": SegmentBasedMetrics(list(LABELS), time_resolution=1.0),
        "segments of 0.25 s": SegmentBasedMetrics(list(LABELS), time_resolution=0.25),
        "events": EventBasedMetrics(list(LABELS), t_collar=0.2, percentage_of_length=0.5, **options),
        "onsets": EventBasedMetrics(list(LABELS), t_collar=0.15, evaluate_offset=False, **options),
    }
    for row, (truth, decided) in enumerate(zip(case["truth"], case["points"][0], strict=True)):
        for metric in metrics.values():
            metric.evaluate(_listed(truth, row), _listed(decided, row))
    return {name: _figures(metric) for name, metric in metrics.items()}


def by_psds_eval(case: dict[str, Any]) -> dict[str, float]:
    """Return the score over all operating points."""
    import pandas as pd
    from psds_eval import PSDSEval

    columns = ["filename", "onset", "offset", "event_label"]
    lengths = pd.DataFrame([(str(row), LENGTH_S) for row in range(NUM_ROWS)], columns=["filename", "duration"])
    scores = {}
    for name, (thresholds, costs) in PSDS_RULES.items():
        tool = PSDSEval(
            ground_truth=pd.DataFrame(_flat(case["truth"]), columns=columns), metadata=lengths, **thresholds
        )
        for point in case["points"]:
            tool.add_operating_point(pd.DataFrame(_flat(point), columns=columns))
        scores[name] = tool.psds(max_efpr=MAX_RATE, **costs).value
    return scores


def _listed(events: list[list[float]], row: int) -> list[dict[str, Any]]:
    return [
        {"file": str(row), "event_label": LABELS[int(code)], "onset": onset, "offset": offset}
        for onset, offset, code in events
    ]


def _flat(rows: Rows) -> list[tuple[str, float, float, str]]:
    return [(str(row), on, off, LABELS[int(code)]) for row, events in enumerate(rows) for on, off, code in events]


def _figures(metric: Any) -> dict[str, float]:
    overall, average = metric.results_overall_metrics(), metric.results_class_wise_average_metrics()
    return {
        "f1": overall["f_measure"]["f_measure"],
        "error_rate": overall["error_rate"]["error_rate"],
        "f1_macro": average["f_measure"]["f_measure"],
        "error_rate_macro": average["error_rate"]["error_rate"],
    }


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        cases = [draw(seed) for seed in range(8)]
    else:
        cases = json.load(sys.stdin)
        for case in cases:
            case[sys.argv[1]] = {"sed_eval": by_sed_eval, "psds_eval": by_psds_eval}[sys.argv[1]](case)
    sys.stdout.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
