"""The way that the recordings of a data set went, for files that belong to no data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from motet.errors import DataError
from motet.extraction import as_item
from motet.maps import LiveMaps, Maps, MemoryMaps, describe_map
from motet.model import InputDocument, Model
from motet.signals.augment import AugmentationChain
from motet.signals.readers.by_suffix import ARRAY_SUFFIXES, EDF_SUFFIXES, SIGNAL_SUFFIXES, SOUND_SUFFIXES
from motet.signals.recording import Recording
from motet.sources.recordings import recording_of
from motet.store.store import Item

Items = dict[str, Item]
"""The map of a file as it would be stored, by input."""


class FileWay:
    """How a model reads a file: as a recording of one of its data sets.

    Parameters
    ----------
    model
        The model.
    data_set
        The data set.

    Attributes
    ----------
    document
        What the model says of the data set.
    suffixes
        The endings of files that are looked for in folders.
    heard
        The recording of an example that a file stands for.
    """

    def __init__(self, model: Model, data_set: str) -> None:
        self._model, self.data_set = model, data_set
        self.document, self._inputs = model.document.data_sets[data_set], model.read_inputs(data_set)
        first = next(iter(self._inputs.values()))
        self.suffixes, self.heard = sorted(_suffixes(first)), first.recording

    def read(self, path: str) -> Items:
        """Read a file.

        Raises
        ------
        DataError, ConfigError
            If it cannot be used; the message names it.
        """
        return {name: self._read_input(path, name, own) for name, own in self._inputs.items()}

    def maps(self, files: Sequence[Items]) -> Mapping[str, Maps]:
        """Return what the network sees of some files, by input."""
        return {name: self._maps(name, [items[name] for items in files]) for name in self._inputs}

    def recording(self, path: str, own: InputDocument) -> Recording[Any]:
        """Return a file as the recording of an input."""
        return recording_of(Path(path), own.content, own.pipeline.signal.reader)

    def _read_input(self, path: str, name: str, own: InputDocument) -> Item:
        recording = self.recording(path, own)
        item = as_item(b"", self._model.pipeline(self.data_set, name), recording, own.precision)
        seen, rate_hz = self._maps(name, [item]), MemoryMaps([item]).rate_hz
        check_map(path, seen, rate_hz, own)
        return item

    def _maps(self, name: str, items: Sequence[Item]) -> Maps:
        maps, pipeline = MemoryMaps(items), self._model.pipeline(self.data_set, name)
        if pipeline.stored == "features":
            return maps
        rate_hz = pipeline.settings.signal.rate_hz or round(1.0 / maps.grid.step_s, 6)
        return LiveMaps(maps, pipeline.feature(rate_hz), AugmentationChain(()), seed=0, stage="")


def check_map(place: str, maps: Maps, rate_hz: float, own: InputDocument) -> None:
    """Look whether maps are like those that a model was trained on.

    Raises
    ------
    DataError
        If channels, bins, the step of time or the sampling rate differ.
    """
    found = (maps.channels, maps.bins, maps.grid.step_s, rate_hz)
    wanted = (own.channels, own.bins, own.step_s, own.rate_hz)
    if found[:2] != wanted[:2] or not np.allclose(found[2:], wanted[2:]):
        raise DataError(
            f"{place}: its map has {describe_map(*found)}, and the model wants {describe_map(*wanted)}; bring it to "
            "the channels and the sampling rate of the training data"
        )


def alike(model: Model, first: str, second: str) -> bool:
    """Tell whether the recordings of two data sets went the same way."""
    one, other = model.document.data_sets[first], model.document.data_sets[second]
    ours, theirs = model.read_inputs(first), model.read_inputs(second)
    return (
        {name: (own.pipeline, own.content, own.precision) for name, own in ours.items()}
        == {name: (own.pipeline, own.content, own.precision) for name, own in theirs.items()}
        and (one.segments, one.length_s, one.merge) == (other.segments, other.length_s, other.merge)
        and all(model.scaling(first, name) is model.scaling(second, name) for name in ours)
    )


def _suffixes(own: InputDocument) -> frozenset[str]:
    """Return the endings of files that can be read; those without a rate only where the model knows it."""
    if own.content == "maps":
        return ARRAY_SUFFIXES
    carry_rates = SOUND_SUFFIXES | EDF_SUFFIXES
    return carry_rates if own.pipeline.signal.reader.rate_hz is None else SIGNAL_SUFFIXES
