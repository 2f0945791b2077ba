"""Experiments that train in a fraction of a second, and what of two runs must be equal."""

import json
from pathlib import Path
from typing import Any

from motet import Experiment
from motet.config import to_yaml
from motet.runs.folder import RunFolder
from motet.store import Store

SHORT = {"kind": "generated", "classes": 3, "rate_hz": 2000, "duration_s": 0.2}
SPEAKERS = {**SHORT, "content": "speakers", "examples": 30, "groups": 2}
SCENES = {**SHORT, "content": "scenes", "examples": 24}
LOGMEL = {"kind": "logmel", "bands": 6, "window_s": 0.032, "hop_s": 0.016}
CNN = {"kind": "cnn", "channels": [3], "dropout": 0.2}

LIVELY: dict[str, Any] = {
    "signal": {"rate_hz": 2000, "augment": ["gain", "noise"]},
    "segments": {"length_s": 0.1},
    "sampling": {"kind": "balanced", "by": "class"},
    "augment": ["time_mask", "noise"],
    "mixup": {"alpha": 0.4},
    "model": {"encoder": [CNN]},
    "training": {"optimizer": "adamw", "schedule": "one_cycle", "clip_norm": 1.0, "micro_batches": 2},
}
PADDED: dict[str, Any] = {
    "signal": {"rate_hz": 2000},
    "sampling": "bucketed",
    "augment": ["time_shift", "frequency_mask", "gain"],
    "model": {"encoder": [{"kind": "rnn", "hidden": 4, "layers": 2, "dropout": 0.3}]},
    "training": {
        "optimizer": "sgd",
        "schedule": {"kind": "plateau", "patience": 1},
        "stopping": {"kind": "patience", "epochs": 2},
        "keep": "all",
    },
}
MIXED: dict[str, Any] = {
    "signal": {"rate_hz": 2000},
    "segments": {"length_s": "mean", "hop_s": 0.05},
    "sampling": "stratified",
    "mixup": {"alpha": 1.0, "share": 0.5},
    "model": {"encoder": [{**CNN, "normalisation": "group", "groups": 1}]},
    "training": {"optimizer": "adam", "schedule": "cosine", "keep": "last"},
}
WAYS = {"lively": LIVELY, "padded": PADDED, "mixed": MIXED}


def small_experiment(store: Path, way: dict[str, Any] = LIVELY, **changed: Any) -> Experiment:
    """Two data sets, three tasks, two folds."""
    given = {
        "name": "small",
        "data": {"speakers": {"source": SPEAKERS}, "scenes": {"source": SCENES}},
        "features": LOGMEL,
        "split": {"kind": "kfold", "folds": 2, "dev": 0.3},
        "evaluation": {"interval": {"resamples": 50}, "plots": False},
        "store": {"path": str(store)},
    }
    training = {"epochs": 3, "batch_size": 10, **way["training"], **changed.pop("training", {})}
    return Experiment(**{**given, **way, **changed, "training": training})


def write_experiment(path: Path, experiment: Experiment) -> Path:
    path.write_text(to_yaml(experiment))
    return path


def content(run: Path) -> dict[str, bytes]:
    """All of a run that its seed decides: weights and resume states, records, predictions, scores, the result."""
    folder = RunFolder(run)
    result = json.loads(folder.result.read_text())
    result.pop("run")
    found = {"result.json": json.dumps(result).encode()}
    for pattern in ("*.safetensors", "metrics.jsonl", "predictions/*.csv", "scores.json"):
        for path in run.glob(f"seed-*/fold-*/{pattern}"):
            found[path.relative_to(run).as_posix()] = path.read_bytes()
    return found


def differences(run: Path, other: Path) -> list[str]:
    """The files in which two runs differ."""
    one, two = content(run), content(other)
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def held(store: Path) -> dict[bytes, tuple[Any, ...]]:
    """All that a store holds, by key; every checksum is compared."""
    with Store(store) as opened:
        keys = sorted({key.tobytes() for key in opened._index._table.records["key"][:-1]} - {bytes(16)})
        entries = opened.find(keys)
        assert opened.verify(entries) == []
        assert opened.problems() == []
        present = [place for place in range(len(entries)) if entries.present[place]]
        return {
            keys[place]: (
                opened.read(entries[place]).tobytes(),
                float(entries.start_s[place]),
                float(entries.step_s[place]),
            )
            for place in present
        }
