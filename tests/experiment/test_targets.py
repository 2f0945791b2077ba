"""Targets that the network never reads: the recording at a higher rate, and another recording, from end to end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import motet
from motet.cli.dry_run import plan_json, plan_text
from motet.data.loader import Loader
from motet.data.segments import Segments
from motet.data.settings import SegmentSettings
from motet.data.splits import split_corpus
from motet.errors import ConfigError, DataError
from motet.experiment.data import open_data
from motet.experiment.dry_run import dry_run
from motet.experiment.evaluate import evaluate
from motet.experiment.sweep import load_sweep
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Example

_RATE_HZ = 400.0


def _lines(rows: int = 24) -> Iterator[Example]:
    """Straight lines between random points: of every fourth sample, what lies between is known."""
    for row in range(rows):
        random = np.random.default_rng(row)
        points = random.normal(size=20 + row % 3)
        fine = np.interp(np.arange(4 * len(points)) / 4, np.arange(len(points)), points)
        recordings = {"low": ArraySignal(points, _RATE_HZ / 4), "high": ArraySignal(fine, _RATE_HZ)}
        inputs = {name: motet.Recording(reader) for name, reader in recordings.items()}
        yield Example(f"line-{row}", inputs, {"sign": "+-"[row % 2]})


def _experiment(store: Path, **changed: Any) -> motet.Experiment:
    given: dict[str, Any] = {
        "data": {"lines": {"source": _lines, "tasks": {"between": {"kind": "dense", "of": "high"}}}},
        "features": "waveform",
        "scaling": "none",
        "split": {"kind": "holdout", "test": 0.25, "dev": 0.25},
        "model": {"encoder": {"low": []}},
        "training": {
            "epochs": 12,
            "batch_size": 2,
            "optimizer": {"kind": "sgd", "learning_rate": 0.3, "momentum": 0.5},
        },
        "evaluation": {"plots": False, "interval": {"resamples": 20}},
        "store": {"path": str(store)},
    }
    return motet.Experiment(**{**given, **changed})


def test_what_lies_between_samples_is_learned(tmp_path: Path) -> None:
    run = motet.train(_experiment(tmp_path / "store"), tmp_path / "run", workers=1)
    figures = run.result["tasks"]["between"]
    assert figures["mse"]["value"] < 1e-4
    assert figures["si_sdr"]["value"] > 60
    (weight, _) = run.model().network.parameters()
    assert weight.item() == pytest.approx(1.0, abs=0.01)


def test_segments_of_input_and_target_are_the_same_moments(tmp_path: Path) -> None:
    cut = {"length_s": 0.08, "crop": "random", "hop_s": 0.05}
    with open_data(_experiment(tmp_path / "store", segments=cut), workers=1) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        (fold,) = split_corpus(data.corpus, settings, seed=1)
        segments = {"lines": Segments(SegmentSettings.model_validate(cut), 0.08)}
        loader = Loader(data.corpus, data.maps(1, fold), segments, seed=1, unread={"high"})
        batches = [loader.draw(fold.train[:8], epoch=3, training=True), *loader.evaluate(fold.test, batch_size=9)]
    assert batches[0].starts_s is not None
    for batch in batches:
        assert list(batch.inputs) == ["low"]
        np.testing.assert_array_equal(batch.targets["between"].values[:, :, ::4], batch.inputs["low"].values)


def _sines(rows: int = 32) -> Iterator[Example]:
    """Sines of 20 to 35 Hz, 200 samples a second."""
    for row in range(rows):
        random = np.random.default_rng(row)
        sine = np.sin(2 * np.pi * random.uniform(20, 35) * np.arange(160 + row) / 200 + random.uniform(0, 6))
        yield Example(f"sine-{row}", {"signal": motet.Recording(ArraySignal(sine, 200.0))}, {})


def test_a_sine_of_half_the_rate_is_restored(tmp_path: Path) -> None:
    metrics = ["si_sdr_gain", "si_sdr", "lsd"]
    layer = {"kind": "cnn", "dims": 1, "channels": [8], "kernel": 9, "pooling": "none", "normalisation": "none"}
    experiment = _experiment(
        tmp_path / "store",
        data={"sines": {"source": _sines, "tasks": {"whole": {"kind": "dense", "of": "high", "metrics": metrics}}}},
        signal={"rate_hz": 200, "inputs": {"low": {"rate_hz": 100}}},
        features={"low": "waveform", "high": "waveform"},
        scaling="standard",
        augment=[{"kind": "noise", "max_std": 0.01}],
        model={
            "encoder": {"low": [{**layer, "activation": "leaky_relu"}]},
            "heads": {"whole": {"decoder": {"kind": "subpixel", "factor": 2, "residual": True}}},
        },
        training={"epochs": 12, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.02}},
    )
    plan = dry_run(experiment)
    assert "high (target)" in plan_text(plan)
    assert [(found["input"], found["read"]) for found in plan_json(plan)["inputs"]] == [("low", True), ("high", False)]
    run = motet.train(experiment, tmp_path / "run", workers=1)
    figures = run.result["tasks"]["whole"]
    assert figures["si_sdr_gain"]["value"] > 6.0
    assert evaluate(tmp_path / "run", experiment=experiment)["tasks"]["whole"] == figures


def _pairs(folder: Path, seconds: float = 0.5) -> Path:
    """Write tones in noise, the tones alone, and a table of both."""
    lines = ["noisy,clean,pitch"]
    for row in range(24):
        random = np.random.default_rng(row)
        time_s = np.arange(round((seconds + 0.02 * (row % 5)) * 4000)) / 4000
        tone = 0.3 * np.sin(2 * np.pi * (200.0 if row % 2 else 500.0) * time_s)
        for name, values in (("noisy", tone + 0.2 * random.normal(size=len(tone))), ("clean", tone)):
            (folder / name).mkdir(exist_ok=True, parents=True)
            soundfile.write(folder / name / f"{row}.wav", values, 4000)
        lines.append(f"noisy/{row}.wav,clean/{row}.wav,{'low' if row % 2 else 'high'}")
    (folder / "pairs.csv").write_text("\n".join(lines))
    return folder


def _of_pairs(folder: Path, **changed: Any) -> motet.Experiment:
    source = {"kind": "table", "path": str(folder / "pairs.csv"), "recording": "noisy", "beside": {"clean": "clean"}}
    source["targets"] = {"pitch": "pitch"}
    given: dict[str, Any] = {
        "data": {
            "tones": {
                "source": source,
                "tasks": {"clean": {"kind": "dense", "of": "clean", "loss": ["si_sdr"]}, "pitch": "multiclass"},
            }
        },
        "model": {
            "encoder": {"signal": [{"kind": "spectrum", "window": 64, "hop": 16}, {"kind": "rnn", "hidden": 16}]},
            "heads": {"clean": {"decoder": {"kind": "mask", "window": 64}}},
        },
        "training": {"epochs": 3, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.02}},
    }
    return _experiment(folder / "store", **{**given, **changed})


def test_another_recording_is_the_target_and_new_recordings_need_none(tmp_path: Path) -> None:
    run = motet.train(_of_pairs(_pairs(tmp_path / "data")), tmp_path / "run", workers=1)
    figures = run.result["tasks"]["clean"]
    assert figures["si_sdr_gain"]["value"] > 3.0
    assert evaluate(tmp_path / "run")["tasks"]["clean"] == figures
    predicted = motet.predict(tmp_path / "run", [tmp_path / "data" / "noisy" / "3.wav"])
    (found,) = predicted.tasks.values()
    assert list(found) == ["clean", "pitch"]
    assert isinstance(found["clean"].decision, motet.Signal)
    assert found["clean"].decision.values.shape == (1, 2240)
    other = _pairs(tmp_path / "other", seconds=0.3)
    file = tmp_path / "other.yaml"
    source = f"kind: table, path: {other / 'pairs.csv'}, recording: noisy, targets: {{pitch: pitch}}"
    file.write_text(f"data: {{tones: {{source: {{{source}, beside: {{clean: clean}}}}}}}}")
    assert evaluate(tmp_path / "run", data=file)["tasks"]["clean"]["si_sdr"]["value"] > 0
    file.write_text(f"data: {{tones: {{source: {{{source}}}}}}}")
    with pytest.raises(ConfigError, match=r"data.tones: task 'clean': its target is the input 'clean', which the data"):
        evaluate(tmp_path / "run", data=file)


def test_pairs_that_do_not_last_alike_are_named(tmp_path: Path) -> None:
    folder = _pairs(tmp_path / "data")
    soundfile.write(folder / "clean" / "5.wav", np.zeros(4000), 4000)
    with pytest.raises(DataError, match=r"clean/5.wav: lasts 1.000 s, but .*noisy/5.wav 0.500 s") as caught:
        motet.train(_of_pairs(folder), tmp_path / "run", workers=1)
    assert "1 of 24 targets do not last as long" in str(caught.value)


def test_what_nothing_reads_and_nothing_wants_is_refused_or_left_out(tmp_path: Path) -> None:
    names = {"mel": {"kind": "logmel", "bands": 8}, "wave": "waveform"}
    source = {"kind": "generated", "content": "speakers", "examples": 24, "duration_s": 0.3, "rate_hz": 8000}
    data = {"voices": {"source": source, "tasks": {"digit": "multiclass"}}}
    with pytest.raises(ConfigError, match=r"model.encoder: has no layers for the feature 'wave', and no task has it"):
        _experiment(tmp_path, data=data, features=names, model={"encoder": {"mel": ["rnn"]}})
    tasks = {"digit": "multiclass", "shape": {"kind": "dense", "of": "wav"}}
    with pytest.raises(
        ConfigError, match=r"data.voices.tasks.shape.of: there is no feature 'wav'; did you mean 'wave'"
    ):
        _experiment(tmp_path, data={"voices": {"source": source, "tasks": tasks}}, features=names, model={})
    with pytest.raises(ConfigError, match=r"signal.inputs.wawe: there is no feature 'wawe'; did you mean 'wave'"):
        _experiment(tmp_path, data=data, features=names, model={}, signal={"inputs": {"wawe": {"rate_hz": 4000}}})
    tasks["shape"] = {"kind": "dense", "of": "wave"}
    both = {"voices": {"source": source, "tasks": tasks}, "more": {"source": source, "tasks": {"digit": "multiclass"}}}
    model = {"encoder": {"mel": [{"kind": "rnn", "hidden": 4}]}}
    plan = dry_run(_experiment(tmp_path, data=both, features=names, model=model))
    assert [(found.data_set, found.name) for found in plan.inputs] == [
        ("voices", "mel"), ("voices", "wave"), ("more", "mel"),
    ]  # fmt: skip
    shared = {"voices": both["voices"], "more": {**both["more"], "features": {"mel": names["mel"]}}}
    signal = {"inputs": {"wave": {"rate_hz": 4000}}}
    assert len(dry_run(_experiment(tmp_path, data=shared, features=names, model=model, signal=signal)).inputs) == 3
    nothing = {"voices": {"source": source, "tasks": {"digit": "multiclass"}}}
    with pytest.raises(ConfigError, match=r"signal.inputs.wave: there is no input 'wave'; inputs are signal"):
        dry_run(_experiment(tmp_path, data=nothing, features="waveform", model={}, signal=signal))
    own = {"voices": {**both["voices"], "features": {"wave": "waveform"}}, "more": both["more"]}
    with pytest.raises(ConfigError, match=r"data.voices: the network reads none of its inputs wave; name one of them"):
        dry_run(_experiment(tmp_path, data=own, features={"mel": names["mel"]}, model=model))
    crossed = {"mel": names["mel"], "more": "mfcc"}
    given = {"voices": {**both["voices"], "features": {**names}}, "more": {**both["more"], "features": crossed}}
    pair = {"encoder": {"mel": ["rnn"], "more": ["rnn"]}, "fusion_per": "frame"}
    given["voices"]["tasks"] = {"shape": {"kind": "dense", "of": "wave", "given": "more"}}
    with pytest.raises(ConfigError, match=r"data.voices.tasks.shape.given: there is no feature 'more'"):
        dry_run(_experiment(tmp_path, data=given, features="waveform", model=pair))


def test_a_sweep_over_tasks_leaves_out_targets_of_other_tasks() -> None:
    source = {"kind": "generated", "content": "speakers", "examples": 24, "duration_s": 0.3, "rate_hz": 4000}
    tasks = {"digit": {"kind": "multiclass"}, "wave": {"kind": "dense", "of": "wave"}}
    grid = load_sweep(
        {
            "data": {"voices": {"source": source, "tasks": tasks}},
            "features": {"mel": {"kind": "logmel"}, "wave": {"kind": "waveform"}},
            "signal": {"rate_hz": 4000, "inputs": {"wave": {"rate_hz": 8000}}},
            "model": {"encoder": {"mel": [{"kind": "rnn", "hidden": 4}]}},
            "combine": {"tasks": "all"},
        }
    )
    found = {point.choices["tasks"]: list(point.experiment.features) for point in grid.points}
    assert found == {"digit": ["mel"], "wave": ["mel", "wave"], "digit+wave": ["mel", "wave"]}
    inputs = {point.choices["tasks"]: list(point.experiment.signal.inputs) for point in grid.points}
    assert inputs == {"digit": [], "wave": ["wave"], "digit+wave": ["wave"]}
