import io
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import motet
from motet.errors import ConfigError, DataError, MachineError
from motet.sources.hugging_face import HuggingFace
from motet.sources.settings import HuggingFaceSettings
from motet.testing import check_source

datasets = pytest.importorskip("datasets")


def sound(number: int) -> bytes:
    place = io.BytesIO()
    soundfile.write(place, np.full(80, number / 32768 * 8), 8000, format="WAV")
    return place.getvalue()


def part(numbers: Sequence[int]) -> Any:
    binary, text = datasets.Value("binary"), datasets.Value("string")
    features = datasets.Features(
        {
            "audio": {"bytes": binary, "path": text},
            "label": datasets.ClassLabel(names=["low", "high"]),
            "tags": datasets.Sequence(datasets.ClassLabel(names=["x", "y"])),
            "level": datasets.Value("float64"),
            "speaker": text,
            "course": datasets.Sequence(datasets.Value("float32")),
        }
    )
    rows = {
        "audio": [{"bytes": sound(n), "path": f"{n}.wav"} for n in numbers],
        "label": [-1 if n == 3 else n % 2 for n in numbers],
        "tags": [[0, 1] if n % 2 else [] for n in numbers],
        "level": [n / 2 for n in numbers],
        "speaker": [f"s{n}" for n in numbers],
        "course": [[0.5 * n, 1.0, 2.0] for n in numbers],
    }
    data = datasets.Dataset.from_dict(rows, features=features)
    return data.cast_column("audio", datasets.Audio(sampling_rate=8000, decode=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a saved data set with two splits, and traps beside it."""
    path = tmp_path_factory.mktemp("saved") / "set"
    datasets.disable_progress_bars()
    datasets.DatasetDict({"train": part(range(6)), "validation": part(range(6, 10))}).save_to_disk(path)
    for name in ("set.py", "dataset.py", "train/dataset.py"):
        (path / name).write_text("raise SystemExit('code of a data set was run')")
    (path / "train" / "cache.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    return path


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the network and every unpickling."""

    def refuse(*arguments: Any, **known: Any) -> Any:
        raise AssertionError("the network, or an unpickler, was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("pickle.loads", "pickle.load", "dill.loads", "dill.load"):
        monkeypatch.setattr(name, refuse)


def source(folder: Path, **settings: Any) -> HuggingFace:
    return HuggingFace(HuggingFaceSettings(path=str(folder), **settings))


def test_rows_of_all_splits(folder: Path) -> None:
    examples = list(source(folder).examples())
    assert [example.id for example in examples][4:8] == ["train/4", "train/5", "validation/0", "validation/1"]
    assert [example.partition for example in examples] == ["train"] * 6 + ["dev"] * 4
    assert examples[1].targets == {"label": "high", "tags": frozenset({"x", "y"})}
    assert examples[3].targets == {"tags": frozenset({"x", "y"})}
    signal = examples[7].inputs["signal"].read()
    assert (signal.rate_hz, signal.num_samples) == (8000.0, 80)
    assert np.allclose(signal.values, 7 / 32768 * 8, atol=1 / 32768)
    assert source(folder).tasks() == {"label": {"kind": "multiclass"}, "tags": {"kind": "multilabel"}}


def test_columns_by_name(folder: Path) -> None:
    settings = {"recording": "course", "rate_hz": 2.0, "targets": {"loud": "level"}, "group": "speaker"}
    found = source(folder, **settings)
    example = list(found.examples())[4]
    assert (example.targets, example.group) == ({"loud": 2.0}, "s4")
    assert example.inputs["signal"].read().values.tolist() == [[2.0, 1.0, 2.0]]
    assert found.tasks() == {"loud": {"kind": "regression"}}


def test_mistakes_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no column sound; there are audio, label"):
        list(source(folder, recording="sound").examples())
    with pytest.raises(DataError, match=r"set source\.rate_hz"):
        next(source(folder, recording="course").examples()).inputs["signal"].read()
    with pytest.raises(DataError, match="holds no sound and no list of numbers"):
        next(source(folder, recording="speaker").examples()).inputs["signal"].read()
    with pytest.raises(DataError, match="is no data set that `save_to_disk` has written"):
        list(source(tmp_path).examples())
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(DataError, match="cannot be opened as a saved data set"):
        list(source(tmp_path).examples())
    with pytest.raises(ConfigError, match="path"):
        motet.load_experiment({"data": {"far": {"source": {"kind": "huggingface", "path": "hf://somebody/set"}}}})


def test_the_contract_is_kept(folder: Path) -> None:
    check_source({"kind": "huggingface", "path": str(folder)})


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(MachineError, match=r"pip install 'motet\[huggingface\]'"):
        list(source(tmp_path).examples())
