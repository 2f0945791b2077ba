import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from motet.errors import MachineError
from motet.files import (
    atomic_directory,
    atomic_path,
    atomic_write,
    commit,
    remove_stale,
    restore_directory,
    sync_directory,
)


class Killed(BaseException):
    """Stands for SIGKILL: nothing may tidy up after it."""


def _write_and_raise(block: AbstractContextManager[Any], error: BaseException) -> None:
    with block as place:
        if isinstance(place, Path):
            (place / "weights").write_bytes(b"new")
        else:
            place.write(b"new")
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


def test_a_library_may_write_the_path_itself(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "weights") as temporary:
        temporary.write_bytes(b"new")
        assert temporary.parent == tmp_path
    assert (tmp_path / "weights").read_bytes() == b"new"


def test_a_library_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="weights: cannot write: No such file"), atomic_path(tmp_path / "weights"):
        pass


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


@pytest.mark.parametrize("existing", [False, True])
def test_a_directory_appears_whole(tmp_path: Path, existing: bool) -> None:
    target = tmp_path / "runs" / "best"
    if existing:
        target.mkdir(parents=True)
        (target / "stale").write_bytes(b"old")
    with atomic_directory(target) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "weights").write_bytes(b"new")
        assert not (target / "deep").exists()
    assert (target / "deep" / "weights").read_bytes() == b"new"
    assert _names(target) == ["deep"]
    assert _names(target.parent) == ["best"]


def test_an_error_leaves_the_old_directory(tmp_path: Path) -> None:
    target = tmp_path / "best"
    target.mkdir()
    (target / "weights").write_bytes(b"old")
    with pytest.raises(ValueError, match="stop"):
        _write_and_raise(atomic_directory(target), ValueError("stop"))
    assert (target / "weights").read_bytes() == b"old"
    assert _names(tmp_path) == ["best"]


@pytest.mark.parametrize("step", range(4))
def test_a_kill_at_any_step_leaves_the_old_or_the_new_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    target = tmp_path / "best"
    target.mkdir()
    (target / "weights").write_bytes(b"old")
    steps = iter(range(10))

    def or_kill(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            if next(steps) >= step:
                raise Killed
            return function(*args, **options)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", or_kill(Path.rename))
        patch.setattr(shutil, "rmtree", or_kill(shutil.rmtree))
        patch.setattr(commit, "sync_directory", or_kill(sync_directory))
        with pytest.raises(Killed), atomic_directory(target) as temporary:
            (temporary / "weights").write_bytes(b"new")
    restore_directory(target)
    assert (target / "weights").read_bytes() == (b"old" if step < 2 else b"new")
    with atomic_directory(target) as temporary:
        (temporary / "weights").write_bytes(b"newer")
    assert (target / "weights").read_bytes() == b"newer"
    remove_stale(tmp_path, older_than_s=-1)
    assert _names(tmp_path) == ["best"]


def test_restoring_where_nothing_happened_changes_nothing(tmp_path: Path) -> None:
    restore_directory(tmp_path / "best")
    assert _names(tmp_path) == []


def test_removes_only_what_no_writer_touched_for_long(tmp_path: Path) -> None:
    old = time.time() - 7200
    for name in (".old.tmp", ".new.tmp", "kept.tmp"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".folder.tmp").mkdir()
    (tmp_path / ".folder.tmp" / "part").write_bytes(b"")
    for name in (".old.tmp", "kept.tmp", ".folder.tmp"):
        os.utime(tmp_path / name, (old, old))
    assert sorted(place.name for place in remove_stale(tmp_path)) == [".folder.tmp", ".old.tmp"]
    assert _names(tmp_path) == [".new.tmp", "kept.tmp"]


def test_what_a_killed_writer_leaves_is_found_as_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *args, **options: None)
        with pytest.raises(Killed):
            _write_and_raise(atomic_write(tmp_path / "file"), Killed())
    assert len(_names(tmp_path)) == 1
    assert len(remove_stale(tmp_path, older_than_s=-1)) == 1
    assert _names(tmp_path) == []
