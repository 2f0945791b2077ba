"""From listed data sets to data that can be trained on: maps stored, damaged recordings dealt with."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from motet.data.corpus import Corpus
from motet.data.identity import digest_rows
from motet.data.roles import FoldSplit
from motet.experiment.damaged import check_budget, find_failures, reasons_by_id, warn_of_skipped, without
from motet.experiment.extracting import Extractor, log_extractions, open_store
from motet.experiment.listing import Listed, build_corpus, check_whole, list_data_set
from motet.experiment.noise import OpenNoise, build_mixes, check_channels, check_noise, list_noise, open_noise
from motet.experiment.progress import ProgressFactory, no_progress
from motet.experiment.settings import Experiment
from motet.experiment.shapes import recordings_of
from motet.experiment.shared_data import SharedData, key_of, noise_key
from motet.experiment.target_checks import check_target_lengths
from motet.extraction import Extraction
from motet.files import digest_bytes
from motet.maps import LiveMaps, Maps, StoredMaps
from motet.pipeline import Pipeline
from motet.signals.augment import AugmentationChain
from motet.signals.mix import Mix
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
    with ExitStack() as closing:
        shared = closing.enter_context(SharedData()) if shared is None else shared
        keys = {name: key_of(experiment, name, whole=tasks is None) for name in experiment.data}
        listed = _list(experiment, shared, keys, whole=tasks is None)
        noise = shared.once("noise", noise_key(experiment), partial(list_noise, experiment))
        corpus = build_corpus(listed, tasks, taught=experiment.teachers)
        check(listed, corpus)
        if tasks is None:
            check_noise(experiment, noise)
        store, cache = open_store(experiment, listed, shared)
        extractor = Extractor(store, cache, experiment.store.precision, workers, progress)
        extractions, failures = _extracted(listed, keys, extractor, shared)
        kept = {name: without(part, failures[name]) for name, part in listed.items()}
        if any(failures.values()):
            corpus = build_corpus({name: part for name, (part, _) in kept.items()}, tasks, taught=experiment.teachers)
        found = OpenData(
            corpus=corpus,
            listed={name: part for name, (part, _) in kept.items()},
            stored={
                name: shared.once("maps", keys[name], partial(_stored_maps, *own, extractions[name], extractor))
                for name, own in kept.items()
            },
            extractions=extractions,
            skipped={name: reasons_by_id(listed[name], own) for name, own in failures.items()},
            shared=shared,
            keys=keys,
            noise=shared.once(
                "signals",
                noise_key(experiment, keys),
                partial(open_noise, experiment, listed, noise, store, extractor.noise),
            ),
        )
        _warn_of_rates(found.stored)
        logger.info("data ready after %.2f s", time.monotonic() - began)
        for name, inputs in found.stored.items():
            check_channels(name, next(iter(inputs.values())).channels, found.noise)
        check_target_lengths(found.listed, corpus, experiment.model, found.maps(0))
        found.closing = closing.pop_all()
    return found


def _list(experiment: Experiment, shared: SharedData, keys: Mapping[str, str], *, whole: bool) -> dict[str, Listed]:
    """Return every data set, listed once; splits, segments and scaling are this experiment's."""
    listed = {
        name: shared.once("listed", key, partial(list_data_set, experiment, name, whole=whole))
        for name, key in keys.items()
    }
    check_whole(experiment, listed, whole=whole)
    return {name: replace(part, settings=experiment.data_set(name)) for name, part in listed.items()}


def _extracted(
    listed: Mapping[str, Listed], keys: Mapping[str, str], extractor: Extractor, shared: SharedData
) -> tuple[dict[str, dict[str, Extraction]], dict[str, dict[int, str]]]:
    """Store the maps of every data set once, and tell of those that are new; return also why rows cannot be used."""
    new = [name for name in listed if not shared.holds("extraction", keys[name])]
    extractions = {
        name: shared.once("extraction", keys[name], partial(extractor.data_set, part)) for name, part in listed.items()
    }
    failures = {name: find_failures(listed[name], own, extractor.store) for name, own in extractions.items()}
    check_budget(listed, failures)
    for name in new:
        log_extractions(name, extractions[name])
        warn_of_skipped(name, failures[name])
    return extractions, failures


def _stored_maps(
    part: Listed, rows: Rows, extractions: Mapping[str, Extraction], extractor: Extractor
) -> dict[str, StoredMaps]:
    """Return the maps of the rows that were kept."""
    return {
        name: StoredMaps(
            extractor.store,
            extractor.store.find([extractions[name].keys[row] for row in rows.tolist()]),
            pipeline=Pipeline(settings),
            recordings=recordings_of(part, recording),
            precision=extractor.precision,
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
