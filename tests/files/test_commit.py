import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from motet.errors import MachineError
from motet.files import atomic_write, remove_stale


class Killed(BaseException):
    """Stands for SIGKILL: nothing may tidy up after it."""


def _write_and_raise(block: AbstractContextManager[BinaryIO], error: BaseException) -> None:
    with block as file:
        file.write(b"new")
        raise error


def _names(directory: Path) -> list[str]:
    return sorted(place.name for place in directory.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "new" / "settings.json"
    with atomic_write(target) as file:
        file.write(b"{}")
        assert not target.exists()
    assert target.read_bytes() == b"{}"
    assert _names(target.parent) == ["settings.json"]


def test_an_error_leaves_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "settings.json"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="stop"):
        _write_and_raise(atomic_write(target), ValueError("stop"))
    assert target.read_bytes() == b"old"
    assert _names(tmp_path) == ["settings.json"]


def test_the_content_reaches_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def logged_sync(descriptor: int) -> None:
        steps.append("sync")
        sync(descriptor)

    def logged_replace(old: Path, new: Path) -> None:
        steps.append("replace")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", logged_sync)
    monkeypatch.setattr(os, "replace", logged_replace)
    with atomic_write(tmp_path / "file") as file:
        file.write(b"new")
    assert steps[:2] == ["sync", "replace"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(MachineError, match=r"file.*settings\.json: cannot write"),
        atomic_write(tmp_path / "file" / "settings.json"),
    ):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    with pytest.raises(MachineError, match="Make it writable"), atomic_write(tmp_path / "closed" / "file"):
        pass


def test_removes_only_what_no_writer_touched_for_long(tmp_path: Path) -> None:
    old = time.time() - 7200
    for name in (".old.tmp", ".new.tmp", "kept.tmp"):
        (tmp_path / name).write_bytes(b"")
    for name in (".old.tmp", "kept.tmp"):
        os.utime(tmp_path / name, (old, old))
    assert [place.name for place in remove_stale(tmp_path)] == [".old.tmp"]
    assert _names(tmp_path) == [".new.tmp", "kept.tmp"]


def test_what_a_killed_writer_leaves_is_found_as_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *args, **options: None)
        with pytest.raises(Killed):
            _write_and_raise(atomic_write(tmp_path / "file"), Killed())
    assert len(_names(tmp_path)) == 1
    assert len(remove_stale(tmp_path, older_than_s=-1)) == 1
    assert _names(tmp_path) == []
