"""Events from end to end: generated recordings with known truth, learned frame by frame."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.reliability.small import small_experiment

import motet
from motet.errors import DataError
from motet.experiment.settings import Experiment
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Event, Example, label_set
from motet.sources.generated import Generated
from motet.sources.settings import GeneratedSettings

ENCODER = [
    {"kind": "cnn", "channels": [8, 8], "pooling": {"kind": "max", "size": [1, 2]}},
    {"kind": "rnn", "cell": "gru", "hidden": 8, "bidirectional": True},
]


SOURCE: dict[str, Any] = {"content": "events", "examples": 60, "classes": 2, "rate_hz": 4000.0}


def experiment(store: Path, tasks: dict[str, Any], *, epochs: int = 8, **changed: Any) -> Experiment:
    given: dict[str, Any] = {
        "data": {"sounds": {"source": {"kind": "generated", **SOURCE}, "tasks": tasks}},
        "signal": {"rate_hz": 4000},
        "features": {"kind": "logmel", "bands": 16, "window_s": 0.032, "hop_s": 0.016},
        "segments": None, "split": {"kind": "holdout", "test": 0.25, "dev": 0.25}, "mixup": None, "augment": [],
        "model": {"encoder": ENCODER},
    }  # fmt: skip
    training = {"epochs": epochs, "batch_size": 8, "optimizer": {"kind": "adam", "learning_rate": 0.03}}
    return small_experiment(store, {"training": {}}, **{**given, **changed}, training=training)


def test_events_are_found_written_and_predicted(tmp_path: Path) -> None:
    tasks = {
        "timeline": {
            "kind": "events",
            "metrics": ["segment_f1", "event_f1", {"kind": "psds2", "operating_points": 10}],
        },
        "events": "multilabel",
    }
    run = motet.train(experiment(tmp_path, tasks), tmp_path / "run")
    figures = run.result["tasks"]["timeline"]
    assert figures["segment_f1"]["value"] > 0.8
    assert figures["event_f1"]["value"] > 0.5
    assert figures["event_f1"]["low"] <= figures["event_f1"]["value"] <= figures["event_f1"]["high"]
    with (run.path / "seed-1" / "fold-1" / "predictions" / "timeline.csv").open() as file:
        rows = list(csv.DictReader(file))
    decided = json.loads(rows[0]["decision"])
    assert all(onset < offset and isinstance(label, str) for onset, offset, label in decided)
    again = motet.evaluate(run.path)["tasks"]["timeline"]
    assert again["event_f1"]["value"] == pytest.approx(figures["event_f1"]["value"])


def test_recordings_with_labels_alone_learn_when_things_happen(tmp_path: Path) -> None:
    """Two of three training recordings have no times; those that test have, and so have those that tune."""
    rows = [
        Example(each.id, each.inputs, {"timeline": _weak(each, number)}, partition=_role(number))
        for number, each in enumerate(Generated(GeneratedSettings(**SOURCE)).examples())
    ]
    data = {"sounds": {"source": rows, "tasks": {"timeline": {"kind": "events", "decision": "tuned"}}}}
    split = {"kind": "predefined", "dev": "partition"}
    run = motet.train(experiment(tmp_path, {}, data=data, split=split), tmp_path / "run")
    assert run.result["tasks"]["timeline"]["segment_f1"]["value"] > 0.6


def test_activity_and_onsets_of_the_same_recordings(tmp_path: Path) -> None:
    rows = [
        Example(each.id, each.inputs, dict.fromkeys(("busy", "starts"), each.targets["timeline"]))
        for each in Generated(GeneratedSettings(**SOURCE)).examples()
    ]
    tasks = {"busy": "activity", "starts": {"kind": "onsets", "metrics": [{"kind": "onset_f1", "tolerance_s": 0.1}]}}
    data = {"sounds": {"source": rows, "tasks": tasks}}
    run = motet.train(experiment(tmp_path, {}, data=data), tmp_path / "run")
    assert run.result["tasks"]["busy"]["segment_f1"]["value"] > 0.8
    assert run.result["tasks"]["starts"]["onset_f1"]["value"] > 0.4


@pytest.mark.parametrize(
    ("length_s", "beyond_s", "told"),
    [(0.5, 0.15, r"0\.65 s of 0\.\d+"), (0.5, 0.02, None), (20.0, 1.2, r"21\.20 s of \d+\.\d+"), (20.0, 0.9, None)],
)
def test_events_may_end_behind_their_recording_by_a_tenth_of_it_or_a_second(
    tmp_path: Path, length_s: float, beyond_s: float, told: str | None
) -> None:
    sounds = np.random.default_rng(0).normal(size=(12, 1, int(4000 * length_s))).astype(np.float32)
    ends = {3: length_s + beyond_s}
    rows = [
        Example(
            str(number),
            {"signal": motet.Recording(ArraySignal(sound, 4000.0))},
            {"timeline": (Event(0.1, ends.get(number, 0.3), "hum"),)},
        )
        for number, sound in enumerate(sounds)
    ]
    plan = experiment(tmp_path, {}, epochs=0, data={"sounds": {"source": rows, "tasks": {"timeline": "events"}}})
    if told is None:
        motet.train(plan, tmp_path / "run")
        return
    message = rf"events of 1 recordings end behind them by more than a tenth of .* or 1 s \(sounds/3: {told} s\)"
    with pytest.raises(DataError, match=message):
        motet.train(plan, tmp_path / "run")


def test_new_recordings_are_predicted_with_their_times(tmp_path: Path) -> None:
    run = motet.train(experiment(tmp_path, {"timeline": {"kind": "events"}}, epochs=1), tmp_path / "run")
    soundfile.write(tmp_path / "sound.wav", np.random.default_rng(0).normal(size=8000) * 0.1, 4000)
    found = motet.predict(run.path, [str(tmp_path / "sound.wav")]).tasks[str(tmp_path / "sound.wav")]["timeline"]
    assert isinstance(found.decision, tuple)
    assert all(0 <= onset < offset <= 2.1 for onset, offset, _ in found.decision)
    assert len(found.probabilities) == 2


def _role(number: int) -> Any:
    return ("train", "train", "train", "dev", "test")[number % 5]


def _weak(example: Example, number: int) -> Any:
    timeline = example.targets["timeline"]
    return label_set(timeline) if number % 5 in (1, 2) else timeline
