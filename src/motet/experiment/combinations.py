"""Data sets and tasks in every combination: singles, pairs, and so on up to all.

What belongs to a data set or a task that a combination leaves out is left out with it; see `left_out`. Data sets keep
their order, and their rows stay where they are: splits are stratified by all tasks, whichever a combination has.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from motet.catalog import component_class
from motet.config.nodes import Node, Path, show_path
from motet.errors import ConfigError
from motet.experiment.left_out import Known, known_tasks, left_out, union, without
from motet.experiment.settings import Sweep

A = TypeVar("A")
Sizes = str | Sequence[int | str]

DATA, TASKS = "data", "tasks"


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
    left_out
        Below which paths nothing is said where it is made.
    """

    labels: Mapping[str, str]
    change: Callable[[Node], Node | None]
    left_out: frozenset[Path] = frozenset()


def combinations(root: Node, sweep: Sweep, axis: Callable[[tuple[str, ...], Sequence[Move]], A]) -> Iterator[A]:
    """Yield an axis for the combinations of data sets, and one for those of tasks, where they are asked for.

    Raises
    ------
    ConfigError
        If more are to be combined than there are, or nobody says which tasks a data set has.
    """
    known = known_tasks(sweep)
    if sweep.combine.data is not None:
        _check_known(root, known, sweep, "data")
        chosen = subsets(tuple(sweep.data), sweep.combine.data, "combine.data")
        yield axis((DATA,), [_only_data(names, known, sweep) for names in chosen])
    if sweep.combine.tasks is not None:
        _check_known(root, known, sweep, "tasks")
        tasks = tuple(dict.fromkeys(task for name in sweep.data for task in _in_order(sweep, name, known[name])))
        if not tasks:
            raise ConfigError(
                "combine.tasks: there is no task to combine; combine data sets, as in combine: {data: all}"
            )
        chosen = subsets(tasks, sweep.combine.tasks, "combine.tasks")
        exactly = sweep.combine.data is not None
        yield axis((TASKS,), [_only_tasks(names, known, sweep, exactly=exactly) for names in chosen])


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


def _only_data(names: Sequence[str], known: Known, sweep: Sweep) -> Move:
    gone = left_out(sweep, known, names, union(known[name] for name in names))
    return Move({DATA: "+".join(names)}, lambda root: without(root, gone), gone)


def _only_tasks(names: Sequence[str], known: Known, sweep: Sweep, *, exactly: bool) -> Move:
    """Return what keeps some tasks; where data sets are chosen too, all of them must be used, and have all tasks."""
    kept = [name for name, tasks in known.items() if union([tasks]) & set(names)]
    strata = {name: _stratifying(sweep, name, known[name]) for name in kept}
    gone = left_out(sweep, known, kept, names, strata)

    def change(root: Node) -> Node | None:
        there = root.find(("data",))
        assert there is not None
        assert isinstance(there.value, dict)
        if exactly and not (
            there.value.keys() <= set(kept) and set(names) <= union(known[name] for name in there.value)
        ):
            return None
        root = without(root, gone)
        for name in there.value.keys() & set(kept):
            root = _with_default(root, ("data", name, "stratify"), strata[name])
        return root

    return Move({TASKS: "+".join(names)}, change, gone)


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


def _check_known(root: Node, known: Known, sweep: Sweep, what: Literal["data", "tasks"]) -> None:
    """Refuse combinations for which it counts what tasks there are, where only the data tell."""
    if what == "data" and not (sweep.model.heads or sweep.teachers or sweep.derive or sweep.fuse):
        return
    reason = (
        "combine.tasks chooses among them"
        if what == "tasks"
        else "model.heads, teachers, derive or fuse name some, and combine.data leaves some out"
    )
    problems = []
    for name, tasks in known.items():
        several = what == "tasks" and sweep.data[name].tasks is None and len(tasks or ()) > 1
        if tasks is None or several:
            path: Path = ("data", name)
            told = [root.place_of(path, key=True), show_path((*path, "tasks")), f"declare the tasks, because {reason}"]
            problems.append(": ".join(part for part in told if part))
    if problems:
        raise ConfigError(*problems)
