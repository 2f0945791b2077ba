"""The folder `evaluation_setup` of the DCASE data sets of Tampere: which recordings train and which test.

Development sets have folds: `foldN_train.txt` and `foldN_evaluate.txt`, and `foldN_test.txt`, the same recordings
without their labels. Evaluation sets have no list to train on, and all that they list tests: `test.txt` and
`evaluate.txt`, of the mobile sets from 2020 on `fold1_test.csv`; where labels are kept back, there is no list that
evaluates. Recordings stand in the first column; later editions write .csv with a header. Data sets of events put the
scene in front: `street_fold1_train.txt`, `street_test.txt`. What recordings of a set of scenes were called before they
got numbers says `map.txt` (2017), or the third column of `evaluate.txt` (2016).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from motet.errors import DataError
from motet.sources.corpora.clips import read_rows
from motet.sources.example import Role
from motet.sources.listing import list_files

FOLDER = "evaluation_setup"
_LIST = re.compile(
    r"(?:(?P<scene>(?!fold[0-9]+_).+?)_)?"
    r"(?:fold(?P<fold>[0-9]+)_(?P<part>train|test|evaluate)|(?P<whole>test|evaluate))\.(?:txt|csv)"
)
Part = Literal["train", "test", "evaluate"]


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a list: its place for messages, the fold and the part of its list, and its cells.

    Parameters
    ----------
    fold
        None in an evaluation set, which tests in every fold.
    part
        `test` lists have no labels.
    """

    place: str
    fold: str | None
    part: Part
    cells: Sequence[str]

    @property
    def role(self) -> Role:
        """What the list is for."""
        return "train" if self.part == "train" else "test"


def read_lists(folder: Path, *, scene: str | None = None) -> list[ListRow]:
    """Read the lists in a data set's folder: those of its folds, else those of an evaluation set.

    Parameters
    ----------
    scene
        What stands in front of the names of the lists; by default nothing.

    Raises
    ------
    DataError
        If there are no such lists.
    """
    found = [match for match in _lists(folder) if match["scene"] == scene]
    developed = any(match["part"] == "train" for match in found)
    rows = [
        ListRow(place, match["fold"] if developed else None, cast("Part", match["part"] or match["whole"]), cells)
        for match in found
        if match["fold"] or not developed
        for place, cells in read_rows(folder / FOLDER / match.string, columns=1, header="filename")
    ]
    if not rows:
        first = f"{scene}_" if scene else ""
        raise DataError(
            f"{folder / FOLDER}: holds no lists such as {first}fold1_train.txt or, of an evaluation set, "
            f"{first}test.txt; restore them, or correct `path`"
        )
    return rows


def only_test(rows: Sequence[ListRow]) -> bool:
    """Tell whether lists are those of an evaluation set."""
    return all(row.fold is None for row in rows)


def recordings_of(rows: Sequence[ListRow]) -> list[str]:
    """Return every recording once, in the order of the lists."""
    return list(dict.fromkeys(row.cells[0] for row in rows))


def scenes_of(folder: Path) -> list[str]:
    """Return what stands in front of the names of the lists of a data set of events."""
    return sorted({match["scene"] for match in _lists(folder) if match["scene"]})


def roles_in_folds(rows: Sequence[ListRow]) -> Mapping[str, dict[str, Role]]:
    """Return the `folds` of each recording that a list names; none in an evaluation set.

    Raises
    ------
    DataError
        If a fold both trains and tests on a recording.
    """
    roles: dict[str, dict[str, Role]] = {}
    for row in rows:
        of_recording = roles.setdefault(row.cells[0], {})
        if row.fold is not None and of_recording.setdefault(row.fold, row.role) != row.role:
            raise DataError(
                f"{row.place}: fold {row.fold} trains and tests on {row.cells[0]}; restore the lists in {FOLDER}"
            )
    return roles


def former_names(folder: Path, rows: Sequence[ListRow]) -> dict[str, str]:
    """Return what the recordings of an evaluation set were called before, where `map.txt` or its lists say it."""
    path = folder / FOLDER / "map.txt"
    mapped = {cells[1]: cells[0] for _, cells in read_rows(path, columns=2)} if path.is_file() else {}
    return {row.cells[0]: row.cells[2] for row in rows if row.part == "evaluate" and len(row.cells) > 2} | mapped


def _lists(folder: Path) -> list[re.Match[str]]:
    names = list_files(str(folder / FOLDER), extensions=[".txt", ".csv"])
    return [match for name in names if (match := _LIST.fullmatch(name))]
