"""Labels by other names: renamed, merged, dropped; see `motet.data.relabel_settings` for the order.

A label of a single-label task, of a set and of an event are treated alike. Nothing is copied but the few different
targets of a column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from motet.config.wording import did_you_mean
from motet.data.dataset import DataSet
from motet.errors import DataError
from motet.sources.example import Event, Target, is_events, label_set
from motet.tasks.labels import natural_key

_SHOWN = 12


def rename_labels(data_set: DataSet, task: str, names: Mapping[str, str]) -> DataSet:
    """Return a view in which labels have other names.

    Raises
    ------
    DataError
        If a label that is renamed does not occur, or a new name is that of another label that stays.

    Examples
    --------
    >>> from motet.signals.recording import Recording
    >>> from motet.sources.example import Example
    >>> signs = (Example(sign, {"signal": Recording(None)}, {"sign": sign}) for sign in "+-")
    >>> list(rename_labels(DataSet.of("signs", signs), "sign", {"+": "plus"}).targets("sign"))
    ['plus', '-']
    """
    found = check_labels(data_set, task, names)
    staying = [label for label in found if label not in names and label in names.values()]
    if staying:
        label = staying[0]
        old = next(old for old, new in names.items() if new == label)
        raise DataError(
            f"data set '{data_set.name}', task '{task}': map calls {old!r} {label!r}, but there is a label {label!r} "
            "already; write that as merge_labels"
        )
    return _renamed(data_set, task, names)


def merge_labels(data_set: DataSet, task: str, groups: Mapping[str, Sequence[str]]) -> DataSet:
    """Return a view in which each group of labels is one label; labels in no group stay.

    Raises
    ------
    DataError
        If a label of a group does not occur, or a group is called as a label that is not in it.
    """
    names = {old: new for new, labels in groups.items() for old in labels}
    found = check_labels(data_set, task, names)
    staying = [new for new in groups if new in found and names.get(new) != new]
    if staying:
        raise DataError(
            f"data set '{data_set.name}', task '{task}': merge_labels makes a label {staying[0]!r}, which there is "
            f"already; add it to its group, as in {staying[0]}: [{staying[0]}, {', '.join(groups[staying[0]])}]"
        )
    return _renamed(data_set, task, names)


def drop_labels(data_set: DataSet, task: str, labels: Sequence[str]) -> DataSet:
    """Return a view without some labels: rows that have only these leave, sets and events lose them.

    Raises
    ------
    DataError
        If a label does not occur, or no row would be left.
    """
    check_labels(data_set, task, labels)
    kept = data_set
    for label in labels:
        kept = kept.drop_label(task, label)
    if not len(kept):
        raise DataError(
            f"data set '{data_set.name}', task '{task}': drop_labels leaves no row; name fewer labels, or leave the "
            "data set out"
        )
    return kept


def check_labels(data_set: DataSet, task: str, labels: Iterable[str]) -> list[str]:
    """Look whether labels occur in a data set, and return those that do occur, in natural order.

    Raises
    ------
    DataError
        For every one that does not, with the nearest that does.
    """
    found = labels_of(data_set, task)
    problems = [
        f"data set '{data_set.name}', task '{task}': no row has the label {label!r}{did_you_mean(label, found)}; its "
        f"labels are {listed(found)}"
        for label in labels
        if label not in found
    ]
    if problems:
        raise DataError(*problems)
    return found


def labels_of(data_set: DataSet, task: str) -> list[str]:
    """Return the labels that occur in a data set, in natural order."""
    values = data_set.targets(task).counts()
    return sorted({label for value in values for label in label_set(value)}, key=natural_key)


def listed(labels: Sequence[str]) -> str:
    """Name labels for messages, the first few of many."""
    return (", ".join(labels[:_SHOWN]) or "none") + (f" and {len(labels) - _SHOWN} more" * (len(labels) > _SHOWN))


def relabelled(target: Target, name: Callable[[str], str | None]) -> Target | None:
    """Return a target with other labels; a label that becomes None leaves, and a single one leaves no target."""
    if isinstance(target, frozenset):
        return frozenset(new for label in target if (new := name(label)) is not None)
    if is_events(target):
        return tuple(
            Event(event.onset_s, event.offset_s, new) for event in target if (new := name(event.label)) is not None
        )
    return name(str(target))


def _renamed(data_set: DataSet, task: str, names: Mapping[str, str]) -> DataSet:
    column = data_set.table.targets[task]
    values = [relabelled(value, lambda label: names.get(label, label)) for value in column.values]
    table = replace(data_set.table, targets={**data_set.table.targets, task: column.renamed(values)})
    return replace(data_set, table=table)
