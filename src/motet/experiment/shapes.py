"""What shape the maps of every input have, found out as early as possible.

The settings tell it where they fix rate and channels; else the store does, where maps are there; else one recording.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motet.config import Settings, UserComponent
from motet.data.corpus import Corpus
from motet.data.segments import fit_length
from motet.errors import DataError, MotetError
from motet.experiment.listing import Listed
from motet.files import DigestCache, UnknownDigestError
from motet.model import DataSetDocument, InputDocument, ModelDocument, input_shapes
from motet.networks.shape import MapShape
from motet.pipeline import InputSettings, Pipeline, Precision
from motet.signals.recording import Recording
from motet.store.records import Entries
from motet.store.store import Store

Frames = NDArray[np.int64]

_TRIES = 3
_CHANNELS = {"mono": 1, "left": 1, "right": 1, "difference": 1}


@dataclass(frozen=True, slots=True, eq=False)
class MapFacts:
    """What is known of the maps of one input of one data set.

    Parameters
    ----------
    channels, bins
        C and F of every map.
    step_s
        The time from one frame to the next; 0 where there is only one.
    frames
        Frames of the maps that are known, int64 [n]; n may be 0.
    """

    channels: int
    bins: int
    step_s: float
    frames: Frames

    def durations_s(self) -> NDArray[np.float64]:
        """Return how long the known maps last, shape [n]."""
        durations: NDArray[np.float64] = self.frames.astype(np.float64) * self.step_s
        return durations


Outputs = Mapping[str, int]
Facts = Mapping[str, Mapping[str, MapFacts]]
"""By data set and input."""


def declared(settings: InputSettings, source: Settings) -> MapFacts | None:
    """Return what the settings alone say of the maps that the network sees, or None where they leave it open."""
    signal = settings.signal
    own_code = isinstance(source, UserComponent) or any(isinstance(step, UserComponent) for step in signal.steps)
    finished = getattr(source, "content", "signals") == "maps"
    channels = _CHANNELS.get(signal.channels) if isinstance(signal.channels, str) else len(signal.channels)
    if own_code or finished or channels is None or signal.rate_hz is None:
        return None
    feature = Pipeline(settings).feature(signal.rate_hz)
    return MapFacts(channels, feature.num_bins, feature.grid(0.0).step_s, np.arange(0))


def probed(settings: InputSettings, recordings: Sequence[Recording[Any]]) -> MapFacts | None:
    """Return the facts of the stored map of the first recording that can be read; None where none of three can."""
    pipeline = Pipeline(settings)
    for recording in recordings[:_TRIES]:
        try:
            found = pipeline.compute(recording)
        except DataError:
            continue
        channels, frames, bins = found.values.shape
        return MapFacts(channels, bins, found.grid.step_s, np.array([frames]))
    return None


def known_entries(
    settings: InputSettings,
    recordings: Sequence[Recording[Any]],
    store: Store,
    cache: DigestCache,
    precision: Precision,
) -> Entries:
    """Find the maps of those recordings whose content is remembered; the others are taken for new."""
    pipeline = Pipeline(settings)
    keys = []
    for recording in recordings:
        with suppress(UnknownDigestError, MotetError):
            keys.append(pipeline.key(recording, cache, precision))
    return store.find(keys)


def stored(entries: Entries) -> MapFacts | None:
    """Return the facts of the stored maps among some entries, which are of one pipeline."""
    found = entries[entries.present]
    if not len(found):
        return None
    return MapFacts(int(found.channels[0]), int(found.bins[0]), float(found.step_s[0]), found.frames)


def as_seen(settings: InputSettings, facts: MapFacts) -> MapFacts:
    """Return the facts of the maps that the network sees: of features, also where signals are stored."""
    pipeline = Pipeline(settings)
    if pipeline.stored == "features":
        return facts
    feature = pipeline.feature(settings.signal.rate_hz or round(1.0 / facts.step_s, 6))
    frames = np.array([feature.num_frames(count) for count in facts.frames.tolist()], dtype=np.int64)
    return MapFacts(facts.channels, feature.num_bins, feature.grid(0.0).step_s, frames)


def network_inputs(listed: Mapping[str, Listed], facts: Facts) -> dict[str, MapShape]:
    """Return the shape of every input of the network; segments whose length is fitted are as long as known maps say.

    Raises
    ------
    DataError
        If two data sets give one input in different shapes.
    """
    data_sets = {}
    for name, part in listed.items():
        inputs = {
            input_name: InputDocument.model_construct(channels=own.channels, bins=own.bins, step_s=own.step_s)
            for input_name, own in facts[name].items()
        }
        length_s = _length_s(part, facts[name])
        data_sets[name] = DataSetDocument.model_construct(inputs=inputs, length_s=length_s)
    return input_shapes(ModelDocument.model_construct(data_sets=data_sets))


def outputs_of(corpus: Corpus) -> dict[str, int]:
    """Return the number of outputs of every task."""
    return {name: task.output_size for name, task in corpus.tasks.items()}


def with_frames(shapes: Mapping[str, MapShape], facts: Facts) -> dict[str, MapShape] | None:
    """Return the shapes with the frames of the longest recording that is known, where each keeps its own."""
    found = {}
    for name, shape in shapes.items():
        known = [own[name].frames for own in facts.values() if name in own]
        frames = shape.frames or max((int(each.max()) for each in known if len(each)), default=None)
        if frames is None:
            return None
        found[name] = replace(shape, frames=frames)
    return found


def recordings_of(part: Listed, name: str) -> list[Recording[Any]]:
    """Return the recordings of one name; the corpus has checked that none is missing."""
    return [recording for recording in part.data_set.recordings(name) if recording is not None]


def _length_s(part: Listed, facts: Mapping[str, MapFacts]) -> float | None:
    settings = part.settings.segments
    if settings is None:
        return None
    main = max(facts.values(), key=lambda own: own.step_s)
    return fit_length(settings, main.durations_s())
