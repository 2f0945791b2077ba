"""Rows of a data set of Hugging Face `datasets` that lies on the disk, as `save_to_disk` writes it.

Arrow tables are mapped, not loaded. Only cells are read, and sounds are decoded here: nothing of the data set is run,
nothing is unpickled, and nothing is downloaded.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motet.errors import DataError, missing_extra
from motet.files.digest_cache import DigestCache
from motet.signals.readers.arrays import ArraySignal
from motet.signals.readers.audio import AudioFile, decoded
from motet.signals.signal import Signal

_SETS_KEPT_OPEN = 8
_STATES = ("dataset_dict.json", "state.json")


@dataclass(frozen=True, slots=True)
class HuggingFaceRow:
    """The recording in one cell.

    Parameters
    ----------
    folder
        The saved data set.
    split
        The name of the split; empty where the data set has none.
    row
        The row, from 0.
    column
        The column of the recording: sounds, or lists of numbers [T] or [C, T].
    rate_hz
        Samples per second of lists.
    """

    folder: Path
    split: str
    row: int
    column: str
    rate_hz: float | None = None

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Decode the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the cell holds no recording, or one that cannot be used.
        """
        content, place = self._content(), self.describe()
        if isinstance(content, bytes):
            return decoded(io.BytesIO(content), place, start_s, end_s)
        if isinstance(content, Path):
            return AudioFile(content).read(start_s, end_s)
        if self.rate_hz is None:
            raise DataError(f"{place}: holds numbers, which carry no sampling rate; set source.rate_hz")
        return ArraySignal(content, self.rate_hz).read(start_s, end_s)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the cell and the way it is read."""
        content = self._content()
        if isinstance(content, Path):
            return cache.digest(content)
        if isinstance(content, bytes):
            return hashlib.blake2b(content, digest_size=16).digest()
        return ArraySignal(content, self.rate_hz or 0.0).digest(cache)

    def describe(self) -> str:
        """Name the cell for messages."""
        return f"{self.folder}{f' {self.split}' if self.split else ''} row {self.row} ({self.column})"

    def _content(self) -> Any:
        cell = saved(self.folder)[self.split].data.column(self.column)[self.row].as_py()
        if isinstance(cell, dict) and cell.get("bytes"):
            return bytes(cell["bytes"])
        if isinstance(cell, dict) and cell.get("path"):
            return Path(cell["path"])
        if isinstance(cell, list) and cell:
            try:
                return np.asarray(cell, dtype=np.float32)
            except (ValueError, TypeError):
                pass  # lists of unequal lengths, or of text
        raise DataError(f"{self.describe()}: holds no sound and no list of numbers; name the column in `recording`")


def saved(folder: Path) -> dict[str, Any]:
    """Return the splits of a saved data set by name; one without splits has the name "".

    Raises
    ------
    DataError
        If the folder holds no saved data set, or a damaged one.
    MachineError
        If `datasets` is not installed.
    """
    state = next((folder / name for name in _STATES if (folder / name).is_file()), None)
    if state is None:
        raise DataError(
            f"{folder}: is no data set that `save_to_disk` has written (there is no {' or '.join(_STATES)}); load "
            "yours with the library `datasets` and save it there"
        )
    return _opened(folder.resolve(), state.stat().st_mtime_ns)


@lru_cache(maxsize=_SETS_KEPT_OPEN)
def _opened(folder: Path, changed_ns: int) -> dict[str, Any]:
    """Open a data set; the time of change of its description is part of the cache's key."""
    try:
        import datasets
    except ImportError:
        raise missing_extra("datasets", "huggingface", "reading saved data sets of Hugging Face") from None
    try:
        found = datasets.load_from_disk(str(folder))
    except Exception as error:  # pyarrow and the library raise errors of many kinds for damaged files
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise DataError(f"{folder}: cannot be opened as a saved data set ({reason}); save it again") from error
    return dict(found) if isinstance(found, datasets.DatasetDict) else {"": found}
