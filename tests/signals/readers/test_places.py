import os
import sys
from pathlib import Path

import pytest

from motet.errors import DataError
from motet.signals.readers.places import file_mark


def test_the_mark_changes_with_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1")
    before = file_mark(path)
    path.write_text("12")

    assert before[0] == 1
    assert file_mark(path) != before


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt: no such file; correct the path or restore the file"):
        file_mark(tmp_path / "a.txt")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this is a folder and a file is needed"):
        file_mark(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()

    with pytest.raises(DataError, match=r"a\.wav: the file is empty \(0 bytes\); replace it or leave it out"):
        file_mark(path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    path.chmod(0)

    with pytest.raises(DataError, match="may not be read; change its permissions"):
        file_mark(path)
