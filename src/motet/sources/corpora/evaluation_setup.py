"""The folder `evaluation_setup` of the DCASE data sets of Tampere: which recordings each fold trains and tests on.

`foldN_train.txt` and `foldN_evaluate.txt` (or `foldN_test.txt`, the same files without their labels) list recordings
in their first column; later editions write .csv with a header. Data sets of events put the scene in front:
`street_fold1_train.txt`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.sources.corpora.clips import read_rows
from motet.sources.example import Role
from motet.sources.listing import list_files

_FOLDER = "evaluation_setup"
_LIST = re.compile(r"(?:(?P<scene>.+)_)?fold(?P<fold>[0-9]+)_(?P<part>train|test|evaluate)\.(?:txt|csv)")
_ROLES: dict[str, Role] = {"train": "train", "test": "test", "evaluate": "test"}


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A row of a list: its place for messages, the fold and the role that the list gives, and its cells."""

    place: str
    fold: str
    role: Role
    cells: Sequence[str]


def read_folds(folder: Path, *, scene: str | None = None) -> list[FoldRow]:
    """Read every list of the folds in a data set's folder.

    Parameters
    ----------
    scene
        What stands in front of the names of the lists; by default nothing.

    Raises
    ------
    DataError
        If there are no such lists.
    """
    rows: list[FoldRow] = []
    for name in list_files(str(folder / _FOLDER), extensions=[".txt", ".csv"]):
        match = _LIST.fullmatch(name)
        if match is not None and match["scene"] == scene:
            role = _ROLES[match["part"]]
            found = read_rows(folder / _FOLDER / name, columns=1, header="filename")
            rows += [FoldRow(place, match["fold"], role, cells) for place, cells in found]
    if not rows:
        wanted = f"{scene}_fold1_train.txt" if scene else "fold1_train.txt"
        raise DataError(f"{folder / _FOLDER}: holds no lists such as {wanted}; restore them, or correct `path`")
    return rows


def scenes_of(folder: Path) -> list[str]:
    """Return what stands in front of the names of the lists of a data set of events."""
    names = list_files(str(folder / _FOLDER), extensions=[".txt", ".csv"])
    return sorted({match["scene"] for name in names if (match := _LIST.fullmatch(name)) and match["scene"]})


def roles_in_folds(rows: Sequence[FoldRow]) -> Mapping[str, dict[str, Role]]:
    """Return the `folds` of each recording that a list names.

    Raises
    ------
    DataError
        If a fold both trains and tests on a recording.
    """
    roles: dict[str, dict[str, Role]] = {}
    for row in rows:
        of_recording = roles.setdefault(row.cells[0], {})
        if of_recording.setdefault(row.fold, row.role) != row.role:
            raise DataError(
                f"{row.place}: fold {row.fold} trains and tests on {row.cells[0]}; restore the lists in {_FOLDER}"
            )
    return roles
