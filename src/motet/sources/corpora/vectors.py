"""Stored vectors of the clips of a corpus, read in place of the recordings: one a clip, found by the clip's name.

There are four ways to keep them: a folder with NAME.npy, each [F], anywhere below it; an .npz file with `names` [N] and
`vectors` [N, F]; a .csv file of which each row is NAME and F numbers; and AudioSet's published features, for clips that
are seconds of AudioSet's segments.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from motet.errors import ConfigError, DataError
from motet.features.feature_map import FeatureMap
from motet.signals.recording import Recording
from motet.sources.corpora.audioset_features import SUFFIX, find_features
from motet.sources.corpora.clips import read_rows
from motet.sources.listing import list_files
from motet.sources.maps import ArrayMap, NumpyMap
from motet.sources.stacks import StackPlace

_RATE_HZ = 1.0
_SECOND = re.compile(r"id_(?P<video>[\w-]{11})_(?P<start>[0-9]+)_[0-9]+_(?P<second>[0-9]+)")

Vectors = Mapping[str, Recording[FeatureMap]]


def stored_vectors(path: Path, names: Sequence[str]) -> Vectors:
    """Return the vectors of those of the clips that have one; a name has no folder and no ending.

    Raises
    ------
    ConfigError
        If there are no vectors at that place, whatever their names.
    DataError
        If a file cannot be read.
    """
    ways: Mapping[str, Callable[[Path], Vectors]] = {".npz": _of_archive, ".csv": _of_table}
    if path.is_dir():
        if list_files(str(path), extensions=[SUFFIX]):
            return _of_audioset(path, names)
        found = _of_folder(path)
    elif path.suffix.lower() in ways:
        found = ways[path.suffix.lower()](path)
    else:
        found = {}
    if not found:
        raise ConfigError(
            f"source.vectors is {path}, which holds no vectors; they are NAME.npy below a folder, an .npz file with "
            "names and vectors, a .csv file of a name and numbers a row, or the folder of AudioSet's features"
        )
    return {name: found[name] for name in names if name in found}


def _of_folder(folder: Path) -> Vectors:
    names = list_files(str(folder), extensions=[".npy"])
    return {name.rsplit("/", 1)[-1][: -len(".npy")]: Recording(NumpyMap(folder / name, _RATE_HZ)) for name in names}


def _of_archive(path: Path) -> Vectors:
    place = StackPlace.of(path)
    names, shape = place.columns(place.find_one("names", "vectors")), place.shape(place.find_one("vectors", "vectors"))
    if len(names) != 1 or len(shape) != 2 or shape[0] != len(names[0].cells):
        raise DataError(
            f"{path}: has {len(names[0].cells)} names and vectors of shape {list(shape)}; write names as text [N] and "
            "vectors as numbers [N, F]"
        )
    return {
        str(name): Recording(NumpyMap(path, _RATE_HZ, row=row, key="vectors"))
        for row, name in enumerate(names[0].cells)
    }


def _of_table(path: Path) -> Vectors:
    found: dict[str, Recording[FeatureMap]] = {}
    for place, cells in read_rows(path, columns=2, delimiter=","):
        try:
            values = np.array([float(cell) for cell in cells[1:]], dtype=np.float32)
        except ValueError as error:
            raise DataError(f"{place}: is no name with numbers behind it ({error}); correct the row") from None
        found[cells[0]] = Recording(ArrayMap(values, _RATE_HZ, name=place))
    return found


def _of_audioset(folder: Path, names: Sequence[str]) -> Vectors:
    """Return the vector of each clip that is named as a second of a segment: id_VIDEO_START_END_SECOND."""
    places = {name: match for name in names if (match := _SECOND.fullmatch(name)) is not None}
    segments = {name: (place["video"], float(place["start"])) for name, place in places.items()}
    features = find_features(folder, segments.values())
    return {
        name: Recording(features[segment].of_second(int(places[name]["second"])))
        for name, segment in segments.items()
        if segment in features and int(places[name]["second"]) < features[segment].seconds
    }
