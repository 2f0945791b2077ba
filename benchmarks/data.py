"""The recordings that benchmarks work on, found below `MOTET_DATA`, and the experiments that read them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import motet

TASKS = ("digit", "speaker")


def data_folder(name: str) -> Path:
    """Return the folder of a data set.

    Raises
    ------
    SystemExit
        If it is not there.
    """
    folder = Path(os.environ.get("MOTET_DATA", "data")) / name
    if not folder.is_dir():
        raise SystemExit(f"{folder}: no such folder; set MOTET_DATA to the folder that holds {name}")
    return folder


def fsdd(store: Path, *, tasks: Sequence[str] = TASKS, **options: Any) -> motet.Experiment:
    """Return an experiment on the Free Spoken Digit Data: log-mels of 40 bands every 20 ms, of one second each."""
    source = {
        "kind": "filenames",
        "path": str(data_folder("fsdd")),
        "pattern": "{digit}_{speaker}_{index:d}.wav",
        "partition": {"test": {"index": {"below": 5}}},
    }
    parts: dict[str, Any] = {
        "data": {"fsdd": {"source": source, "tasks": {task: {"kind": "multiclass"} for task in tasks}}},
        "signal": {"rate_hz": 8000, "channels": "mono"},
        "features": {"kind": "logmel", "bands": 40, "window_s": 0.025, "hop_s": 0.020},
        "segments": {"length_s": 1.0, "crop": "centre", "pad": "wrap"},
    }
    return _experiment(store, parts | options)


def esc10(store: Path, *, limit: int | None = None, **options: Any) -> motet.Experiment:
    """Return an experiment on ESC-10: log-mels of 64 bands every 32 ms, at 32 kHz."""
    source = {"kind": "esc", "path": str(data_folder("esc10"))}
    parts: dict[str, Any] = {
        "data": {"esc10": {"source": source, "limit": limit}},
        "signal": {"rate_hz": 32000, "channels": "mono"},
        "features": {
            "kind": "logmel", "bands": 64, "low_hz": 50, "high_hz": 14000, "window_s": 0.064, "hop_s": 0.032,
        },
        "segments": {"length_s": 5.0, "pad": "wrap"},
    }  # fmt: skip
    return _experiment(store, parts | options)


def _experiment(store: Path, parts: dict[str, Any]) -> motet.Experiment:
    model = {"encoder": [{"kind": "cnn", "dims": 2, "channels": [16, 32, 64]}]}
    named = {"name": "benchmark", "seed": 1, "model": model, "store": {"path": str(store)}}
    return motet.Experiment(**(named | parts))
