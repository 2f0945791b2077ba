"""What is found out without training, against what training then finds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.config import UserComponent
from motet.data.splits import split_corpus
from motet.errors import ConfigError, DataError
from motet.experiment.data import open_data
from motet.experiment.dry_run import dry_run
from motet.experiment.memory import plan_memory
from motet.experiment.run import extract
from motet.experiment.settings import Experiment
from motet.experiment.shapes import MapFacts, as_seen, declared
from motet.networks.shape import MapShape
from motet.pipeline import InputSettings
from motet.signals.signal import Signal
from motet.sources.settings import GeneratedSettings
from motet.training.procedures import ProcedurePlan

SCENES = {"kind": "generated", "examples": 24, "classes": 3, "rate_hz": 4000, "duration_s": 0.5}
SPEAKERS = {**SCENES, "content": "speakers", "groups": 3}
MEL = {"kind": "logmel", "bands": 10, "window_s": 0.032, "hop_s": 0.016}


def make(folder: Path, **parts: Any) -> Experiment:
    """Return an experiment on few short recordings, with a store of its own."""
    given = {"data": {"scenes": {"source": SCENES}}, "features": MEL, "store": {"path": str(folder / "store")}}
    return Experiment(**{**given, **parts})


def test_rows_are_those_of_every_fold_and_task(tmp_path: Path) -> None:
    experiment = make(
        tmp_path,
        data={"scenes": {"source": SCENES}, "speakers": {"source": SPEAKERS}},
        split={"kind": "kfold", "folds": 3, "dev": 0.25},
    )
    plan = dry_run(experiment)
    with open_data(experiment, workers=1) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        for number, fold in enumerate(split_corpus(data.corpus, settings, seed=1), start=1):
            parts = [data.corpus.count(rows) for rows in (fold.train, fold.dev, fold.test)]
            for row in (row for row in plan.rows if row.fold == str(number)):
                counts = [part[row.data_set] for part in parts]
                expected = [one["rows"] if row.task is None else one["tasks"][row.task] for one in counts]
                assert [row.train, row.dev, row.test] == expected
    assert [(row.data_set, row.task) for row in plan.rows if row.fold == "3"] == [
        ("scenes", None), ("scenes", "scene"), ("speakers", None), ("speakers", "digit"), ("speakers", "speaker"),
    ]  # fmt: skip


def test_one_recording_tells_what_the_store_tells_later(tmp_path: Path) -> None:
    experiment = make(tmp_path, segments={"length_s": 0.3})
    before = dry_run(experiment)
    (found,) = before.inputs
    assert (found.recordings, found.stored, found.origin) == (24, 0, "one recording")
    assert not (tmp_path / "store").exists(), "a dry run stores nothing"
    told = extract(experiment, workers=1)["data"]["scenes"]["signal"]
    after = dry_run(experiment)
    (known,) = after.inputs
    assert (known.stored, known.origin, known.missing_bytes) == (24, "store", 0)
    assert before.layers == after.layers
    assert found.missing_bytes == pytest.approx(told["bytes"], rel=0.5)
    assert known.facts is not None
    assert known.facts.frames.sum() * 10 * 4 == told["bytes"]


def test_layers_are_those_of_the_network_that_is_trained(tmp_path: Path) -> None:
    model = {"encoder": [{"kind": "cnn", "channels": [4, 8]}, {"kind": "rnn", "hidden": 6}]}
    plan = dry_run(make(tmp_path, model=model, segments={"length_s": 0.32}))
    assert plan.layers is not None
    assert [(layer.path, str(layer.out_shape), layer.num_parameters) for layer in plan.layers] == [
        ("model.encoder.0", "[C=4, T=10, F=5]", 4 * 9 + 2 * 4),
        ("model.encoder.0", "[C=8, T=5, F=2]", 8 * 4 * 9 + 2 * 8),
        ("model.encoder.1", "[C=6, T=5, F=1]", 3 * (6 * 16 + 6 * 6 + 2 * 6)),
        ("model.pooling", "[C=6, T=1, F=1]", 0),
        ("model.heads.scene", "[C=3, T=1, F=1]", 6 * 3 + 3),
    ]
    assert plan.num_parameters == sum(layer.num_parameters for layer in plan.layers)


@pytest.mark.parametrize(("length_s", "statistic"), [("min", np.min), ("median", np.median), ("max", np.max)])
def test_fitted_segments_are_as_long_as_stored_maps_say(length_s: str, statistic: Any, tmp_path: Path) -> None:
    experiment = make(tmp_path, segments={"length_s": length_s})
    extract(experiment, workers=1)
    plan = dry_run(experiment)
    assert plan.layers is not None
    assert plan.inputs[0].facts is not None
    assert plan.layers[0].in_shapes[0].frames == round(statistic(plan.inputs[0].facts.frames))


def test_features_of_augmented_signals_are_told_not_the_signals_that_are_stored(tmp_path: Path) -> None:
    plain = dry_run(make(tmp_path, signal={"rate_hz": 4000}))
    live = dry_run(make(tmp_path, signal={"rate_hz": 4000, "augment": [{"kind": "gain"}]}))
    assert plain.layers == live.layers
    (known,), (augmented,) = plain.inputs, live.inputs
    assert known.facts is not None
    assert augmented.facts is not None
    assert augmented.facts.frames.tolist() == known.facts.frames.tolist()
    assert known.missing_bytes is not None
    assert augmented.missing_bytes is not None
    assert augmented.missing_bytes > 5 * known.missing_bytes, "signals take more than their features"


def test_nothing_is_told_of_recordings_that_cannot_be_read(tmp_path: Path) -> None:
    for label in ("a", "b"):
        for number in range(4):
            (tmp_path / "data" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / label / f"{number}.wav").write_text("no sound")
    plan = dry_run(make(tmp_path, data={"bad": {"source": {"kind": "folders", "path": str(tmp_path / "data")}}}))
    (found,) = plan.inputs
    assert (found.facts, found.origin, found.missing_bytes) == (None, None, None)
    assert (plan.layers, plan.memory, plan.num_parameters, plan.missing_bytes) == (None, None, None, None)
    assert plan.rows[0].train + plan.rows[0].dev + plan.rows[0].test == 8


@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        ({"segments": {"length_s": 0.05}}, ConfigError, r"model\.encoder\.0 is 2 frames wide, but only 1 frames"),
        ({"split": {"kind": "predefined"}}, ConfigError, r"data\.scenes\.split: kind is 'predefined'"),
        ({"training": {"monitor": "scene.rmse"}}, ConfigError, r"training\.monitor"),
        (
            {"data": {"traces": {"source": {**SCENES, "content": "sensors"}}}, "evaluation": {"merge": "vote"}},
            ConfigError,
            r"evaluation\.merge: the task '.*' of data\.traces cannot be merged by vote; choose mean, max, median",
        ),
        (
            {"data": {"scenes": {"source": {**SCENES, "examples": 3}}}, "split": {"kind": "holdout", "test": 0.5}},
            DataError,
            "no row of 3 is left to test on",
        ),
    ],
)
def test_what_training_would_refuse_is_refused(
    parts: dict[str, Any], kind: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message):
        dry_run(make(tmp_path, **parts))


@pytest.mark.parametrize(
    ("signal", "feature", "expected"),
    [
        ({"rate_hz": 8000, "channels": "mono"}, MEL, (1, 10, 0.016)),
        ({"rate_hz": 8000, "channels": [0, 2, 3]}, "waveform", (3, 1, 1 / 8000)),
        ({"rate_hz": 8000}, MEL, None),
        ({"channels": "mono"}, MEL, None),
        ({"rate_hz": 8000, "channels": "left", "augment": ["gain"]}, MEL, (1, 10, 0.016)),
    ],
)
def test_settings_tell_the_shape_where_they_fix_rate_and_channels(
    signal: dict[str, Any], feature: Any, expected: tuple[int, int, float] | None
) -> None:
    settings = InputSettings.model_validate({"signal": signal, "feature": feature})
    found = declared(settings, GeneratedSettings())
    assert (None if found is None else (found.channels, found.bins, found.step_s)) == expected


def test_settings_tell_nothing_where_code_of_the_users_own_may_change_it() -> None:
    class Twice:
        def __call__(self, signal: Signal) -> Signal:
            return signal

    settings = InputSettings.model_validate(
        {"signal": {"rate_hz": 8000, "channels": "mono", "steps": [UserComponent.of(Twice)]}, "feature": MEL}
    )
    assert declared(settings, GeneratedSettings()) is None


def test_facts_of_stored_features_are_as_the_network_sees_them() -> None:
    facts = MapFacts(1, 10, 0.016, np.array([5, 9]))
    assert as_seen(InputSettings.model_validate({"feature": MEL}), facts) is facts


@pytest.mark.parametrize(
    ("optimizer", "copies"), [("sgd", 3), ({"kind": "sgd", "momentum": 0.0, "nesterov": False}, 2), ("adamw", 4)]
)
def test_memory_of_weights_counts_gradients_and_what_the_optimizer_keeps(
    optimizer: Any, copies: int, tmp_path: Path
) -> None:
    experiment = make(tmp_path, training={"optimizer": optimizer}, model={"encoder": [{"kind": "mlp", "hidden": [7]}]})
    plan = plan_memory(experiment, {"signal": MapShape(1, 20, 10)}, {"scene": 3}, ProcedurePlan("joint"))
    assert plan.weights == 4 * copies * (10 * 7 + 7 + 7 * 3 + 3)


def test_memory_of_a_step_grows_with_rows_and_falls_with_micro_batches(tmp_path: Path) -> None:
    shapes, outputs = {"signal": MapShape(1, 40, 10)}, {"scene": 3}
    small, large, cut = (
        plan_memory(make(tmp_path, training=training), shapes, outputs, ProcedurePlan("joint"))
        for training in ({"batch_size": 8}, {"batch_size": 16}, {"batch_size": 16, "micro_batches": 2})
    )
    assert small.step is not None
    assert large.step is not None
    assert large.step == pytest.approx(2 * small.step, rel=0.05)
    assert cut == small
    # The first convolution keeps at least its input [8, 1, 40, 10] and what the next one reads.
    assert small.step > 4 * 8 * (40 * 10 + 32 * 20 * 5)
