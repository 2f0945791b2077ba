"""From listed data sets to data that can be trained on: maps stored, damaged recordings dealt with."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.identity import digest_rows
from motet.data.roles import FoldSplit
from motet.errors import DataError
from motet.experiment.listing import Listed, build_corpus, check_whole, list_data_set
from motet.experiment.noise import OpenNoise, build_mixes, check_channels, list_noise, open_noise
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import Experiment
from motet.experiment.shared_data import SharedData, key_of, noise_key
from motet.experiment.target_checks import check_target_lengths
from motet.extraction import Extraction, extract_recordings
from motet.files import DigestCache, digest_bytes
from motet.maps import LiveMaps, Maps, StoredMaps, misfits
from motet.pipeline import Pipeline
from motet.signals.augment import AugmentationChain
from motet.signals.mix import Mix
from motet.signals.recording import Recording
from motet.store.store import Store
from motet.tasks.task import Task

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]
_SHOWN = 20


@dataclass(slots=True)
class OpenData:
    """A corpus whose maps can be read.

    Parameters
    ----------
    corpus
        Rows and targets.
    listed
        What the corpus was made from, without rows that were skipped.
    stored
        What is stored, by data set and input.
    extractions
        What was computed, by data set and input.
    skipped
        Why, by data set and example.
    shared
        What other runs use too, and under which key, by data set.
    noise
        What can be mixed in, by name.
    """

    corpus: Corpus
    listed: dict[str, Listed]
    stored: dict[str, dict[str, StoredMaps]]
    extractions: dict[str, dict[str, Extraction]]
    skipped: dict[str, dict[str, str]]
    shared: SharedData
    keys: dict[str, str]
    noise: dict[str, OpenNoise] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)

    def maps(self, seed: int, fold: FoldSplit | None = None) -> dict[str, dict[str, Maps]]:
        """Return what the network sees, by data set and input.

        Parameters
        ----------
        seed
            That of random waveform changes.
        fold
            Which recordings of the noise are mixed into which rows; without, none are.
        """
        return {
            name: _live(part, self.stored[name], seed, partial(self._mixes, part, fold, seed))
            for name, part in self.listed.items()
        }

    def digest(self, name: str) -> str:
        """Return what identifies rows, targets and maps of a data set; maps that a Python object made are left out."""

        def digest() -> str:
            maps = [stored.identity() for stored in self.stored[name].values()]
            return digest_bytes(b"".join([digest_rows(self.listed[name].data_set), *maps])).hex()

        return self.shared.once("digest", self.keys[name], digest)

    def _mixes(self, part: Listed, fold: FoldSplit | None, seed: int, recording: str) -> dict[str, Mix]:
        return {} if fold is None else build_mixes(part, recording, self.noise, self.corpus, fold, seed)

    def __enter__(self) -> "OpenData":
        """Return itself; leaving closes the store."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the store."""
        self.closing.close()


def open_data(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: ProgressFactory = no_progress,
    check: Callable[[Mapping[str, Listed], Corpus], None] = lambda listed, corpus: None,
    tasks: Mapping[str, Task] | None = None,
    shared: SharedData | None = None,
) -> OpenData:
    """List the data, store the maps that are missing, and encode the targets.

    Parameters
    ----------
    workers
        Processes that extract; None to decide by how long it takes.
    progress
        Called with a label and a total; returns what is called with every count.
    check
        Called with what is listed, before the recordings are decoded; may refuse it.
    tasks
        Those of the model that is evaluated; None to make them from settings and data.
    shared
        What other runs opened already, and where what is opened now is kept for others; None to open for one run.

    Raises
    ------
    DataError
        With all recordings that cannot be used, where the settings do not skip them.
    """
    began = time.monotonic()
    closing = ExitStack()
    shared = closing.enter_context(SharedData()) if shared is None else shared
    try:
        whole = tasks is None
        keys = {name: key_of(experiment, name, whole=whole) for name in experiment.data}
        listed = _list(experiment, shared, keys, whole=whole)
        noise = shared.once("noise", noise_key(experiment), partial(list_noise, experiment))
        corpus = build_corpus(listed, tasks, taught=experiment.teachers)
        check(listed, corpus)
        store, cache = _open_store(experiment, listed, shared)
        new = [name for name in listed if not shared.holds("extraction", keys[name])]
        extractions = {
            name: shared.once(
                "extraction", keys[name], partial(_extract, part, store, cache, experiment, workers, progress)
            )
            for name, part in listed.items()
        }
        failures = {name: _failures(listed[name], found, store) for name, found in extractions.items()}
        _check_budget(listed, failures)
        kept = {name: _without(listed[name], failures[name]) for name in listed}
        stored = {
            name: shared.once(
                "maps", keys[name], partial(_stored_maps, *kept[name], extractions[name], store, experiment)
            )
            for name in listed
        }
        extract = partial(_extract_noise, store, cache, workers, progress)
        opened = shared.once(
            "signals", noise_key(experiment, keys), partial(open_noise, experiment, listed, noise, store, extract)
        )
        for name, inputs in stored.items():
            check_channels(name, next(iter(inputs.values())).channels, opened)
        if any(failures.values()):
            left = {name: part for name, (part, _) in kept.items()}
            corpus = build_corpus(left, tasks, taught=experiment.teachers)
    except BaseException:
        closing.close()
        raise
    _warn_of_rates(stored)
    _log({name: extractions[name] for name in new}, failures, time.monotonic() - began)
    found = OpenData(
        corpus,
        {name: part for name, (part, _) in kept.items()},
        stored,
        extractions,
        {
            name: {listed[name].data_set.ids[row]: reason for row, reason in found.items()}
            for name, found in failures.items()
        },
        shared,
        keys,
        opened,
        closing,
    )
    try:
        check_target_lengths(found.listed, corpus, experiment.model, found.maps(0))
    except BaseException:
        closing.close()
        raise
    return found


def _list(experiment: Experiment, shared: SharedData, keys: Mapping[str, str], *, whole: bool) -> dict[str, Listed]:
    """Return every data set, listed once; splits, segments and scaling are this experiment's."""
    listed = {
        name: shared.once("listed", key, partial(list_data_set, experiment, name, whole=whole))
        for name, key in keys.items()
    }
    check_whole(experiment, listed, whole=whole)
    return {name: replace(part, settings=experiment.data_set(name)) for name, part in listed.items()}


def _open_store(experiment: Experiment, listed: Mapping[str, Listed], shared: SharedData) -> tuple[Store, DigestCache]:
    """Open the experiment's store, or one for this process alone where a Python object made the maps."""
    pipelines = [Pipeline(settings) for part in listed.values() for _, settings in part.inputs.values()]
    if not all(pipeline.identified for pipeline in pipelines):
        logger.warning("a Python object prepares or extracts: its maps are kept for this process only")
        return shared.own_store()
    store, cache = shared.store(Path(experiment.store.path))
    for problem in store.problems():
        logger.warning("%s", problem)
    return store, cache


def _extract(
    part: Listed,
    store: Store,
    cache: DigestCache,
    experiment: Experiment,
    workers: int | None,
    progress: ProgressFactory,
) -> dict[str, Extraction]:
    found = {}
    for name, (recording, settings) in part.inputs.items():
        recordings = _recordings(part.data_set, recording)
        found[name] = extract_recordings(
            Pipeline(settings),
            recordings,
            store,
            cache,
            precision=experiment.store.precision,
            workers=workers,
            progress=progress(f"extracting {part.data_set.name}", len(recordings)),
        )
    return found


def _extract_noise(
    store: Store,
    cache: DigestCache,
    workers: int | None,
    progress: ProgressFactory,
    pipeline: Pipeline,
    recordings: Sequence[Recording[Any]],
    name: str,
) -> Extraction:
    bar = progress(f"extracting {name}", len(recordings))
    return extract_recordings(pipeline, recordings, store, cache, workers=workers, progress=bar)


def _recordings(data_set: DataSet, name: str) -> list[Recording[Any]]:
    """Return the recordings of an input; the corpus has checked that none is missing."""
    return [recording for recording in data_set.recordings(name) if recording is not None]


def _failures(part: Listed, extractions: Mapping[str, Extraction], store: Store) -> dict[int, str]:
    """Return the reason by row, over all inputs."""
    failures: dict[int, str] = {}
    for name, extraction in extractions.items():
        recordings = _recordings(part.data_set, part.inputs[name][0])
        there = [row for row, key in enumerate(extraction.keys) if key]
        found = misfits(store.find([extraction.keys[row] for row in there]))
        odd = {there[at]: f"{recordings[there[at]].describe()}: {reason}" for at, reason in found.items()}
        failures = {**odd, **extraction.failures, **failures}
    return dict(sorted(failures.items()))


def _check_budget(listed: Mapping[str, Listed], failures: Mapping[str, Mapping[int, str]]) -> None:
    problems: list[str] = []
    for name, found in failures.items():
        part = listed[name]
        share = len(found) / len(part.data_set)
        if not found or (part.settings.on_error == "skip" and share <= part.settings.max_skipped and share < 1):
            continue
        problems += list(found.values()) if share < 1 else _each_reason_once(list(found.values()))
        remedy = f"repair or remove them, or set data.{name}.on_error: skip"
        if part.settings.on_error == "skip" and share < 1:
            remedy = f"that is more than data.{name}.max_skipped, {part.settings.max_skipped:g}"
        problems.append(f"data set {name!r}: {len(found)} of {len(part.data_set)} recordings cannot be used; {remedy}")
    if problems:
        raise DataError(*problems)


def _each_reason_once(found: Sequence[str]) -> list[str]:
    """Return one line for all recordings of one reason: where every one fails, a setting is wrong, not the files."""
    reasons: dict[str, list[str]] = {}
    for text in found:
        place, _, reason = text.partition(": ")
        reasons.setdefault(reason, []).append(place)
    return [
        f"{places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}: {reason}"
        for reason, places in reasons.items()
    ]


def _without(part: Listed, failures: Mapping[int, str]) -> tuple[Listed, Rows]:
    """Return a data set without its failed rows, and which rows were kept."""
    kept = np.array([row for row in range(len(part.data_set)) if row not in failures], dtype=np.int64)
    if not failures:
        return part, kept
    return replace(part, data_set=part.data_set.select(kept)), kept


def _stored_maps(
    part: Listed, rows: Rows, extractions: Mapping[str, Extraction], store: Store, experiment: Experiment
) -> dict[str, StoredMaps]:
    """Return the maps of the rows that were kept."""
    return {
        name: StoredMaps(
            store,
            store.find([extractions[name].keys[row] for row in rows.tolist()]),
            pipeline=Pipeline(settings),
            recordings=_recordings(part.data_set, recording),
            precision=experiment.store.precision,
        )
        for name, (recording, settings) in part.inputs.items()
    }


def _warn_of_rates(stored: Mapping[str, Mapping[str, StoredMaps]]) -> None:
    """Say where one input comes from signals of several rates: its bins may then lie at other frequencies."""
    rates: dict[str, dict[str, float]] = {}
    for data_set, inputs in stored.items():
        for name, maps in inputs.items():
            rates.setdefault(name, {})[data_set] = maps.rate_hz
    for name, found in rates.items():
        if len(set(found.values())) > 1:
            told = ", ".join(f"{data_set!r} at {rate_hz:g} Hz" for data_set, rate_hz in found.items())
            logger.warning(
                "input %r is made of signals of several rates (%s); signal.rate_hz makes them one", name, told
            )


def _live(
    part: Listed, stored: Mapping[str, StoredMaps], seed: int, mixes: Callable[[str], dict[str, Mix]]
) -> dict[str, Maps]:
    """Return the maps that the network sees: as stored, or features of stored signals.

    Parameters
    ----------
    mixes
        Returns what is mixed into a recording: the same for all inputs that read it.
    """
    maps: dict[str, Maps] = {}
    for name, (recording, settings) in part.inputs.items():
        pipeline = Pipeline(settings)
        if pipeline.stored == "features":
            maps[name] = stored[name]
            continue
        rate_hz = settings.signal.rate_hz or round(1.0 / stored[name].grid.step_s, 6)
        maps[name] = LiveMaps(
            stored[name],
            pipeline.feature(rate_hz),
            AugmentationChain(settings.signal.augment),
            seed=seed,
            stage=f"waveform.{part.data_set.name}.{name}",
            mixes=mixes(recording),
        )
    return maps


def _log(
    extractions: Mapping[str, Mapping[str, Extraction]], failures: Mapping[str, Mapping[int, str]], seconds: float
) -> None:
    for name, found in extractions.items():
        for input_name, extraction in found.items():
            logger.info(
                "data %s, input %s: %d maps computed, %d from the store",
                name, input_name, extraction.computed, extraction.reused,
            )  # fmt: skip
        for reason in list(failures[name].values())[:_SHOWN]:
            logger.warning("data %s: skipped %s", name, reason)
        if len(failures[name]) > _SHOWN:
            logger.warning("data %s: skipped %d more", name, len(failures[name]) - _SHOWN)
    logger.info("data ready after %.2f s", seconds)
