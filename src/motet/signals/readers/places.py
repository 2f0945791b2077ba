"""What can be wrong with a file before a byte of it is understood."""

import os
from pathlib import Path

from motet.errors import DataError


def file_mark(path: Path) -> tuple[int, int]:
    """Return a file's size in bytes and its time of change in nanoseconds; both change when the content does.

    Raises
    ------
    DataError
        If there is no such file, it is a folder, it is empty, or it may not be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path}: no such file; correct the path or restore the file") from error
    if path.is_dir():
        raise DataError(f"{path}: this is a folder and a file is needed; correct the path")
    if status.st_size == 0:
        raise DataError(f"{path}: the file is empty (0 bytes); replace it or leave it out")
    if not os.access(path, os.R_OK):
        raise DataError(f"{path}: the file may not be read; change its permissions")
    return status.st_size, status.st_mtime_ns
