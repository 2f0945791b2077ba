"""What `motet train` would do: rows, shapes, parameters and sizes.

Nothing is trained or stored. At most a few recordings are read, of inputs that are not stored yet: one of each.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from motet.data.corpus import Corpus
from motet.data.roles import FoldSplit
from motet.experiment.fold_checks import checked_folds
from motet.experiment.fusing import check_fused_frames, fused_tasks
from motet.experiment.leaks import check_others
from motet.experiment.listing import Listed, build_corpus, list_data
from motet.experiment.memory import MemoryPlan, plan_memory
from motet.experiment.network_checks import check_known_lengths, plan_updates
from motet.experiment.noise import check_noise, list_noise
from motet.experiment.other_runs import other_runs
from motet.experiment.own_losses import try_losses
from motet.experiment.parallel import opened_for_fold, with_parallels
from motet.experiment.settings import Experiment
from motet.experiment.shapes import (
    Facts,
    MapFacts,
    as_seen,
    declared,
    known_entries,
    network_inputs,
    outputs_of,
    probed,
    recordings_of,
    stored,
    with_frames,
)
from motet.experiment.target_checks import check_given, check_map_metrics
from motet.experiment.tasks import check_tasks
from motet.experiment.teachers.agreement import taught_data_sets
from motet.experiment.teachers.teachers import Teachers
from motet.files import DigestCache
from motet.networks.plan import LayerPlan, plan_network
from motet.store.store import Store
from motet.tasks.fused.fused import Fused
from motet.tasks.task import Task
from motet.training.procedures import ProcedurePlan

Origin = Literal["settings", "store", "one recording"]

_VALUE_BYTES = {"float32": 4, "float16": 2}


@dataclass(frozen=True, slots=True)
class RowsPlan:
    """How many rows of a data set have a target of a task, in one fold; without a task, all rows."""

    fold: str
    data_set: str
    task: str | None
    train: int
    dev: int
    test: int


@dataclass(frozen=True, slots=True, eq=False)
class InputPlan:
    """What is known of one input of a data set.

    Parameters
    ----------
    recordings, stored
        How many there are, and the maps of how many the store is known to hold.
    facts
        The maps that the network sees; None where nothing tells.
    origin
        What told.
    missing_bytes
        About what the store will grow by; None where nothing tells.
    read
        Whether the network reads it, or it is a target only.
    """

    data_set: str
    name: str
    recordings: int
    stored: int
    facts: MapFacts | None
    origin: Origin | None
    missing_bytes: int | None
    read: bool


@dataclass(frozen=True, slots=True)
class TeacherPlan:
    """Which model teaches a task in one fold of the first seed, and of which data sets the rows."""

    task: str
    fold: str
    model: str
    data_sets: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What would run.

    Parameters
    ----------
    rows
        Of the first seed, by fold, data set and task.
    tasks, fused
        By name, with their labels.
    layers, procedure, memory
        None where no shape is known.
    losses
        The names of the network's own losses; None where nobody asks for some, or only real rows tell.
    free_bytes
        What is free where the store lies.
    teachers
        Of the first seed, by task and fold.
    """

    experiment: Experiment
    rows: list[RowsPlan]
    tasks: dict[str, Task]
    fused: dict[str, Fused]
    inputs: list[InputPlan]
    layers: list[LayerPlan] | None
    procedure: ProcedurePlan | None
    memory: MemoryPlan | None
    losses: tuple[str, ...] | None
    free_bytes: int
    teachers: list[TeacherPlan] = field(default_factory=list)

    @property
    def num_parameters(self) -> int | None:
        """The number of trained values."""
        return None if self.layers is None else sum(layer.num_parameters for layer in self.layers)

    @property
    def num_frozen(self) -> int | None:
        """The number of values that stay as they are."""
        return None if self.layers is None else sum(layer.num_frozen for layer in self.layers)

    @property
    def missing_bytes(self) -> int | None:
        """About what the store will grow by; None where nothing tells."""
        sizes = [found.missing_bytes for found in self.inputs]
        known = [each for each in sizes if each is not None]
        return sum(known) if len(known) == len(sizes) else None


def dry_run(experiment: Experiment, *, allow_code: bool = False) -> Plan:
    """Find out what training would do.

    Parameters
    ----------
    allow_code
        Whether the user code that other runs name may be run.

    Raises
    ------
    ConfigError
        If the network cannot be, or the settings do not fit the data.
    DataError
        If the data cannot be listed or split as the settings say.
    """
    other_runs(experiment)  # refuses all that there is not, before the first is opened
    opened = with_parallels(experiment)
    teachers = Teachers.of(experiment, allow_code=allow_code)
    listed = list_data(experiment)
    check_noise(experiment, list_noise(experiment))
    corpus = build_corpus(listed, taught=experiment.teachers)
    fused = fused_tasks(experiment, corpus)
    check_tasks(experiment, corpus, {name: own.task for name, own in fused.items()})
    folds = checked_folds(experiment, listed, corpus, fused)
    opened_for_fold(experiment, listed, seed=experiment.all_seeds[0], number=1)
    inputs = plan_inputs(experiment, listed)
    facts = _known_facts(inputs)
    teachers.check(listed, corpus, experiment.model, facts)
    check_others(experiment, listed, corpus, read=False, allow_code=allow_code)
    layers, procedure, memory = _plan_model(opened, listed, corpus, facts)
    if facts is not None:
        check_fused_frames(opened, fused, corpus, network_inputs(listed, facts), facts)
    losses = None if facts is None else try_losses(opened, network_inputs(listed, facts), outputs_of(corpus))
    return Plan(
        experiment,
        plan_rows(corpus, folds),
        corpus.tasks,
        fused,
        inputs,
        layers,
        procedure,
        memory,
        losses,
        _free_bytes(Path(experiment.store.path)),
        plan_teachers(experiment, corpus, folds, teachers),
    )


def plan_rows(corpus: Corpus, folds: Sequence[FoldSplit]) -> list[RowsPlan]:
    """Return the rows of every fold by data set, and those with a target of each of its tasks."""
    plans = []
    for number, fold in enumerate(folds, start=1):
        label = f"{number}" if fold.name == str(number) else f"{number} ({fold.name})"
        counts = [corpus.count(part) for part in (fold.train, fold.dev, fold.test)]
        for name, uses in corpus.uses.items():
            own = [count[name] for count in counts]
            plans.append(RowsPlan(label, name, None, *(count["rows"] for count in own)))
            plans += [RowsPlan(label, name, task, *(count["tasks"][task] for count in own)) for task in uses]
    return plans


def plan_teachers(
    experiment: Experiment, corpus: Corpus, folds: Sequence[FoldSplit], teachers: Teachers
) -> list[TeacherPlan]:
    """Return the model that teaches each task in each fold."""
    seed = experiment.all_seeds[0]
    return [
        TeacherPlan(
            task,
            str(fold.number + 1),
            str(teacher.other.file(seed, fold.number + 1)),
            tuple(taught_data_sets(corpus, teacher)),
        )
        for task, teacher in teachers.found.items()
        for fold in folds
    ]


def plan_inputs(experiment: Experiment, listed: Mapping[str, Listed]) -> list[InputPlan]:
    """Return what is known of every input of every data set."""
    folder = Path(experiment.store.path)
    cache = DigestCache(folder / "digests", reads=False)
    with Store(folder) as store:
        return [
            _plan_input(experiment, part, input_name, store, cache)
            for part in listed.values()
            for input_name in part.inputs
        ]


def _plan_model(
    experiment: Experiment, listed: Mapping[str, Listed], corpus: Corpus, facts: Facts | None
) -> tuple[list[LayerPlan] | None, ProcedurePlan | None, MemoryPlan | None]:
    if facts is None:
        return None, None, None
    shapes, outputs = network_inputs(listed, facts), outputs_of(corpus)
    layers = plan_network(experiment.model, shapes, outputs)
    check_given(listed, corpus, experiment.model, shapes)
    check_map_metrics(corpus, shapes)
    procedure = plan_updates(experiment, shapes, outputs)
    check_known_lengths(experiment, shapes, facts, outputs)
    timed = with_frames(shapes, facts)
    return layers, procedure, None if timed is None else plan_memory(experiment, timed, outputs, procedure)


def _plan_input(experiment: Experiment, part: Listed, name: str, store: Store, cache: DigestCache) -> InputPlan:
    recording, settings = part.inputs[name]
    recordings = recordings_of(part, recording)
    entries = known_entries(settings, recordings, store, cache, experiment.store.precision)
    found: MapFacts | None = stored(entries)
    origin: Origin | None = "store"
    if found is None:
        found, origin = probed(settings, recordings), "one recording"
    seen = None if found is None else as_seen(settings, found)
    if seen is None:
        seen, origin = declared(settings, part.settings.source), "settings"
    present = int(entries.present.sum())
    missing = len(recordings) - present
    map_bytes = None if found is None else _map_bytes(found, experiment)
    return InputPlan(
        part.data_set.name,
        name,
        len(recordings),
        present,
        seen,
        None if seen is None else origin,
        None if map_bytes is None else round(missing * map_bytes),
        experiment.model.reads(name),
    )


def _map_bytes(facts: MapFacts, experiment: Experiment) -> float:
    cells = facts.channels * facts.bins * float(facts.frames.mean())
    return cells * _VALUE_BYTES[experiment.store.precision]


def _known_facts(inputs: list[InputPlan]) -> dict[str, dict[str, MapFacts]] | None:
    """Return the facts by data set and input, or None where some are not known."""
    facts: dict[str, dict[str, MapFacts]] = {}
    for found in inputs:
        if found.facts is None:
            return None
        facts.setdefault(found.data_set, {})[found.name] = found.facts
    return facts


def _free_bytes(place: Path) -> int:
    there = next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.is_dir())
    return shutil.disk_usage(there).free
