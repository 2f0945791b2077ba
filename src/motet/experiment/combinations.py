"""Data sets and tasks in every combination: singles, pairs, and so on up to all.

What belongs to a task that a combination leaves out (its head, its teacher) is left out with it. Data sets keep their
order, and their rows stay where they are: splits are stratified by all tasks, whichever a combination has.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from motet.catalog import component_class
from motet.config.nodes import Node, Path, show_path
from motet.errors import ConfigError
from motet.experiment.settings import Sweep
from motet.tasks.fused.order import in_order
from motet.tasks.map_settings import DenseSettings

A = TypeVar("A")
Sizes = str | Sequence[int | str]

DATA, TASKS = "data", "tasks"
_HEADS = ("model", "heads")
_TEACHERS = ("teachers",)


class TooManyAtOnceError(ConfigError):
    """More are to be combined than there are.

    Parameters
    ----------
    problem
        The message.
    names
        Those that there are.
    """

    def __init__(self, problem: str, names: Sequence[str]) -> None:
        super().__init__(problem)
        self.names = tuple(names)


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """One choice of an axis.

    Parameters
    ----------
    labels
        What it is called, by the path that it sets.
    change
        Makes it: from values to values; None where it makes no sense there.
    """

    labels: Mapping[str, str]
    change: Callable[[Node], Node | None]


def combinations(root: Node, sweep: Sweep, axis: Callable[[tuple[str, ...], Sequence[Move]], A]) -> Iterator[A]:
    """Yield an axis for the combinations of data sets, and one for those of tasks, where they are asked for.

    Raises
    ------
    ConfigError
        If more are to be combined than there are, or nobody says which tasks a data set has.
    """
    known = {name: data_set.known_tasks for name, data_set in sweep.data.items()}
    if sweep.combine.data is not None:
        _check_known(root, known, sweep, "data")
        chosen = subsets(tuple(sweep.data), sweep.combine.data, "combine.data")
        yield axis((DATA,), [_move(DATA, names, _only_data(names, known, sweep)) for names in chosen])
    if sweep.combine.tasks is not None:
        _check_known(root, known, sweep, "tasks")
        tasks = tuple(dict.fromkeys(task for name in sweep.data for task in _in_order(sweep, name, known[name])))
        if not tasks:
            raise ConfigError(
                "combine.tasks: there is no task to combine; combine data sets, as in combine: {data: all}"
            )
        chosen = subsets(tasks, sweep.combine.tasks, "combine.tasks")
        yield axis(
            (TASKS,),
            [
                _move(TASKS, names, _only_tasks(names, known, sweep, exactly=sweep.combine.data is not None))
                for names in chosen
            ],
        )


def subsets(names: Sequence[str], sizes: Sizes, path: str) -> list[tuple[str, ...]]:
    """Return every choice of the sizes that are asked for, small ones first.

    Examples
    --------
    >>> subsets(["a", "b", "c"], [1, "all"], "combine.data")
    [('a',), ('b',), ('c',), ('a', 'b', 'c')]
    """
    total = len(names)
    wanted = set(range(1, total + 1)) if sizes == "all" else {total if size == "all" else int(size) for size in sizes}
    too_many = [size for size in sorted(wanted) if size > total]
    if too_many or not wanted:
        found = f"{too_many[0]} at once" if too_many else "no number"
        there, give = ("is", "give 1") if total == 1 else ("are", f"give numbers from 1 to {total}")
        raise TooManyAtOnceError(f"{path}: {found}, but there {there} {total} ({', '.join(names)}); {give}", names)
    return [choice for size in sorted(wanted) for choice in itertools.combinations(names, size)]


def _move(path: str, names: Sequence[str], change: Callable[[Node], Node | None]) -> Move:
    return Move({path: "+".join(names)}, change)


def _only_data(
    names: Collection[str], known: Mapping[str, frozenset[str] | None], sweep: Sweep
) -> Callable[[Node], Node]:
    absent = _tasks(known.values()) - _tasks(known[name] for name in names)
    derived = [name for name, own in sweep.derive.items() if not absent & set(own.needs)]
    fused = _fused(sweep, lambda task: task not in absent)

    def change(root: Node) -> Node:
        root = _keep(_keep(_keep(root, ("data",), names), ("derive",), derived), ("fuse",), fused)
        gone = absent | (sweep.derive.keys() - set(derived))
        root = _without_targets(root, sweep, _tasks(known[name] for name in names))
        root = _keep(root, _TEACHERS, sweep.teachers.keys() - gone)
        return _keep(root, _HEADS, sweep.model.heads.keys() - gone)

    return change


def _without_targets(root: Node, sweep: Sweep, tasks: Collection[str]) -> Node:
    """Leave out features that are the targets of other tasks only."""
    dense = {
        (task, settings.of)
        for own in sweep.data.values()
        for task, settings in (own.tasks or {}).items()
        if isinstance(settings, DenseSettings) and not sweep.model.reads(settings.of)
    }
    gone = {of for _, of in dense} - {of for task, of in dense if task in tasks}
    parts: list[tuple[str, ...]] = [("features",), ("signal", "inputs")]
    for path in (*parts, *(("data", name, *part) for name in sweep.data for part in parts)):
        there = root.find(path)
        if gone and there is not None and isinstance(there.value, dict) and "kind" not in there.value:
            root = _keep(root, path, there.value.keys() - gone)
    return root


def _only_tasks(
    names: Collection[str], known: Mapping[str, frozenset[str] | None], sweep: Sweep, *, exactly: bool
) -> Callable[[Node], Node | None]:
    """Return what keeps some tasks; where data sets are chosen too, all of them must be used, and have all tasks."""
    strata = {name: _stratifying(sweep, name, own) for name, own in known.items()}
    fused = _fused(sweep, lambda task: task in names)

    def change(root: Node) -> Node | None:
        there = root.find(("data",))
        assert there is not None
        assert isinstance(there.value, dict)
        kept = [name for name in there.value if (known[name] or frozenset()) & set(names)]
        if exactly and (len(kept) < len(there.value) or not set(names) <= _tasks(known[name] for name in kept)):
            return None
        root = _keep(root, ("data",), kept)
        for name in kept:
            root = _keep(root, ("data", name, "tasks"), names)
            root = _with_default(root, ("data", name, "stratify"), strata[name])
        root = _keep(_without_targets(root, sweep, names), ("fuse",), fused)
        return _keep(_keep(root, _TEACHERS, names), _HEADS, names)

    return change


def _fused(sweep: Sweep, is_there: Callable[[str], bool]) -> list[str]:
    """Return the fused tasks of which everything that they are made of is there."""
    found: list[str] = []
    for name, own in in_order(sweep.fuse).items():
        if all(base in found or (base not in sweep.fuse and is_there(base)) for base in own.needs):
            found.append(name)
    return found


def _tasks(known: Iterable[frozenset[str] | None]) -> frozenset[str]:
    return frozenset(task for tasks in known if tasks is not None for task in tasks)


def _keep(root: Node, path: Path, names: Collection[str]) -> Node:
    """Return values with only those entries of the mapping at a path, where there is one."""
    if not isinstance(root.value, dict):
        return root
    if not path:
        return replace(root, value={key: entry for key, entry in root.value.items() if key in names})
    child = root.child(path[0])
    if child is None:
        return root
    return replace(root, value={**root.value, str(path[0]): _keep(child, path[1:], names)})


def _with_default(root: Node, path: Path, value: Any) -> Node:
    """Return values with one at a path whose mapping there is, unless something stands there."""
    assert isinstance(root.value, dict)
    child = root.child(path[0])
    if len(path) == 1:
        return root if child is not None else replace(root, value={**root.value, str(path[0]): Node.of(value)})
    assert child is not None
    return replace(root, value={**root.value, str(path[0]): _with_default(child, path[1:], value)})


def _stratifying(sweep: Sweep, name: str, known: Collection[str] | None) -> list[str]:
    """Return the tasks of a data set by which a split is stratified when it has all of them."""
    declared: Any = sweep.data[name].tasks or {}
    return [
        task
        for task in _in_order(sweep, name, known)
        if task not in declared or getattr(component_class("task", declared[task]), "stratifies", True)
    ]


def _in_order(sweep: Sweep, name: str, known: Collection[str] | None) -> Sequence[str]:
    declared: Any = sweep.data[name].tasks
    return tuple(declared) if declared is not None else sorted(known or ())


def _check_known(root: Node, known: Mapping[str, Collection[str] | None], sweep: Sweep, what: str) -> None:
    """Refuse combinations for which it counts what tasks there are, where only the data tell."""
    if what == "data" and not sweep.model.heads and not sweep.teachers:
        return
    reason = (
        "combine.tasks chooses among them"
        if what == "tasks"
        else "model.heads or teachers name some, and combine.data leaves some out"
    )
    problems = []
    for name, tasks in known.items():
        if tasks is None:
            path: Path = ("data", name)
            place = root.place_of(path, key=True)
            problems.append(
                ": ".join(
                    part
                    for part in (place, show_path((*path, "tasks")), f"declare the tasks, because {reason}")
                    if part
                )
            )
    if problems:
        raise ConfigError(*problems)
