"""Numbers in text files: one recording a file (time goes down, channels across), or one recording a row.

Text is UTF-8; lines that begin with # are comments. The first line that is not all numbers is the header.
"""

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.places import file_mark
from motet.signals.readers.spans import checked, sample_span
from motet.signals.signal import Signal

_MATRICES_KEPT = 64
_SUFFIX_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file with one sample of every channel a line.

    Parameters
    ----------
    path
        The file.
    rate_hz
        Samples per second.
    delimiter
        What separates columns; None: a comma in .csv, a tab in .tsv, else white space.
    columns
        The columns that become channels, by name in the header or by number from 0; None: all.
    skip_rows
        Lines to skip at the top, before the header.
    """

    path: Path
    rate_hz: float
    delimiter: str | None = None
    columns: tuple[str | int, ...] | None = None
    skip_rows: int = 0

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Read the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the file is missing, empty, no text, not numbers, ragged, lacks a column, or a value is not finite.
        """
        place = str(self.path)
        file_mark(self.path)
        values = self._numbers().T
        start, stop = sample_span(start_s, end_s, self.rate_hz, values.shape[1], place)
        return Signal(checked(values[:, start:stop], place), self.rate_hz, start / self.rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the file and the way it is read."""
        way = f"TextFile {self.rate_hz!r} {self._separator()!r} {self.columns!r} {self.skip_rows}"
        return hashlib.blake2b(cache.digest(self.path) + way.encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Return the path."""
        return str(self.path)

    def _separator(self) -> str | None:
        return self.delimiter or _SUFFIX_DELIMITERS.get(self.path.suffix.lower())

    def _numbers(self) -> NDArray[np.float64]:
        """Return the chosen columns, shape [T, C]."""
        separator = self._separator()
        num_lines, header = _top(self.path, self.skip_rows, separator)
        chosen = None if self.columns is None else [_position(column, header, self.path) for column in self.columns]
        return _parsed(self.path, num_lines, separator, chosen)


@dataclass(frozen=True, slots=True)
class TextRows:
    """One row of several text matrices, each of them a channel, as in UCI HAR.

    Parameters
    ----------
    paths
        One file a channel; row i of each holds recording i, its samples separated by white space. The files are
        parsed once and kept.
    rate_hz
        Samples per second.
    row
        Which recording, from 0.
    """

    paths: tuple[Path, ...]
    rate_hz: float
    row: int

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Read the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If a file is missing, empty, not a matrix of numbers or lacks the row, the rows differ in length, or a
            value is not finite.
        """
        place = self.describe()
        rows = [self._row(path) for path in self.paths]
        if len({len(row) for row in rows}) > 1:
            lengths = ", ".join(f"{path.name} {len(row)}" for path, row in zip(self.paths, rows, strict=True))
            raise DataError(f"{place}: the channels differ in length ({lengths}); they must have equal columns")
        start, stop = sample_span(start_s, end_s, self.rate_hz, len(rows[0]), place)
        return Signal(checked(np.stack(rows)[:, start:stop], place), self.rate_hz, start / self.rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the files, the row, and the rate."""
        contents = b"".join(cache.digest(path) for path in self.paths)
        return hashlib.blake2b(contents + f"TextRows {self.rate_hz!r} {self.row}".encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Name the first file, how many there are, and the row."""
        others = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{others} (row {self.row})"

    def _row(self, path: Path) -> NDArray[np.float32]:
        matrix = text_matrix(path)
        if not 0 <= self.row < len(matrix):
            raise DataError(f"{path}: there is no row {self.row}, the rows are 0 to {len(matrix) - 1}; correct the row")
        row: NDArray[np.float32] = matrix[self.row]
        return row


def text_matrix(path: Path) -> NDArray[np.float32]:
    """Return the numbers of a text file without a header, shape [rows, columns]; parsed once and kept.

    Raises
    ------
    DataError
        If the file is missing, empty, no text, not numbers, or ragged.
    """
    return _matrix(path, *file_mark(path))


@lru_cache(maxsize=_MATRICES_KEPT)
def _matrix(path: Path, num_bytes: int, changed_ns: int) -> NDArray[np.float32]:
    """Parse a file; its size and time of change are part of the cache's key."""
    return _parsed(path, 0, None, None).astype(np.float32)


def _top(path: Path, skip_rows: int, separator: str | None) -> tuple[int, list[str] | None]:
    """Return how many lines come before the numbers, and the header's names if there is one."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            content = _content(file, skip_rows)
            number, first = next(content, (0, ""))
            names = [name.strip().strip('"') for name in first.split(separator)]
            if _all_numbers(names):
                return skip_rows, None
            if next(content, None) is not None:
                return number + 1, names
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    raise DataError(f"{path}: holds no rows of numbers; replace it or leave it out")


def _content(lines: Iterator[str], skip_rows: int) -> Iterator[tuple[int, str]]:
    """Yield the number and text of every line that is neither skipped, blank nor a comment."""
    for number, line in enumerate(lines):
        text = line.partition("#")[0].strip("\r\n")
        if number >= skip_rows and text.strip():
            yield number, text


def _all_numbers(texts: list[str]) -> bool:
    try:
        for text in texts:
            float(text)
    except ValueError:
        return False
    return True


def _position(column: str | int, header: list[str] | None, path: Path) -> int:
    if isinstance(column, int):
        return column
    if header is None:
        raise DataError(f"{path}: there is no header to look up column '{column}' in; give columns by number from 0")
    if column not in header:
        near = difflib.get_close_matches(column, header, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else f"the header has: {', '.join(header)}"
        raise DataError(f"{path}: there is no column '{column}'; {remedy}")
    return header.index(column)


def _parsed(path: Path, num_lines: int, separator: str | None, columns: list[int] | None) -> NDArray[np.float64]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            numbers: NDArray[np.float64] = np.loadtxt(
                file, delimiter=separator, skiprows=num_lines, usecols=columns, quotechar='"', ndmin=2
            )
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from error
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path}: {str(error).rstrip('.;')}; every row must hold the same columns of "
            "numbers: correct the file, or set signal.reader.delimiter, columns or skip_rows"
        ) from error
    return numbers


def _not_text(path: Path, error: UnicodeDecodeError) -> DataError:
    return DataError(
        f"{path}: no UTF-8 text (byte {error.start} is {error.object[error.start]:#04x}); convert the file to UTF-8 "
        "text, replace it, or leave it out"
    )
