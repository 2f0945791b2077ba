"""Whether a model of another run has heard what selects or tests here: then what it gives would carry the answers.

What a model has heard are the rows that trained or selected it, and what the models that it uses have heard. What tests
here may be neither; what selects here may also have selected there, but not trained. Nobody has written down who
trained: the data of the other run are listed and split again as its settings say, and the test rows that come out must
be those of its predictions. Recordings are compared, not names; see `motet.data.shared_recordings`.
"""

import csv
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.roles import FoldSplit
from motet.data.shared_recordings import Span, place_of, span_of
from motet.errors import ConfigError, MotetError
from motet.experiment.folds import split_folds
from motet.experiment.listing import Listed, build_corpus, list_data
from motet.experiment.load import reopen
from motet.experiment.other_runs import OtherRun, Place, find_run, other_runs, warm_start_of
from motet.experiment.settings import Experiment
from motet.runs.folder import FoldFolder, RunFolder, read_json

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]
Folds = Mapping[int, Sequence[FoldSplit]]
"""The folds of every seed."""


class Heard:
    """Recordings, or spans of them, that a model was trained or selected on."""

    def __init__(self) -> None:
        self._spans: defaultdict[Any, list[Span]] = defaultdict(list)

    def add(self, corpus: Corpus, rows: Rows) -> None:
        """Take rows of a corpus."""
        for row in rows.tolist():
            for place, span in _spans(corpus, row):
                self._spans[place].append(span)

    def add_all(self, other: "Heard") -> None:
        """Take what another model has heard."""
        for place, spans in other._spans.items():
            self._spans[place] += spans

    def among(self, corpus: Corpus, rows: Rows) -> list[int]:
        """Return the rows of which something was heard."""
        return [row for row in rows.tolist() if any(self._holds(*each) for each in _spans(corpus, row))]

    def _holds(self, place: Any, span: Span) -> bool:
        return any(start_s < span[1] and span[0] < end_s for start_s, end_s in self._spans.get(place, ()))


def check_others(
    experiment: Experiment, listed: Mapping[str, Listed], corpus: Corpus, *, read: bool, allow_code: bool
) -> None:
    """Refuse models of other runs that have heard development or test rows; warn of those of whom nobody can tell.

    A warm start is only warned of: pre-training on all recordings, without their targets, is a usual first step, and
    what is left of it in the figures is for the reader to judge.

    Parameters
    ----------
    read
        Whether the recordings were read. Where some may be skipped, nobody knows before who tests, so it is asked
        then; else before, so that nothing is read in vain.
    allow_code
        Whether the user code that the other runs name may be run.

    Raises
    ------
    ConfigError
        For every such model, with the first of the rows.
    """
    others, start = other_runs(experiment), warm_start_of(experiment)
    may_skip = any(part.settings.on_error == "skip" for part in listed.values())
    if read != may_skip or not (others or start):
        return
    trains = experiment.training.epochs > 0
    folds = {seed: split_folds(listed, corpus, seed=seed, trains=trains) for seed in experiment.all_seeds}
    ears = _Ears(allow_code)
    if start is not None:
        for problem in _asked(corpus, folds, start, ears):
            logger.warning("%s", problem)
    problems = [problem for other in others for problem in _asked(corpus, folds, other, ears)]
    if problems:
        raise ConfigError(*problems)


def warn_of_rows_heard(folder: RunFolder, corpus: Corpus, places: Sequence[Place], *, allow_code: bool) -> None:
    """Warn where other data hold recordings that trained or selected a model of the run that is evaluated on them."""
    own, ears = find_run("run", folder.path.as_posix(), None), _Ears(allow_code)
    rows: set[int] = set()
    try:
        for place in places:
            for heard in ears.of(own, place):
                rows.update(heard.among(corpus, np.arange(len(corpus))))
    except _UnknownError:
        return
    if rows:
        data_set, row = corpus.locate(min(rows))
        logger.warning(
            "%d of %d rows trained or selected a model of this run, the first is %r of data set %r: figures of them "
            "say little of new recordings; leave them out",
            len(rows), len(corpus), data_set.ids[row], data_set.name,
        )  # fmt: skip


def _asked(corpus: Corpus, folds: Folds, other: OtherRun, ears: "_Ears") -> list[str]:
    """Return the first leak; where nobody can tell, warn of that."""
    try:
        return list(_leaks(corpus, folds, other, ears))
    except _UnknownError as error:
        logger.warning(
            "%s: nobody can tell what %s was trained on (%s); make sure that it was nothing that selects or tests "
            "here",
            other.where, other.named, error,
        )  # fmt: skip
        return []


class _UnknownError(Exception):
    """Nobody can tell what a model has heard."""


@dataclass(slots=True)
class _Relisted:
    """A run whose data are listed again, and its folds by seed."""

    experiment: Experiment
    listed: dict[str, Listed]
    corpus: Corpus
    folds: dict[int, list[FoldSplit]] = field(default_factory=dict)

    def fold(self, seed: int, number: int) -> FoldSplit:
        if seed not in self.folds:
            trains = self.experiment.training.epochs > 0
            self.folds[seed] = split_folds(self.listed, self.corpus, seed=seed, trains=trains)
        return self.folds[seed][number - 1]


class _Ears:
    """Finds out what models have heard; every run is listed once."""

    def __init__(self, allow_code: bool) -> None:
        self._allow_code = allow_code
        self._runs: dict[str, _Relisted] = {}
        self._heard: dict[tuple[str, Place], tuple[Heard, Heard]] = {}

    def of(self, other: OtherRun, place: Place | None) -> tuple[Heard, Heard]:
        """Return what trained one of the models, and what selected it."""
        if other.run is None or place is None:
            raise _UnknownError("it lies in no run")
        key = str(other.run.path.absolute())
        if (key, place) not in self._heard:
            try:
                if key not in self._runs:
                    self._runs[key] = _relist(other.run, self._allow_code)
                self._heard[key, place] = self._listen(self._runs[key], other.run, *place)
            except MotetError as error:
                raise _UnknownError(str(error).split("\n")[0]) from error
        return self._heard[key, place]

    def _listen(self, run: _Relisted, folder: RunFolder, seed: int, number: int) -> tuple[Heard, Heard]:
        fold = run.fold(seed, number)
        if not _tested_alike(folder.fold(seed, number), run.corpus, fold):
            raise _UnknownError("its data are no longer what they were")
        trained, selected = Heard(), Heard()
        trained.add(run.corpus, np.unique(fold.train))
        selected.add(run.corpus, fold.dev)
        start = warm_start_of(run.experiment)
        for other in [*other_runs(run.experiment), *([] if start is None else [start])]:
            for own, theirs in zip((trained, selected), self.of(other, other.place(seed, number)), strict=True):
                own.add_all(theirs)
        return trained, selected


def _relist(folder: RunFolder, allow_code: bool) -> _Relisted:
    """List the data of a run without what it skipped."""
    _, experiment = reopen(folder.path, allow_code=allow_code)
    described = read_json(folder.data)
    listed = {}
    for name, part in list_data(experiment).items():
        skipped = described.get(name, {}).get("skipped", {})
        kept = [row for row, id_ in enumerate(part.data_set.ids) if id_ not in skipped]
        listed[name] = replace(part, data_set=part.data_set.select(kept))
    return _Relisted(experiment, listed, build_corpus(listed, taught=experiment.teachers))


def _tested_alike(folder: FoldFolder, corpus: Corpus, fold: FoldSplit) -> bool:
    """Tell whether the rows that test are those in the predictions of a fold."""
    for name, targets in corpus.targets.items():
        file = folder.predictions / f"{name}.csv"
        if not file.is_file():
            continue
        with file.open(encoding="utf-8", newline="") as text:
            tested = {(line["data_set"], line["id"]) for line in csv.DictReader(text)}
        places = [corpus.locate(row) for row in fold.test[targets.present[fold.test]].tolist()]
        if tested != {(data_set.name, data_set.ids[row]) for data_set, row in places}:
            return False
    return True


def _leaks(corpus: Corpus, folds: Folds, other: OtherRun, ears: _Ears) -> Iterator[str]:
    """Yield the first fold in which a model has heard what it should not have."""
    for seed, of_seed in folds.items():
        for fold in of_seed:
            place = other.place(seed, fold.number + 1)
            trained, selected = ears.of(other, place)
            for heard, what, rows, who in (
                (trained, "trained", fold.test, "test"),
                (selected, "selected", fold.test, "test"),
                (trained, "trained", fold.dev, "select the model"),
            ):
                found = heard.among(corpus, rows)
                if found:
                    where = f"{who} in seed {seed}, fold {fold.number + 1}"
                    yield _told(corpus, found, where, what, other, place)
                    return


def _told(corpus: Corpus, rows: list[int], where: str, what: str, other: OtherRun, place: Place | None) -> str:
    data_set, row = corpus.locate(rows[0])
    of_model = "" if place is None else f" (seed {place[0]}, fold {place[1]})"
    are = "1 row that is" if len(rows) == 1 else f"{len(rows)} rows that are"
    return (
        f"{other.where}: {are} to {where} {what} {other.named}{of_model}, the first is {data_set.ids[row]!r} of data "
        f"set {data_set.name!r}, so what it gives would carry what they are; give both experiments the same test and "
        "dev rows (same split and seed, data.NAME.stratify where tasks differ, or the publisher's folds), split.dev: 0 "
        "where only those that select differ, or use a model that has not heard them"
    )


def _spans(corpus: Corpus, row: int) -> Iterator[tuple[Any, Span]]:
    """Yield the place and the span of every recording of a row."""
    data_set, local = corpus.locate(row)
    for column in data_set.table.inputs.values():
        recording = column[data_set.rows[local]]
        if recording is not None and recording.reader is not None:
            yield place_of(recording), span_of(recording)
