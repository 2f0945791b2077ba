"""The sources of the catalog keep the contract that they ask of others: on small trees, and on real folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from motet.testing import check_source


def sounds(folder: Path, names: list[str]) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, np.full(80, 0.001 * (number + 1)), 8000)
    return folder


def filenames(folder: Path) -> dict[str, Any]:
    sounds(folder, [f"{digit}_{speaker}_{index}.wav" for digit in "012" for speaker in ("é", "bo") for index in (0, 1)])
    return {"path": str(folder), "pattern": "{digit}_{speaker}_{index:d}.wav", "fold": "index"}


def folders(folder: Path) -> dict[str, Any]:
    sounds(folder, [f"{part}/{kind}/{n}.wav" for part in ("train", "test") for kind in ("low", "high") for n in (1, 2)])
    return {"path": str(folder)}


def folds(folder: Path) -> dict[str, Any]:
    sounds(folder, [f"fold_{fold}/{kind}/{n}.wav" for fold in (1, 2, 10) for kind in ("low", "high") for n in (1, 2)])
    return {"path": str(folder)}


def esc(folder: Path) -> dict[str, Any]:
    names = [f"{fold}-{fold}{number}-A.ogg" for fold in range(1, 6) for number in range(2)]
    sounds(folder, [f"{kind}/{name}" for kind in ("001 - Dog bark", "002 - Rain") for name in names])
    return {"path": str(folder)}


def table(folder: Path) -> dict[str, Any]:
    sounds(folder, [f"{n}.wav" for n in range(6)])
    rows = [f"{n}.wav,{'ab'[n % 2]},{n * 0.5},p{n % 3}" for n in range(6)]
    (folder / "list.csv").write_text("\n".join(["path,label,level,person", *rows]))
    return {"path": str(folder / "list.csv"), "group": "person", "targets": {"label": "label", "level": "level"}}


def arrays(folder: Path) -> dict[str, Any]:
    np.savez(folder / "all.npz", X=np.random.default_rng(0).random((6, 2, 50)), y=np.arange(6) % 2)
    return {"path": str(folder / "all.npz"), "rate_hz": 50.0}


def generated(folder: Path) -> dict[str, Any]:
    return {"content": "sensors", "examples": 12, "folds": 2, "duration_s": 0.1}


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("filenames", filenames),
        ("folders", folders),
        ("folders", folds),
        ("esc", esc),
        ("table", table),
        ("arrays", arrays),
        ("generated", generated),
    ],
)
def test_sources_keep_the_contract(kind: str, make: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    check_source({"kind": kind, **make(tmp_path)})


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "esc", "path": "esc10"},
        {"kind": "filenames", "path": "fsdd", "pattern": "{digit}_{speaker}_{index:d}.wav", "group": "speaker"},
        {"kind": "folders", "path": "bonn", "rate_hz": 173.61},
    ],
    ids=lambda settings: settings["path"],
)
def test_real_folders_keep_the_contract(settings: dict[str, Any], motet_data: Path) -> None:
    check_source({**settings, "path": str(motet_data / settings["path"])}, decoded=5)
