"""Inspecting what an experiment would train on, or a plain folder or file: listed as for training, and read once.

Nothing is extracted and PyTorch is not loaded; what training would refuse is reported here and ends nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motet import catalog
from motet.config import UserComponent
from motet.data.dataset import DataSet
from motet.errors import ConfigError, missing_extra
from motet.experiment.load import load_experiment
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import CompleteDataSet, Experiment
from motet.inspection.layout import source_of
from motet.inspection.problems import Problem, counted, ranked
from motet.inspection.report import DataSetReport, inspect_data_set
from motet.inspection.splits import shared_content
from motet.runs import plots
from motet.signals.settings import ReaderSettings

_EXPERIMENTS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found.

    Parameters
    ----------
    reports
        By data set.
    shared
        Problems between data sets.
    pictures
        What was drawn.
    """

    reports: dict[str, DataSetReport]
    shared: tuple[Problem, ...]
    pictures: tuple[Path, ...] = ()

    @property
    def problems(self) -> list[tuple[str, Problem]]:
        """All problems with the data set of each ("" between data sets), the gravest first."""
        named = [(name, problem) for name, report in self.reports.items() for problem in report.problems]
        named += [("", problem) for problem in self.shared]
        order = ranked(problem for _, problem in named)
        return sorted(named, key=lambda pair: order.index(pair[1]))


def inspect(
    what: Experiment | DataSet | Path | str,
    overrides: Sequence[str] = (),
    *,
    most: int | None = None,
    pictures: Path | str | None = None,
    allow_code: bool = False,
    progress: ProgressFactory = no_progress,
) -> Inspection:
    """Look at data: figures of every recording, label tables, and a ranked list of problems with remedies.

    Parameters
    ----------
    what
        An experiment or its file, a data set, a folder, a table, or one recording.
    overrides
        `key=value` by dotted path; for a plain folder or file those of `signal` and `source`: `source.group=speaker`.
    most
        How many rows of each data set are read, evenly; None for all.
    pictures
        Folder for pictures of examples and durations.
    allow_code
        Whether the classes that an experiment names as `./mine.py:Name` may be run.

    Raises
    ------
    ConfigError, DataError
        If the experiment cannot be understood, or a source finds nothing.
    MachineError
        If pictures are wanted and matplotlib is not installed.

    Examples
    --------
    >>> experiment = Experiment(data={"scenes": {"source": {"kind": "generated", "examples": 12, "classes": 3}}})
    >>> inspect(experiment).reports["scenes"].rows
    12
    """
    if pictures is not None and not plots.can_draw():
        raise missing_extra("matplotlib", "plots", "drawing pictures of data")
    sets = dict(_data_sets(what, overrides, allow_code))
    reports, drawn = {}, []
    for name, data_set in sets.items():
        read = len(data_set) if most is None else min(most, len(data_set))
        count = progress(f"reading {name}", read * len(data_set.input_names))
        reports[name] = inspect_data_set(data_set, most=most, count=count)
        if pictures is not None:
            from motet.inspection.pictures import draw

            drawn += draw(data_set, reports[name], Path(pictures))
    return Inspection(reports, tuple(_shared(reports)), tuple(drawn))


def _data_sets(
    what: Experiment | DataSet | Path | str, overrides: Sequence[str], allow_code: bool
) -> Iterator[tuple[str, DataSet]]:
    if isinstance(what, DataSet):
        yield what.name, what
        return
    experiment = what if isinstance(what, Experiment) else _experiment(Path(what), overrides, allow_code)
    for name in experiment.data:
        settings = experiment.data_set(name)
        found = _with_tasks(*_listed(name, settings), settings)
        yield name, found if settings.limit is None else found.limit(settings.limit, seed=experiment.seed)


def _listed(name: str, settings: CompleteDataSet) -> tuple[DataSet, list[str]]:
    """Return a data set and the tasks that its source knows."""
    own: Any = settings.source
    if isinstance(own, UserComponent) and isinstance(own.target, DataSet):
        return own.target, []
    source = catalog.build("source", own)
    return DataSet.of(name, source.examples(settings.signal.reader)), list(source.tasks())


def _with_tasks(data_set: DataSet, known: Sequence[str], settings: CompleteDataSet) -> DataSet:
    """Return the data set with the targets of its tasks; with all where no task is declared or known."""
    names = [name for name in settings.tasks or known if name in data_set.table.targets]
    if not names:
        return data_set
    targets = {name: data_set.table.targets[name] for name in names}
    return replace(data_set, table=replace(data_set.table, targets=targets))


def _experiment(path: Path, overrides: Sequence[str], allow_code: bool) -> Experiment:
    """Return the experiment of a file; a plain folder or file becomes the only data set of one."""
    if path.suffix.lower() in _EXPERIMENTS:
        return load_experiment(path, overrides, allow_code=allow_code)
    foreign = [text for text in overrides if not text.startswith(("signal.", "source."))]
    if foreign:
        raise ConfigError(f"{foreign[0]!r}: of a folder or a file only signal and source can be set, as signal.reader")
    signal = [text for text in overrides if text.startswith("signal.")]
    reader = load_experiment({"data": {"plain": {"source": "generated"}}}, signal).signal.reader
    name = "".join(letter if letter.isalnum() or letter in "_-" else "-" for letter in path.stem) or "data"
    source = [f"data.{name}.{text}" for text in overrides if text.startswith("source.")]
    return _plain(path, reader, name, [*signal, *source])


def _plain(path: Path, reader: ReaderSettings, name: str, overrides: Sequence[str]) -> Experiment:
    source = source_of(path, reader)
    if isinstance(source, list):
        return Experiment(data={name: {"source": source}})
    return load_experiment({"data": {name: {"source": source}}}, overrides)


def _shared(reports: dict[str, DataSetReport]) -> Iterator[Problem]:
    contents = {name: report.contents() for name, report in reports.items()}
    for first, second, common in shared_content(contents):
        yield Problem(
            "doubtful",
            "content in two data sets",
            f"{first!r} and {second!r} have the content of {counted(common, 'recording')} in common",
            "where one tests and the other trains, test figures are too good: leave the copies out of one",
            common,
        )
