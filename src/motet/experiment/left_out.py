"""What belongs to data sets and tasks that a combination leaves out, and is left out with them.

A path leads to an option, or, where it ends in a list of names, to one of these: `model.heads.digit.inputs_from.scene`.
What a path names says nothing in that combination, and no axis below it moves.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from motet.config.nodes import Node, Path
from motet.data.settings import sampled_task
from motet.experiment.settings import DataSetSettings, Sweep
from motet.experiment.settings.data_set import by_name
from motet.tasks.fused.order import in_order
from motet.tasks.map_settings import DenseSettings
from motet.training.procedure_settings import AdversarialSettings, GanSettings

Known = Mapping[str, frozenset[str] | None]


def known_tasks(sweep: Sweep) -> dict[str, frozenset[str] | None]:
    """Return the tasks of every data set, with those that the experiment derives; None where only the data tell."""
    return {name: _with_derived(own, sweep) for name, own in sweep.data.items()}


def left_out(
    sweep: Sweep,
    known: Known,
    data: Collection[str],
    tasks: Collection[str],
    strata: Mapping[str, Collection[str]] | None = None,
) -> frozenset[Path]:
    """Return the paths of all that a combination leaves out.

    Parameters
    ----------
    known
        The tasks of every data set.
    data, tasks
        The data sets and the tasks that it has.
    strata
        By data set, further targets that its rows are split by.
    """
    gone = union(known.values()) - frozenset(tasks)
    unfused = sweep.fuse.keys() - set(_fused(sweep, gone))
    needed = {name: _needed(sweep, name, known[name], tasks, (strata or {}).get(name, ())) for name in data}
    return frozenset(
        [
            *(("data", name) for name in sweep.data if name not in data),
            *(("data", name, "tasks", task) for name in data for task in sweep.data[name].tasks or () if task in gone),
            *(
                ("data", name, "derive", task)
                for name in data
                for task in sweep.data[name].derive.keys() - needed[name]
            ),
            *(("derive", task) for task in sweep.derive.keys() - union(needed.values())),
            *(("fuse", name) for name in unfused),
            *((*place, task) for task in gone for place in (("model", "heads"), ("teachers",))),
            *_fed_by(sweep, gone),
            *_taught(sweep, data),
            *_inputs(sweep, data),
            *_map_targets(sweep, tasks),
            *_trained_by(sweep, gone, tasks, {*gone, *unfused}),
        ]
    )


def without(root: Node, paths: Iterable[Path]) -> Node:
    """Return values without what the paths lead to."""
    for path in sorted(paths):
        root = _without(root, path)
    return root


def union(tasks: Iterable[Collection[str] | None]) -> frozenset[str]:
    """Return all tasks of several data sets that are known."""
    return frozenset(task for own in tasks if own is not None for task in own)


def _with_derived(own: DataSetSettings, sweep: Sweep) -> frozenset[str] | None:
    """Return the tasks of a data set; where none is declared, all that can be derived from those of its source."""
    known = own.known_tasks
    if own.tasks is not None or known is None:
        return known
    for _ in sweep.derive:  # each may be made of others
        known |= {name for name, derived in sweep.derive.items() if known.issuperset(derived.needs)}
    return known


def _needed(
    sweep: Sweep, name: str, known: Collection[str] | None, tasks: Collection[str], strata: Collection[str]
) -> frozenset[str]:
    """Return the targets of a data set that are predicted or split by, and all that these are made of."""
    own = sweep.data[name]
    made = {**sweep.derive, **own.derive}
    waiting = [*(task for task in known or () if task in tasks), *own.used_targets, *strata]
    found: set[str] = set()
    while waiting:
        target = waiting.pop()
        if target not in found:
            found.add(target)
            waiting += made[target].needs if target in made else ()
    return frozenset(found)


def _fused(sweep: Sweep, gone: Collection[str]) -> list[str]:
    """Return the fused tasks of which everything that they are made of is there."""
    found: list[str] = []
    for name, own in in_order(sweep.fuse).items():
        if all(base in found or (base not in sweep.fuse and base not in gone) for base in own.needs):
            found.append(name)
    return found


def _fed_by(sweep: Sweep, gone: Collection[str]) -> Iterator[Path]:
    """Yield the tasks that a head would see and that are not there."""
    for task, head in sweep.model.heads.items():
        yield from (("model", "heads", task, "inputs_from", source) for source in head.inputs_from if source in gone)


def _taught(sweep: Sweep, data: Collection[str]) -> Iterator[Path]:
    """Yield the data sets that a teacher would teach, or teachers of which none is left."""
    for task, teacher in sweep.teachers.items():
        if teacher.data is not None and not set(data) & set(teacher.data):
            yield ("teachers", task)
        yield from (("teachers", task, "data", name) for name in teacher.data or () if name not in data)


def _inputs(sweep: Sweep, data: Collection[str]) -> Iterator[Path]:
    """Yield what is said of named inputs that only other data sets have."""
    inputs = {name: set(by_name(sweep.data_set(name).features)) for name in sweep.data}
    if not any(None in own for own in inputs.values()):
        for name in set().union(*inputs.values()) - set().union(*(inputs[kept] for kept in data)):
            yield from ((*place, str(name)) for place in (("model", "encoder"), ("signal", "inputs")))


def _map_targets(sweep: Sweep, tasks: Collection[str]) -> Iterator[Path]:
    """Yield features that are the targets of other tasks only."""
    dense = {
        (task, settings.of)
        for own in sweep.data.values()
        for task, settings in (own.tasks or {}).items()
        if isinstance(settings, DenseSettings) and not sweep.model.reads(settings.of)
    }
    parts: list[Path] = [("features",), ("signal", "inputs")]
    places = [*parts, *(("data", name, *part) for name in sweep.data for part in parts)]
    for of in {of for _, of in dense} - {of for task, of in dense if task in tasks}:
        yield from ((*place, of) for place in places)


def _trained_by(sweep: Sweep, gone: Collection[str], tasks: Collection[str], absent: Collection[str]) -> Iterator[Path]:
    """Yield what training and sampling say of tasks that are not there, and a procedure that has none of its own.

    Parameters
    ----------
    absent
        Those that are gone, and fused ones that were made of some.
    """
    if sweep.training.monitor is not None and sweep.training.monitor.partition(".")[0] in absent:
        yield ("training", "monitor")
    if sampled_task(sweep.sampling) in absent:
        yield ("sampling", "task")
    match sweep.training.procedure:
        case AdversarialSettings(against=against):
            yield from (("training", "procedure", "against", task) for task in against if task in gone)
            if set(against) <= set(gone) or set(tasks) <= set(against):
                yield ("training", "procedure")
        case GanSettings(task=task) if task in gone:
            yield ("training", "procedure")


def _without(node: Node, path: Path) -> Node:
    """Return values without an option, or without one of the names of a list, where it is there."""
    first, rest = path[0], path[1:]
    if isinstance(node.value, dict):
        child = node.value.get(str(first))
        if child is None:
            return node
        entries = {key: entry for key, entry in node.value.items() if key != first}
        return replace(node, value={**node.value, str(first): _without(child, rest)} if rest else entries)
    if isinstance(node.value, list):
        return replace(node, value=[entry for entry in node.value if rest or entry.value != first])
    return node
