"""The points of a sweep: every axis crossed with every other, each point an experiment with a name of its own.

The order is that of counting: combinations of data sets and tasks first, then `sweep`, then `together`, the last axis
moving fastest. A point's name is made of the ends of its paths and its values, so that it stays the same when values
are added: `data=esc10+fsdd,bands=40`.
"""

import hashlib
import logging
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from motet.config import Context, Tree, validate
from motet.config.describe import check_path
from motet.config.lookup import ABSENT, value_at
from motet.config.nodes import Node, Path, read_path, show_path
from motet.config.overrides import apply_overrides, with_value
from motet.config.problems import in_order
from motet.config.wording import did_you_mean, shown
from motet.config.writing import flow
from motet.errors import ConfigError
from motet.experiment.combinations import Move, combinations
from motet.experiment.settings import VARIATION, Experiment, Sweep
from motet.experiment.settings.sweep import AxisSettings

logger = logging.getLogger("motet")

MAX_POINTS = 10_000
_MAX_LABEL, _MAX_NAME = 40, 150
_UNFIT = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One run of a sweep.

    Parameters
    ----------
    name
        The name of its folder.
    choices
        What was chosen, by the path of the axis: as the file names or writes it.
    experiment
        The whole experiment.
    allow_code
        Whether the user code that the runs of its teachers name may be run.
    """

    name: str
    choices: Mapping[str, str]
    experiment: Experiment
    allow_code: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """All points of a sweep.

    Parameters
    ----------
    experiment
        The experiment of the file, without variation.
    axes
        Their paths, in order; those of a group that moves together stand one after another.
    points
        Those that run.
    skipped
        The names of those that do not, with the condition that says so: `skip.0`.
    """

    experiment: Sweep
    axes: Sequence[str]
    points: Sequence[Point]
    skipped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Moves that exclude each other, and the paths that they set."""

    paths: tuple[str, ...]
    moves: Sequence[Move]

    def applies(self, left_out: Collection[Path]) -> bool:
        """Tell whether some of its paths lead anywhere: not into what a combination leaves out."""
        parts = [read_path(path) for path in self.paths]
        return any(all(path[: len(gone)] != gone for gone in left_out) for path in parts)


def plan_grid(tree: Tree, context: Context) -> Grid:
    """Return the points of a file.

    Raises
    ------
    ConfigError
        With every problem of the file and of its points; those of points name them.
    """
    problems = list(tree.problems)
    root = apply_overrides(tree.root, tree.overrides, Sweep, problems)
    resolved = Tree(root, (), tree.file, tuple(problems))
    sweep = validate(Sweep, resolved, context)
    _check_paths(root, sweep)
    axes = [*combinations(root, sweep, _Axis), *_axes(root, sweep)]
    _check_number(axes)
    _check_overrides(tree, axes)
    base = replace(root, value={key: node for key, node in _entries(root).items() if key not in VARIATION})
    return _grid(sweep, axes, base, resolved, context)


def _grid(sweep: Sweep, axes: Sequence[_Axis], base: Node, tree: Tree, context: Context) -> Grid:
    short = _short_names([path for axis in axes for path in axis.paths])
    points: dict[str, Point] = {}
    skipped: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    used: set[int] = set()
    for root, choices in _crossed(base, axes):
        name = _name(choices, short)
        if name in points or name in skipped:
            raise ConfigError(
                f"sweep: two points are called {name!r}; drop a value that stands twice, or name values with "
                "{values: {NAME: VALUE}}"
            )
        condition = _skipping(sweep.skip, root, choices)
        if condition is not None:
            used.add(condition)
            skipped[name] = f"skip.{condition}"
            continue
        try:
            experiment = validate(Experiment, Tree(root, (), tree.file), context)
            points[name] = Point(name, choices, experiment, context.allow_code)
        except ConfigError as error:
            for problem in error.problems:
                wrong.setdefault(problem, []).append(name)
    if wrong:
        raise ConfigError(*in_order(f"{problem} (in {_told(names)})" for problem, names in wrong.items()))
    if not points:
        raise ConfigError("skip: leaves out every point of the sweep; drop a condition")
    for number in set(range(len(sweep.skip))) - used:
        logger.warning("skip.%d leaves out no point: %s", number, flow(sweep.skip[number]))
    return Grid(sweep, [path for axis in axes for path in axis.paths], list(points.values()), skipped)


def _crossed(
    base: Node, axes: Sequence[_Axis], left_out: frozenset[Path] = frozenset()
) -> Iterator[tuple[Node, dict[str, str]]]:
    """Yield every combination of moves as values, and what was chosen; an axis that leads nowhere does not move."""
    if not axes:
        yield base, {}
        return
    first, rest = axes[0], axes[1:]
    if not first.applies(left_out):
        yield from _crossed(base, rest, left_out)
        return
    for move in first.moves:
        changed = move.change(base)
        for root, choices in () if changed is None else _crossed(changed, rest, left_out | move.left_out):
            yield root, {**move.labels, **choices}


def _axes(root: Node, sweep: Sweep) -> Iterator[_Axis]:
    for path, axis in sweep.sweep.items():
        node = root.find(("sweep", path))
        assert node is not None
        yield _Axis((path,), [_move([(path, *choice)]) for choice in _values(axis, node)])
    for number, group in enumerate(sweep.together):
        columns = []
        for path, axis in group.items():
            node = root.find(("together", number, path))
            assert node is not None
            columns.append([(path, *choice) for choice in _values(axis, node)])
        yield _Axis(tuple(group), [_move(row) for row in zip(*columns, strict=True)])


def _values(axis: Sequence[Any] | AxisSettings, node: Node) -> list[tuple[str, Node]]:
    """Return the values of an axis with their labels, each with the place where it stands."""
    if not isinstance(axis, AxisSettings):
        return [(label(value), _as_set(value, node.place_of((at,)))) for at, value in enumerate(axis)]
    if axis.values is not None:
        return [(name, _as_set(value, node.place_of(("values", name)))) for name, value in axis.values.items()]
    return [(label(value), _as_set(value, node.place)) for value in axis.range()]


def _as_set(value: Any, place: str) -> Node:
    """Return a value as one that an override sets: a change of kind keeps it."""
    return Node.of(value, place, override=True)


def _move(settings: Sequence[tuple[str, str, Node]]) -> Move:
    def change(root: Node) -> Node:
        for path, _, value in settings:
            root = with_value(root, read_path(path), value, Experiment)
        return root

    return Move({path: chosen for path, chosen, _ in settings}, change)


def label(value: Any) -> str:
    """Return a value as it stands in the name of a run: `0.001`, `16-32`, `logmel`; what is long ends in a digest.

    Examples
    --------
    >>> label([16, 32]), label(None), label("a b")
    ('16-32', 'null', 'a-b-fbd987')
    """
    text = _text(value)
    fit = _UNFIT.sub("-", text)
    if fit == text and len(fit) <= _MAX_LABEL:
        return fit
    return f"{fit.strip('-.')[: _MAX_LABEL - 7]}-{hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}".lstrip(
        "-"
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str | int | float) for each in value):
        return "-".join(_text(each) for each in value)
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    return flow(value)


def _name(choices: Mapping[str, str], short: Mapping[str, str]) -> str:
    name = ",".join(f"{short[path]}={chosen}" for path, chosen in choices.items())
    if len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 7]}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}"


def _short_names(paths: Sequence[str]) -> dict[str, str]:
    """Return the shortest end of every path that no other has."""
    parts = {path: read_path(path) for path in paths}

    def end(path: str) -> str:
        own = parts[path]
        for length in range(1, len(own)):
            if sum(other[-length:] == own[-length:] for other in parts.values()) == 1:
                return show_path(own[-length:])
        return path

    return {path: end(path) for path in paths}


def _skipping(conditions: Sequence[Mapping[str, Any]], root: Node, choices: Mapping[str, str]) -> int | None:
    """Return the first condition that holds at a point, or None."""
    for number, condition in enumerate(conditions):
        if all(_holds(root, path, wanted, choices) for path, wanted in condition.items()):
            return number
    return None


def _holds(root: Node, path: str, wanted: Any, choices: Mapping[str, str]) -> bool:
    found = value_at(Experiment, root, read_path(path))
    several = wanted if isinstance(wanted, list) and not isinstance(found, list) else [wanted]
    return any(_equal(found, one) or choices.get(path, ABSENT) == one for one in several)


def _equal(found: Any, wanted: Any) -> bool:
    if found is ABSENT:
        return wanted is None
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)


def _check_paths(root: Node, sweep: Sweep) -> None:
    """Refuse paths that lead to no option, paths that are set twice, groups of unequal length, and no axis at all."""
    places: list[Path] = [("sweep", path) for path in sweep.sweep]
    places += [("together", number, path) for number, group in enumerate(sweep.together) for path in group]
    conditions: list[Path] = [("skip", number, path) for number, each in enumerate(sweep.skip) for path in each]
    problems = [*_unknown(root, [*places, *conditions], [*sweep.data, *_new_data(places)])]
    seen: set[str] = set()
    for place in places:
        if str(place[-1]) in seen:
            problems.append(_line(root, place, "stands here again; one path is one axis"))
        seen.add(str(place[-1]))
    problems += [
        _line(root, ("sweep", path), "has no values; give at least one")
        for path, axis in sweep.sweep.items()
        if axis == ()
    ]
    for number, group in enumerate(sweep.together):
        counts = {
            path: len(axis.values or axis.range() if isinstance(axis, AxisSettings) else axis)
            for path, axis in group.items()
        }
        if len(set(counts.values())) != 1 or 0 in counts.values():
            told = ", ".join(f"{path} has {count}" for path, count in counts.items()) or "it is empty"
            problems.append(_line(root, ("together", number), f"what moves together has equally many values; {told}"))
    if not places and sweep.combine.data is None and sweep.combine.tasks is None:
        problems.append(
            f"{root.place or 'sweep'}: nothing varies; give sweep, together or combine, or use `motet train`"
        )
    if problems:
        raise ConfigError(*in_order(problems))


def _new_data(places: Sequence[Path]) -> Iterator[str]:
    """Yield the names of data sets that an axis sets as a whole, and that the file may be without."""
    paths = [read_path(str(place[-1])) for place in places]
    return (str(path[1]) for path in paths if path[0] == "data" and len(path) == 2)


def _unknown(root: Node, places: Sequence[Path], data_sets: Sequence[str]) -> Iterator[str]:
    for place in places:
        try:
            check_path(Experiment, str(place[-1]))
        except ConfigError as error:
            yield _line(root, place, *error.problems)
            continue
        path = read_path(str(place[-1]))
        if path[0] == "data" and len(path) > 2 and path[1] not in data_sets:
            name = str(path[1])
            instead = did_you_mean(name, data_sets) or f"; there is {', '.join(data_sets)}"
            yield _line(root, place, f"there is no data set {name!r}{instead}")


def _line(root: Node, path: Path, *messages: str) -> str:
    found = root.place_of(path, key=isinstance(path[-1], str))
    return ": ".join(part for part in (found, show_path(path), *messages) if part)


def _check_number(axes: Sequence[_Axis]) -> None:
    number = math.prod(len(axis.moves) for axis in axes)
    if number > MAX_POINTS:
        sizes = " x ".join(str(len(axis.moves)) for axis in axes)
        raise ConfigError(f"sweep: {sizes} are {number:,} points, more than {MAX_POINTS:,}; vary less at once")


def _check_overrides(tree: Tree, axes: Sequence[_Axis]) -> None:
    """Refuse an override of what varies: nobody knows which of both is meant."""
    varied = {read_path(path) for axis in axes for path in axis.paths}
    problems = [
        f"override {text!r}: {shown(show_path(path))} is varied by the sweep; drop one of both, or override "
        f'sweep."{show_path(path)}"'
        for text in tree.overrides
        for path in varied
        if read_path(text.partition("=")[0].strip()) == path
    ]
    if problems:
        raise ConfigError(*problems)


def _told(names: Sequence[str]) -> str:
    more = len(names) - 1
    return f"point {names[0]}" + (f" and {more} more" if more else "")


def _entries(root: Node) -> dict[str, Node]:
    assert isinstance(root.value, dict)
    return root.value
