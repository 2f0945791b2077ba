from pathlib import Path
from typing import Any

import pytest

from motet.runs.tracking import epoch_line, rewrite_tensorboard, scalars, write_tensorboard

RECORD: dict[str, Any] = {
    "epoch": 3,
    "step": 12,
    "loss": {"digit": 0.5, "speaker": 0.25},
    "train": {"digit": {"uar": 0.75}},
    "dev": {"digit": {"uar": 0.5, "accuracy": 0.625}, "speaker": {"uar": 1.0}},
}


def test_every_number_has_a_name() -> None:
    assert dict(scalars(RECORD)) == {
        "train/digit/loss": 0.5,
        "train/speaker/loss": 0.25,
        "train/digit/uar": 0.75,
        "dev/digit/uar": 0.5,
        "dev/digit/accuracy": 0.625,
        "dev/speaker/uar": 1.0,
    }


def test_an_epoch_in_one_line() -> None:
    line = "epoch 3/40 loss 0.7500 | digit uar 0.5000 | speaker uar 1.0000"
    assert epoch_line(RECORD, 40, best=False) == line
    assert epoch_line(RECORD, 40, best=True) == f"{line} *"
    assert epoch_line({**RECORD, "dev": {}}, 40, best=True) == "epoch 3/40 loss 0.7500 | digit uar 0.7500 in training"
    nothing_followed = {**RECORD, "train": {"clean": {}}, "dev": {}}
    assert epoch_line(nothing_followed, 40, best=True) == "epoch 3/40 loss 0.7500"


def events(folder: Path) -> list[tuple[str, int, float]]:
    from tensorboardX.proto import event_pb2

    found = []
    for path in folder.iterdir():
        content, place = path.read_bytes(), 0
        while place < len(content):  # records: length, its checksum, the event, its checksum
            length = int.from_bytes(content[place : place + 8], "little")
            event = event_pb2.Event.FromString(content[place + 12 : place + 12 + length])
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
            place += length + 16
    return sorted(found)


def test_tensorboard_holds_every_number_of_every_epoch(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    assert write_tensorboard(tmp_path, [{**RECORD, "epoch": 3}, {**RECORD, "epoch": 4}])
    assert write_tensorboard(tmp_path, [{**RECORD, "epoch": 5}])
    assert events(tmp_path) == sorted((name, epoch, value) for name, value in scalars(RECORD) for epoch in (3, 4, 5))


def test_tensorboard_written_anew_holds_each_epoch_once(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    write_tensorboard(tmp_path / "events", [{**RECORD, "epoch": 3}])
    rewrite_tensorboard(tmp_path / "events", [{**RECORD, "epoch": 3}, {**RECORD, "epoch": 4}])
    expected = sorted((name, epoch, value) for name, value in scalars(RECORD) for epoch in (3, 4))
    assert events(tmp_path / "events") == expected
    rewrite_tensorboard(tmp_path / "events", [])
    assert not (tmp_path / "events").exists()


def test_without_tensorboard_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not write_tensorboard(tmp_path / "tensorboard", [RECORD])
    assert not (tmp_path / "tensorboard").exists()


def test_what_is_undefined_is_left_out_and_null_when_read_again() -> None:
    record = {"loss": {"a": 1.0}, "train": {}, "dev": {"a": {"gain": float("nan"), "level": None, "error": 0.5}}}
    assert list(scalars(record)) == [("train/a/loss", 1.0), ("dev/a/error", 0.5)]
