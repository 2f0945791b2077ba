"""Files and directories that appear whole or not at all.

New content is written beside its target under a temporary name, synced, and moved into place. A killed writer
leaves only a temporary file (`.NAME.RANDOM.tmp`), which nobody reads and `remove_stale` removes.
"""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from motet.files.disk import machine_errors, sync_directory

_STALE_S = 3600.0


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file that becomes `path` when the block ends, and vanishes if the block raises.

    Missing parent directories are made. The content is on the disk before the name appears.

    Raises
    ------
    MachineError
        If the place cannot be written; what `path` held before is still there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "settings.json") as file:
    ...         _ = file.write(b"{}")
    ...     (Path(folder) / "settings.json").read_bytes()
    b'{}'
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        yield file


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Like `atomic_write`, for libraries that write a path themselves: yields the temporary path."""
    temporary = _temporary(path)
    try:
        with machine_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _sync_file(temporary)
            os.replace(temporary, path)  # noqa: PTH105 - the commit itself, in the words of its contract
            sync_directory(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty temporary directory that becomes `path`, replacing what was there, when the block ends.

    Replacing takes two renames. A kill between them leaves the old directory under another name, and
    `restore_directory`, which this calls first and readers call before they look, puts it back.

    Raises
    ------
    MachineError
        If the place cannot be written; what `path` held before is still there.
    """
    temporary = _temporary(path)
    old = _set_aside(path)
    try:
        with machine_errors(path):
            restore_directory(path)
            temporary.mkdir(parents=True)
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _sync_file(file)
            if path.exists():
                path.rename(old)
            temporary.rename(path)
            sync_directory(path.parent)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        restore_directory(path)


def restore_directory(path: Path) -> None:
    """Finish a replacement of a directory that was interrupted: afterwards `path` is whole, old or new.

    Raises
    ------
    MachineError
        If the old directory cannot be put back.
    """
    old = _set_aside(path)
    if not old.exists():
        return
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        return
    with machine_errors(path):
        old.rename(path)


def remove_stale(directory: Path, *, older_than_s: float = _STALE_S) -> list[Path]:
    """Remove what killed writers left in a directory, and return it.

    Parameters
    ----------
    older_than_s
        Temporary files that were written to more recently are left alone: their writer may be at work.
    """
    limit = time.time() - older_than_s
    removed = []
    for place in directory.glob(".*.tmp"):
        with suppress(OSError):
            if place.stat().st_mtime > limit:
                continue
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            removed.append(place)
    return removed


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")


def _set_aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.old")


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
