"""Texts from end to end: strings of digits are learned, predicted and refused where they cannot be."""

from pathlib import Path
from typing import Any

import pytest

import motet
from motet.errors import ConfigError, MotetError
from motet.evaluation.predictions import Predictions
from motet.experiment.dry_run import dry_run


def _experiment(store: Path, **changed: Any) -> motet.Experiment:
    source = {
        "kind": "generated", "content": "speakers", "examples": 120, "classes": 3, "groups": 1, "duration_s": 0.25,
        "rate_hz": 8000,
    }  # fmt: skip
    given: dict[str, Any] = {
        "data": {
            "strings": {
                "source": source,
                "strings": {"target": "digit", "shortest": 1, "longest": 3, "pause_s": 0.05},
                "tasks": {"digit": {"kind": "sequence", "keywords": ["1"], "metrics": ["wer", "keyword_auc"]}},
            }
        },
        "features": {"kind": "logmel", "bands": 20, "hop_s": 0.02},
        "split": {"kind": "holdout", "test": 0.2, "dev": 0.1},
        "model": {"encoder": [{"kind": "rnn", "hidden": 24, "bidirectional": True}]},
        "training": {"epochs": 12, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.01}},
        "evaluation": {"plots": False, "interval": {"resamples": 20}},
        "store": {"path": str(store)},
    }
    return motet.Experiment(**{**given, **changed})


def test_strings_of_digits_are_learned(tmp_path: Path) -> None:
    run = motet.train(_experiment(tmp_path / "store"), tmp_path / "run", workers=1)
    figures = run.result["tasks"]["digit"]
    assert figures["wer"]["value"] < 0.2
    assert figures["keyword_auc"]["value"] > 0.9
    assert figures["wer"]["low"] <= figures["wer"]["value"] <= figures["wer"]["high"]
    model = run.model()
    file = tmp_path / "run" / "seed-1" / "fold-1" / "predictions" / "digit.csv"
    read = Predictions.from_csv(file, model.tasks["digit"])
    assert model.tasks["digit"].score(read.probabilities, read.targets)["wer"] == figures["wer"]["value"]


def test_texts_that_do_not_fit_are_refused_before_training(tmp_path: Path) -> None:
    few = _experiment(tmp_path / "store", features={"kind": "logmel", "bands": 20, "hop_s": 0.4})
    with pytest.raises(MotetError, match=r"task 'digit': \d+ texts are longer than the frames that"):
        motet.train(few, tmp_path / "run", workers=1)


def test_texts_of_segments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"segments: the task 'digit' of data.strings is a text of the"):
        dry_run(_experiment(tmp_path / "store", segments={"length_s": 0.5}))


def test_a_string_wants_a_target_that_the_source_has(tmp_path: Path) -> None:
    data = {"strings": {"source": {"kind": "generated", "content": "speakers"}, "strings": {"target": "word"}}}
    with pytest.raises(ConfigError, match="strings: no example has the targets word"):
        dry_run(_experiment(tmp_path / "store", data=data))
