"""Files that appear whole or not at all.

New content is written beside its target under a temporary name, synced, and moved into place. A killed writer
leaves only a temporary file (`.NAME.RANDOM.tmp`), which nobody reads and `remove_stale` removes.
"""

import os
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
    temporary = _temporary(path)
    try:
        with machine_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                yield file
            _sync_file(temporary)
            os.replace(temporary, path)  # noqa: PTH105 - the commit itself, in the words of its contract
            sync_directory(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


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
            place.unlink()
            removed.append(place)
    return removed


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
