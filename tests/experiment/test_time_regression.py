"""Values over time from end to end: an effort that is learned from a movement, cut, resumed and predicted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import motet
from motet.errors import ConfigError, DataError
from motet.evaluation.predictions import Predictions
from motet.experiment.dry_run import dry_run
from motet.signals.readers.arrays import ArraySignal
from motet.sources.example import Example
from motet.sources.generated import Generated
from motet.sources.settings import GeneratedSettings
from motet.sources.trace import Trace

SOURCE: dict[str, Any] = {
    "kind": "generated",
    "content": "efforts",
    "examples": 20,
    "classes": 2,
    "rate_hz": 200.0,
    "duration_s": 6.0,
}
CUT = {"length_s": 2.0, "hop_s": 1.0, "crop": "random"}


def experiment(store: Path, task: dict[str, Any] | None = None, **changed: Any) -> motet.Experiment:
    tasks = {"effort": {"kind": "time_regression", **(task or {})}}
    layer = {"kind": "cnn", "channels": [12], "pooling": {"kind": "max", "size": [1, 2]}}
    given: dict[str, Any] = {
        "data": {"motion": {"source": SOURCE, "tasks": tasks}},
        "features": {"kind": "logmel", "bands": 8, "window_s": 0.2, "hop_s": 0.08},
        "segments": CUT,
        "split": {"kind": "holdout", "test": 0.25, "dev": 0.25},
        "model": {"encoder": [layer, {"kind": "rnn", "hidden": 8}]},
        "training": {"epochs": 6, "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.02}},
        "evaluation": {"plots": False, "interval": {"resamples": 50}},
        "store": {"path": str(store)},
    }
    return motet.Experiment(**{**given, **changed})


def concordance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Lin 1989, equation 1."""
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    return float(2 * covariance / (first.var() + second.var() + (first.mean() - second.mean()) ** 2))


def test_effort_is_followed_and_predictions_are_those_of_the_evaluation(tmp_path: Path) -> None:
    decision = {"kind": "tuned_filter", "widths_s": [0.0, 0.5]}
    run = motet.train(experiment(tmp_path / "store", {"decision": decision}), tmp_path / "run", workers=1)
    figures = run.result["tasks"]["effort"]
    assert figures["ccc"]["value"] > 0.9
    assert figures["ccc"]["low"] < figures["ccc"]["value"] < figures["ccc"]["high"]
    assert motet.evaluate(tmp_path / "run")["tasks"]["effort"] == figures
    file = tmp_path / "run" / "seed-1" / "fold-1" / "predictions" / "effort.csv"
    rows = Predictions.from_csv(file, run.model().tasks["effort"])
    pairs = []
    for found, target in zip(rows.decisions, rows.targets, strict=True):
        inside = target[:, 0] <= found[-1, 0] + 0.08
        pairs.append((np.interp(target[inside, 0], found[:, 0], found[:, 1]), target[inside, 1]))
    predicted, true = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    assert figures["ccc"]["value"] == pytest.approx(concordance(predicted, true))
    assert figures["rmse"]["value"] == pytest.approx(np.sqrt(np.square(predicted - true).mean()))
    number = int(rows.ids[0].rsplit("-", 1)[1])
    for index, each in enumerate(Generated(GeneratedSettings(**SOURCE)).examples()):
        if index == number:
            signal = each.inputs["signal"].read()
    soundfile.write(tmp_path / "new.wav", signal.values[0], 200, subtype="FLOAT")
    (tasks,) = motet.predict(tmp_path / "run", [tmp_path / "new.wav"]).tasks.values()
    np.testing.assert_allclose(np.array(tasks["effort"].decision), rows.decisions[0], atol=1e-5)
    assert tasks["effort"].probabilities["effort"] == pytest.approx(rows.decisions[0][:, 1].mean(), abs=1e-5)


def test_a_run_that_was_stopped_goes_on_as_if_it_was_not(tmp_path: Path) -> None:
    changed = {"epochs": 2, "batch_size": 4}
    whole = motet.train(
        experiment(tmp_path / "store", {"loss": "mse"}, training=changed), tmp_path / "whole", workers=1
    )
    steps = iter(range(100))

    def stop(label: str, total: int) -> Any:
        def count(done: int = 1) -> None:
            if "epoch" in label and next(steps) == 3:
                raise KeyboardInterrupt

        return count

    settings = experiment(tmp_path / "store", {"loss": "mse"}, training=changed)
    with pytest.raises(KeyboardInterrupt):
        motet.train(settings, tmp_path / "parts", workers=1, progress=stop)
    parts = motet.train(settings, tmp_path / "parts", workers=1)
    assert parts.result["tasks"] == whole.result["tasks"]


def _annotated(delay_s: float, known: float = 1.0) -> list[Example]:
    """The recordings with annotations that lag behind, and stop being known at a share of them."""
    rows = []
    for each in Generated(GeneratedSettings(**SOURCE)).examples():
        trace = each.targets["effort"]
        assert isinstance(trace, Trace)
        values = trace.values.copy()
        values[round(known * len(values)) :] = np.nan
        late = trace.times_s + delay_s
        inside = late <= trace.times_s[-1]
        rows.append(Example(each.id, each.inputs, {"effort": Trace(late[inside], values[inside], ("effort",))}))
    return rows


def test_annotations_that_lag_are_learned_with_their_delay(tmp_path: Path) -> None:
    found = {}
    for delay_s in (0.0, 1.5):
        data = {
            "motion": {"source": _annotated(1.5), "tasks": {"effort": {"kind": "time_regression", "delay_s": delay_s}}}
        }
        model = {"encoder": [{"kind": "cnn", "channels": [8], "pooling": {"kind": "max", "size": [1, 8]}}]}
        run = motet.train(experiment(tmp_path / "store", data=data, model=model), tmp_path / f"{delay_s}", workers=1)
        found[delay_s] = run.result["tasks"]["effort"]["ccc"]["value"]
    assert found[1.5] > 0.5
    assert found[1.5] > found[0.0] + 0.3


def test_what_cannot_be_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"segments.hop_s: is not set, so only one segment of every recording"):
        dry_run(experiment(tmp_path, segments={"length_s": 2.0}))
    with pytest.raises(ConfigError, match=r"augment.0: time_shift moves the recordings of data.motion and not their"):
        dry_run(experiment(tmp_path, augment=["time_shift"]))
    with pytest.raises(ConfigError, match=r"loss.over: is batch, but training.micro_batches cuts batches"):
        experiment(tmp_path, {"loss": {"kind": "ccc", "over": "batch"}}, training={"micro_batches": 2})
    flat = {"encoder": [{"kind": "pool"}]}
    with pytest.raises(ConfigError, match=r"model.heads.effort: predicts every frame, but the layers before it leave"):
        dry_run(experiment(tmp_path, model=flat))
    with pytest.raises(ConfigError, match=r"effort.kind|cannot be merged by vote"):
        dry_run(experiment(tmp_path, evaluation={"merge": "vote"}))
    noise = np.random.default_rng(0).normal(size=(8, 1, 600))
    rows = [
        Example(
            f"row-{row}", {"signal": motet.Recording(ArraySignal(noise[row], 200.0))}, {"effort": Trace([0, 9], [0, 1])}
        )
        for row in range(8)
    ]
    data = {"motion": {"source": rows, "tasks": {"effort": "time_regression"}}}
    with pytest.raises(
        DataError, match=r"task 'effort': 8 annotations do not lie in .* 0.00 to 9.00 s of 3.\d+ s.* delay_s \(0 s\)"
    ):
        motet.train(experiment(tmp_path / "store", data=data), tmp_path / "run", workers=1)


def test_what_is_not_known_counts_nowhere(tmp_path: Path) -> None:
    data = {"motion": {"source": _annotated(0.0, known=0.5), "tasks": {"effort": "time_regression"}}}
    run = motet.train(experiment(tmp_path / "store", data=data), tmp_path / "run", workers=1)
    assert run.result["tasks"]["effort"]["ccc"]["value"] > 0.8
    file = tmp_path / "run" / "seed-1" / "fold-1" / "predictions" / "effort.csv"
    assert "[0.0, " in file.read_text()
    rows = Predictions.from_csv(file, run.model().tasks["effort"])
    assert np.isnan(rows.targets[0][-1, 1])
    assert json.loads(json.dumps(run.model().tasks["effort"].decision_state()))["mean"][0] == pytest.approx(
        0.5, abs=0.3
    )
