from pathlib import Path

import numpy as np
import pytest
import soundfile

from motet.errors import DataError
from motet.inspection import source_of
from motet.signals.settings import ReaderSettings
from motet.sources.example import Example

READER = ReaderSettings()


def sounds(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, np.zeros(10), 1000)
    return folder


def test_class_folders(tmp_path: Path) -> None:
    sounds(tmp_path, "low/1.wav", "high/1.wav")
    (tmp_path / "notes").mkdir()
    assert source_of(tmp_path, READER) == {
        "kind": "folders",
        "path": str(tmp_path),
        "exclude": ["notes"],
        "extensions": [".wav"],
    }


def test_clips_of_esc(tmp_path: Path) -> None:
    sounds(tmp_path, "001 - Dog bark/1-100032-A.ogg", "002 - Rain/2-1-B.ogg")
    assert source_of(tmp_path, READER) == {"kind": "esc", "path": str(tmp_path)}


def test_a_table_that_names_recordings(tmp_path: Path) -> None:
    sounds(tmp_path, *(f"clips/{n}.wav" for n in range(6)))
    rows = [f"n{n},clips/{n}.wav,{'ab'[n % 2]}" for n in range(6)]
    (tmp_path / "list.csv").write_text("\n".join(["name,file,label", *rows]))
    table = {
        "kind": "table",
        "path": str(tmp_path / "list.csv"),
        "recording": "file",
        "targets": {"label": "label"},
    }
    assert source_of(tmp_path, READER) == table
    assert source_of(tmp_path / "list.csv", READER) == table


def test_loose_files_and_a_single_one(tmp_path: Path) -> None:
    sounds(tmp_path, "b.wav", "deep/a.wav")
    examples = source_of(tmp_path, READER)
    assert all(isinstance(example, Example) for example in examples)
    assert [example.id for example in examples] == ["b.wav", "deep/a.wav"]
    assert [example.id for example in source_of(tmp_path / "b.wav", READER)] == ["b.wav"]


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    (tmp_path / "readme.md").touch()
    with pytest.raises(DataError, match="holds no recordings"):
        source_of(tmp_path, READER)
