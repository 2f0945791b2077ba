"""Tables on disk: CSV, TSV and Parquet, as named columns of cells with a place for each row."""

import csv
import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import ConfigError, DataError, missing_extra
from motet.sources.listing import several
from motet.sources.targets import Cell, Column


@dataclass(frozen=True, slots=True)
class Manifest:
    """A table.

    Parameters
    ----------
    path
        Where it lies.
    columns
        Cells by column; None is missing.
    lines
        The line of each row in the file (in Parquet, the number of the row from 1), for messages.
    """

    path: Path
    columns: Mapping[str, Sequence[Cell]]
    lines: Sequence[int]

    def column(self, name: str) -> Column:
        """Return a column.

        Raises
        ------
        ConfigError
            If there is none of that name; the message gives the nearest one.
        """
        if name not in self.columns:
            near = difflib.get_close_matches(name, self.columns, n=1)
            hint = f"did you mean '{near[0]}'? It has" if near else "it has"
            raise ConfigError(f"{self.path}: there is no column '{name}'; {hint} {', '.join(self.columns)}")
        return Column(name, self.columns[name], self.place)

    def text(self, name: str) -> list[str]:
        """Return a column as text.

        Raises
        ------
        DataError
            If a cell is missing.
        """
        column = self.column(name)
        absent = [f"{self.place(row)}: {name} is missing" for row, cell in enumerate(column.cells) if cell is None]
        if absent:
            raise several(absent, "fill in these cells or remove the rows")
        return [str(cell) for cell in column.cells]

    def place(self, row: int) -> str:
        """Name a row for messages."""
        return f"{self.path}:{self.lines[row]}"


def read_manifest(path: Path, *, delimiter: str | None = None, missing: Collection[str] = ("",)) -> Manifest:
    """Read a table; white space around cells is not part of them.

    Parameters
    ----------
    path
        A `.parquet` file, or text with a header.
    delimiter
        What separates cells of text; by default a tab in `.tsv` files, else a comma.
    missing
        Cells that mean that nothing is known.

    Raises
    ------
    DataError
        If the file is missing, has no rows, is not UTF-8, names a column twice, or a row has too many or few cells.
    MachineError
        If it is a Parquet file and pyarrow is not installed.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; correct the path")
    if path.suffix.lower() == ".parquet":
        return _from_parquet(path, frozenset(missing))
    return _from_text(path, delimiter or ("\t" if path.suffix.lower() == ".tsv" else ","), frozenset(missing))


def _from_text(path: Path, delimiter: str, missing: frozenset[str]) -> Manifest:
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: is not a table of text ({error}); correct it, or set `delimiter`") from None
    if len(rows) < 2:
        raise DataError(f"{path}: has no rows; a table has a header and a row for each example")
    header = [cell.strip() for cell in rows[0]]
    _check_shape(path, header, rows[1:], lines[1:], delimiter)
    columns = {
        name: [None if (cell := row[number].strip()) in missing else cell for row in rows[1:]]
        for number, name in enumerate(header)
    }
    return Manifest(path, columns, lines[1:])


def _check_shape(path: Path, header: list[str], rows: list[list[str]], lines: list[int], delimiter: str) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}: the header names {', '.join(twice)} more than once; give every column its own name")
    wrong = [(line, len(row)) for line, row in zip(lines, rows, strict=True) if len(row) != len(header)]
    if wrong:
        raise several(
            (f"{path}:{line}: has {count} cells, the header has {len(header)}" for line, count in wrong),
            f"correct these rows (cells with a '{delimiter}' inside need quotes), or set `delimiter`",
        )


def _from_parquet(path: Path, missing: frozenset[str]) -> Manifest:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise missing_extra("pyarrow", "parquet", "reading Parquet manifests") from None
    try:
        with ParquetFile(path) as file:
            table = file.read()
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: cannot be read as Parquet ({reason}); write the file again") from None
    columns = {name: [_cell(value, missing) for value in table[name].to_pylist()] for name in table.column_names}
    if not table.num_rows:
        raise DataError(f"{path}: has no rows; a table has a row for each example")
    return Manifest(path, columns, range(1, table.num_rows + 1))


def _cell(value: Any, missing: frozenset[str]) -> Cell:
    if isinstance(value, str):
        return None if (text := value.strip()) in missing else text
    if isinstance(value, float) and math.isnan(value):
        return None  # what pandas writes for a missing number
    if value is None or isinstance(value, bool | int | float):
        return value
    return frozenset(map(str, value)) if isinstance(value, list) else str(value)
