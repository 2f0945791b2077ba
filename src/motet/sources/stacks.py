"""Stacks: arrays and text files whose first axis, or whose lines, are the examples of a data set.

They lie together in an .npz archive, where a name is a key, or in a folder, where a name is a file in it.
"""

import difflib
import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from motet.errors import ConfigError, DataError
from motet.signals.readers.by_suffix import TEXT_SUFFIXES
from motet.sources.listing import list_files
from motet.sources.targets import Cell, Column

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_KINDS = "biufU"
_UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class StackPlace:
    """An .npz archive or a folder of arrays.

    Parameters
    ----------
    path
        The archive or the folder.
    names
        The keys of the archive, or the files of the folder.
    """

    path: Path
    names: Sequence[str]

    @classmethod
    def of(cls, path: Path) -> "StackPlace":
        """Look at a place.

        Raises
        ------
        DataError
            If there is nothing, or the archive is damaged.
        """
        if path.suffix.lower() != ".npz":
            return cls(path, list_files(str(path)))
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(".npy")]
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: cannot be read as an .npz archive ({error}); correct `path`") from None
        return cls(path, sorted(name.removesuffix(".npy") for name in names))

    @property
    def is_archive(self) -> bool:
        """Whether names are keys."""
        return self.path.suffix.lower() == ".npz"

    def find(self, wanted: Sequence[str], setting: str) -> list[str]:
        """Return the names that exact names and wildcards stand for, each once.

        Raises
        ------
        ConfigError
            If one stands for nothing; the message gives the nearest name.
        """
        found: list[str] = []
        for wildcard in wanted:
            matching = [wildcard] if wildcard in self.names else [n for n in self.names if fnmatchcase(n, wildcard)]
            if not matching:
                near = difflib.get_close_matches(wildcard, self.names, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it holds {', '.join(self.names[:10]) or 'nothing'}"
                raise ConfigError(f"source.{setting}: '{wildcard}' is not in {self.path}; {hint}")
            found += matching
        return list(dict.fromkeys(found))

    def find_one(self, wanted: str, setting: str) -> str:
        """Return the name that an exact name or a wildcard stands for.

        Raises
        ------
        ConfigError
            If it stands for none or for several.
        """
        found = self.find([wanted], setting)
        if len(found) > 1:
            raise ConfigError(f"source.{setting}: '{wanted}' stands for {', '.join(found)}; it must be one: name it")
        return found[0]

    def file(self, name: str) -> Path:
        """Return the file that holds an array."""
        return self.path if self.is_archive else self.path / name

    def key(self, name: str) -> str | None:
        """Return the key of an array in its file; None where the file holds no other."""
        return name if self.is_archive else None

    def is_text(self, name: str) -> bool:
        """Whether an array is a text file."""
        return not self.is_archive and Path(name).suffix.lower() in TEXT_SUFFIXES

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array (of a text file, its number of rows alone) without reading it.

        Raises
        ------
        DataError
            If it is not an array.
        """
        path = self.file(name)
        if self.is_text(name):
            return (_num_rows(path),)
        try:
            if not self.is_archive:
                return tuple(np.load(path, mmap_mode="r", allow_pickle=False).shape)
            with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
                version = npy_format.read_magic(file)
                read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
                return tuple(read(file)[0])
        except (AttributeError, *_UNREADABLE) as error:
            raise _not_an_array(self._place(name), error) from None

    def columns(self, name: str) -> list[Column]:
        """Return an array of targets, groups or folds as columns, one cell for each example.

        Raises
        ------
        DataError
            If it is not an array [N] or [N, K] of numbers or text.
        """
        rows = _text_rows(self.file(name)) if self.is_text(name) else self._rows(name)
        place = self._place(name)
        return [
            Column(str(number), cells, lambda row: f"{place} row {row}")
            for number, cells in enumerate(zip(*rows, strict=True))
        ]

    def _rows(self, name: str) -> list[list[Cell]]:
        place = self._place(name)
        try:
            values = self._load(name)
        except _UNREADABLE as error:
            raise _not_an_array(place, error) from None
        if values.dtype.kind not in _KINDS or values.ndim not in (1, 2) or 0 in values.shape:
            raise DataError(
                f"{place}: is {values.dtype} of shape {list(values.shape)}; what is known of examples is numbers or "
                "text of shape [N] or [N, K]: save it so"
            )
        return [[_cell(value) for value in row] for row in values.reshape(len(values), -1).tolist()]

    def _load(self, name: str) -> NDArray[Any]:
        if not self.is_archive:
            single: NDArray[Any] = np.load(self.file(name), allow_pickle=False)
            return single
        with np.load(self.path, allow_pickle=False) as archive:
            values: NDArray[Any] = archive[name]
        return values

    def _place(self, name: str) -> str:
        return f"{self.path}:{name}" if self.is_archive else str(self.path / name)


def _cell(value: Any) -> Cell:
    return None if value == "" or (isinstance(value, float) and math.isnan(value)) else value


def _num_rows(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if not line.isspace() and not line.startswith(b"#"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); restore the file") from None


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error}); restore it or save it as UTF-8") from None
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _text_rows(path: Path) -> list[list[Cell]]:
    """Return the cells of a text file. A line of white space and words is one label, one of numbers is several."""
    lines = _lines(path)
    delimiter = _DELIMITERS.get(path.suffix.lower())
    rows = [[cell.strip() for cell in line.split(delimiter)] for line in lines]
    if delimiter is None and not all(_is_number(cell) for row in rows for cell in row):
        rows = [[line.strip()] for line in lines]
    if len({len(row) for row in rows}) != 1:
        counts = ", ".join(str(count) for count in sorted({len(row) for row in rows})) or "no"
        raise DataError(f"{path}: has rows of {counts} cells; all rows must have the same number: correct the file")
    return [[cell or None for cell in row] for row in rows]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _not_an_array(place: str, error: Exception) -> DataError:
    return DataError(
        f"{place}: is not an array that can be read without running code ({error}); save plain numbers or text with "
        "numpy.save or numpy.savez"
    )
