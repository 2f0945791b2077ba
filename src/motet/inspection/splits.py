"""What a publisher's splits and equal contents give away: the same content or group on both sides, unequal labels.

A side is train, dev or test of the partition or of one fold. Rows that are absent from a fold have no side there.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from motet.data.dataset import DataSet
from motet.inspection.problems import Problem, counted

Sides = list[str | None]


def sides_of(data_set: DataSet) -> dict[str, Sides]:
    """Return the side of every row [n] in the partition and in each fold: `{"partition": [...], "fold 1": [...]}`."""
    found: dict[str, Sides] = {}
    if data_set.partitions.present.any():
        found["partition"] = list(data_set.partitions)
    folds = data_set.folds
    for name in dict.fromkeys(fold for roles in folds.values for fold, _ in roles):
        by_code = [dict(roles).get(name) for roles in folds.values]
        found[f"fold {name}"] = [None if code < 0 else by_code[code] for code in folds.codes.tolist()]
    return found


def content_problems(data_set: DataSet, contents: Sequence[Hashable | None]) -> Iterator[Problem]:
    """Yield what equal contents mean.

    Parameters
    ----------
    contents
        What stands for the content of each row [n]; None where it is not known.
    """
    rows_of: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, content in enumerate(contents):
        if content is not None:
            rows_of[content].append(row)
    twins = [rows for rows in rows_of.values() if len(rows) > 1]
    if not twins:
        return
    ids = data_set.ids
    leaking = _across(sides_of(data_set), twins)
    if leaking:
        where = ", ".join(leaking)
        rows = sorted({row for touched in leaking.values() for row in touched})
        yield Problem.of(
            "wrong",
            "content on both sides",
            [ids[row] for row in rows],
            f"{counted(len(rows), 'row')} have content that stands on both sides of {where}",
            "test figures are too good: remove the copies, or give them one group and split anew",
        )
    for task in data_set.task_names:
        targets = data_set.targets(task)
        differ = [rows for rows in twins if len({targets.codes[row] for row in rows if targets.codes[row] >= 0}) > 1]
        if differ:
            rows = [row for group in differ for row in group]
            yield Problem.of(
                "wrong",
                "equal content, unequal targets",
                [ids[row] for row in rows],
                f"{counted(len(rows), 'row')} with equal content have different targets of {task!r}",
                "one of them is wrong: correct it, or use multilabel if both are true",
            )
    copies = [ids[row] for rows in twins for row in rows[1:]]
    yield Problem.of(
        "doubtful",
        "duplicates",
        copies,
        f"{counted(len(copies), 'row')} repeat the content of another, such as {ids[twins[0][1]]} that of "
        f"{ids[twins[0][0]]}",
        "remove the copies, or give all copies of a recording one group",
    )


def group_problems(data_set: DataSet) -> Iterator[Problem]:
    """Yield groups that stand on both sides of a predefined split."""
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    groups = data_set.groups
    for row, code in enumerate(groups.codes.tolist()):
        if code >= 0:
            rows_of[code].append(row)
    for where, rows in _across(sides_of(data_set), list(rows_of.values())).items():
        names = list(dict.fromkeys(str(groups[row]) for row in rows))
        yield Problem.of(
            "wrong",
            "group on both sides",
            names,
            f"{counted(len(names), 'group')} {'stands' if len(names) == 1 else 'stand'} on both sides of {where}",
            "a group is what must not: correct the split, choose another group, or write split: {kind: kfold}",
        )


def _across(sides: Mapping[str, Sides], together: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """Return for each split the rows of those sets that stand on more than one of its sides."""
    found: dict[str, list[int]] = {}
    for where, side in sides.items():
        rows = [row for rows in together if len({side[row] for row in rows} - {None}) > 1 for row in rows]
        if rows:
            found[where] = rows
    return found


def shared_content(contents: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, int]]:
    """Yield pairs of data sets and how many contents they have in common."""
    kept = {name: {content for content in own if content is not None} for name, own in contents.items()}
    names = list(kept)
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            common = len(kept[first] & kept[second])
            if common:
                yield first, second, common
