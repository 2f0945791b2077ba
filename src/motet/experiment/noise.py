"""What is mixed into other recordings: listed, stored as prepared signals, and split so that nothing leaks.

A row of training gets noise of training, a row of development or test that of its own part: the recordings of the
noise are split by their own settings, and fold k of the data goes with fold k of the noise, beginning again after its
last.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motet import catalog
from motet.data.corpus import Corpus
from motet.data.dataset import DataSet
from motet.data.identity import digest_rows
from motet.data.roles import FoldSplit, count_folds
from motet.data.settings import OneSidedSettings
from motet.data.splits import split_data_set
from motet.errors import ConfigError, DataError
from motet.experiment.listing import Listed
from motet.experiment.settings import Experiment
from motet.experiment.settings.noise import NoiseSettings
from motet.extraction import Extraction
from motet.features.settings import WaveformSettings
from motet.files import digest_bytes
from motet.maps import StoredMaps
from motet.pipeline import InputSettings, Pipeline
from motet.signals.mix import Mix, NoisePool
from motet.signals.recording import Recording
from motet.signals.settings import MixSettings, SignalSettings
from motet.sources.example import label_set
from motet.sources.source import Source
from motet.store.store import Store

Extract = Callable[[Pipeline, Sequence[Recording[Any]], str], Extraction]


@dataclass(frozen=True, slots=True, eq=False)
class OpenNoise:
    """Recordings that can be mixed in.

    Parameters
    ----------
    data_set
        Its rows.
    settings
        Its settings.
    signals
        The prepared signals, by the data set that they are mixed into.
    """

    data_set: DataSet
    settings: NoiseSettings
    signals: dict[str, StoredMaps]

    def digest(self) -> str:
        """Return what identifies the recordings and how they are prepared."""
        maps = [stored.identity() for stored in self.signals.values()]
        return digest_bytes(b"".join([digest_rows(self.data_set), *maps])).hex()

    def folds(self, seed: int) -> list[FoldSplit]:
        """Return who is mixed into whom in every fold of the noise, in its own rows.

        Raises
        ------
        ConfigError, DataError
            If it cannot be split.
        """
        own = self.settings
        split = own.split if own.use == "both" else OneSidedSettings(side="train", dev=0.0)
        name, tasks = self.data_set.name, self.data_set.task_names
        try:
            return split_data_set(self.data_set, split, seed=seed, tasks=tasks, folds=count_folds(self.data_set, split))
        except (ConfigError, DataError) as error:
            told = [text.replace(f"data.{name}.", f"noise.{name}.") for text in error.problems]
            remedy = f"where nothing is evaluated with this noise, noise.{name}.use: train needs no split"
            raise type(error)(
                *(text.replace(f"data set '{name}'", f"noise '{name}'") for text in told), remedy
            ) from error


def list_noise(experiment: Experiment) -> dict[str, DataSet]:
    """List the recordings of every noise by name, without decoding anything.

    Raises
    ------
    DataError, ConfigError
        If a source finds nothing, or none of the labels.
    """
    return {name: _list(name, settings, experiment.seed) for name, settings in experiment.noise.items()}


def check_noise(experiment: Experiment, noise: Mapping[str, DataSet]) -> None:
    """Refuse noise that cannot be split as its settings say.

    Raises
    ------
    ConfigError, DataError
        Naming it.
    """
    mixed = {mix.data for name in experiment.data for mix in experiment.data_set(name).signal.mix}
    for name in mixed:
        for seed in experiment.all_seeds:
            OpenNoise(noise[name], experiment.noise[name], {}).folds(seed)


def open_noise(
    experiment: Experiment, listed: Mapping[str, Listed], noise: Mapping[str, DataSet], store: Store, extract: Extract
) -> dict[str, OpenNoise]:
    """Store the signals of the noise as each data set that they are mixed into prepares its own.

    Parameters
    ----------
    extract
        Stores the maps of some recordings of one name.

    Raises
    ------
    DataError
        With all recordings that cannot be used.
    ConfigError
        If noise has another number of channels than what it is mixed into.
    """
    opened = {name: OpenNoise(data_set, experiment.noise[name], {}) for name, data_set in noise.items()}
    for part in listed.values():
        for mix in part.settings.signal.mix:
            own = opened[mix.data]
            if part.data_set.name not in own.signals:
                own.signals[part.data_set.name] = _store(own.data_set, part.settings.signal, store, extract)
    return opened


def build_mixes(
    part: Listed, recording: str, noise: Mapping[str, OpenNoise], corpus: Corpus, fold: FoldSplit, seed: int
) -> dict[str, Mix]:
    """Return what is mixed into a recording of a data set in a fold, by the stage that keys its draws.

    Raises
    ------
    DataError
        If a recording of the noise is silent, or a part that is evaluated with noise has none.
    """
    name = part.data_set.name
    return {
        f"mix.{name}.{recording}.{number}": _mix(settings, noise[settings.data], name, corpus, fold, seed)
        for number, settings in enumerate(part.settings.signal.mix)
    }


def check_channels(data_set: str, channels: int, noise: Mapping[str, OpenNoise]) -> None:
    """Refuse noise whose channels do not fit: it has one, or as many as what it is mixed into.

    Raises
    ------
    ConfigError
        Naming both.
    """
    for name, own in noise.items():
        found = own.signals[data_set].channels if data_set in own.signals else 1
        if found not in (1, channels):
            raise ConfigError(
                f"noise.{name}: has {found} channels and data.{data_set} has {channels}; bring both to one form with "
                "signal.channels: mono"
            )


def _list(name: str, settings: NoiseSettings, seed: int) -> DataSet:
    source: Source = catalog.build("source", settings.source)
    data_set = DataSet.of(name, source.examples())
    for target, labels in (settings.labels or {}).items():
        column = data_set.targets(target)
        kept = np.array([value is not None and bool(label_set(value) & set(labels)) for value in column], dtype=bool)
        known = {label for value in column.values for label in label_set(value)}
        if unknown := sorted(set(labels) - known):
            raise ConfigError(
                f"noise.{name}.labels.{target}: no recording is labelled {', '.join(unknown)}; there is "
                f"{', '.join(sorted(known))}"
            )
        data_set = data_set.select(np.flatnonzero(kept))
    return data_set if settings.limit is None else data_set.limit(settings.limit, seed=seed)


def _store(data_set: DataSet, signal: SignalSettings, store: Store, extract: Extract) -> StoredMaps:
    (recording, *_) = data_set.input_names
    recordings = [one for one in data_set.recordings(recording) if one is not None]
    plain = signal.model_copy(update={"mix": (), "augment": ()})
    settings = InputSettings.model_construct(signal=plain, feature=WaveformSettings())
    pipeline = Pipeline(settings)
    extraction = extract(pipeline, recordings, data_set.name)
    if extraction.failures:
        raise DataError(
            *extraction.failures.values(),
            f"noise {data_set.name!r}: {len(extraction.failures)} of {len(recordings)} recordings cannot be used; "
            "repair or remove them",
        )
    return StoredMaps(store, store.find(extraction.keys), pipeline=pipeline, recordings=recordings)


def _mix(settings: MixSettings, noise: OpenNoise, data_set: str, corpus: Corpus, fold: FoldSplit, seed: int) -> Mix:
    folds = noise.folds(seed)
    found = folds[fold.number % len(folds)]
    parts = {"train": found.train, "dev": found.dev if len(found.dev) else found.train, "test": found.test}
    wanted = ["train", "dev", "test"] if settings.evaluation else ["train"]
    wanted = [role for role in wanted if role == "train" or len(getattr(fold, role))]
    rows = corpus.rows_of(data_set)
    pool_of_row = np.zeros(len(rows), dtype=np.int64)
    pools = []
    for number, role in enumerate(wanted):
        if not len(parts[role]):
            raise DataError(
                f"noise {noise.data_set.name!r}: fold {found.name!r} has no {role} recordings to mix into the {role} "
                f"rows of data set {data_set!r}; set noise.{noise.data_set.name}.split"
            )
        pools.append(NoisePool(noise.signals[data_set], parts[role], noise.data_set.ids))
        pool_of_row[np.isin(rows, getattr(fold, role))] = number
    return Mix(settings, tuple(pools), pool_of_row)
