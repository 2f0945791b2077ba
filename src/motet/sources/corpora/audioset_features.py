"""AudioSet's published features: 128 values of VGGish for every second of a segment, in TensorFlow's record files.

The archive unpacks to `audioset_v1_embeddings/{bal_train,eval,unbal_train}/XX.tfrecord`, where XX are the first two
characters of the videos in it. A record is a `SequenceExample`: `video_id`, `start_time_seconds`, `end_time_seconds`,
`labels`, and as the list `audio_embedding` one string of 128 bytes a second. A byte b stands for 4 b / 255 - 2.

Source: the download page of AudioSet (format of the features), and `vggish_params.py` of the publisher's VGGish
(`QUANTIZE_MIN_VAL` -2, `QUANTIZE_MAX_VAL` 2).
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from motet.errors import DataError
from motet.features.feature_map import FeatureMap
from motet.files import DigestCache
from motet.sources.listing import list_files
from motet.sources.maps import map_of
from motet.sources.tfrecords import entries, fields, record_at, records

SUFFIX = ".tfrecord"

_VALUES = 128
_LOWEST, _HIGHEST = -2.0, 2.0
_PREFIX = 2
_BYTES_LIST, _FLOAT_LIST = 1, 2

Segment = tuple[str, float]
"""A video and the second that its segment starts at."""


@dataclass(frozen=True, slots=True)
class AudioSetFeatures:
    """The features of a segment, or of one of its seconds.

    Parameters
    ----------
    path
        The record file.
    offset
        Where the record begins in it, in bytes.
    seconds
        How many seconds it has.
    second
        Which of them is meant, from 0; None for all.
    """

    path: Path
    offset: int
    seconds: int
    second: int | None = None

    version: ClassVar[int] = 1

    def of_second(self, second: int) -> "AudioSetFeatures":
        """Return the features of one second."""
        return replace(self, second=second)

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> FeatureMap:
        """Return the values of the seconds from `start_s` to `end_s`, shape [1, T, 128]; see `Reader.read`."""
        data = record_at(self.path, self.offset)
        try:
            rows = _embedding(data)
            values = np.stack([np.frombuffer(row, dtype=np.uint8) for row in rows])
        except ValueError as error:
            raise DataError(f"{self.describe()}: is no segment of AudioSet's features ({error})") from None
        if values.shape[1] != _VALUES:
            raise DataError(f"{self.describe()}: a second has {values.shape[1]} values; features have {_VALUES}")
        if self.second is not None:
            values = values[self.second : self.second + 1]
        real = (values * np.float32((_HIGHEST - _LOWEST) / 255) + np.float32(_LOWEST)).astype(np.float32)
        return map_of(real, 1.0, start_s, end_s, self.describe())

    def digest(self, cache: DigestCache) -> bytes:
        """Return what identifies the file and the place in it."""
        way = f"audioset {self.offset} {self.second} version {self.version}".encode()
        return hashlib.blake2b(cache.digest(self.path) + way, digest_size=16).digest()

    def describe(self) -> str:
        """Name the file and the place for messages."""
        second = "" if self.second is None else f", second {self.second}"
        return f"{self.path} (record at byte {self.offset}{second})"


def find_features(folder: Path, wanted: Iterable[Segment]) -> Mapping[Segment, AudioSetFeatures]:
    """Return the features of those of the segments that are there; only files that may hold them are opened.

    Raises
    ------
    DataError
        If a file is damaged.
    """
    segments = set(wanted)
    prefixes = {video[:_PREFIX] for video, _ in segments}
    found: dict[Segment, AudioSetFeatures] = {}
    for name in list_files(str(folder), extensions=[SUFFIX]):
        if name.rsplit("/", 1)[-1].removesuffix(SUFFIX) not in prefixes:
            continue
        path = folder / name
        for offset, data in records(path):
            try:
                segment = _segment(data)
                if segment in segments:
                    found.setdefault(segment, AudioSetFeatures(path, offset, len(_embedding(data))))
            except ValueError as error:
                raise DataError(
                    f"{path}: the record at byte {offset} is no segment of AudioSet's features ({error}); "
                    "download the file again"
                ) from None
    return found


def _segment(data: bytes) -> Segment:
    """Return which segment a `SequenceExample` is of."""
    context = _part(data, 1)
    features = dict(entries(context))
    if "video_id" not in features or "start_time_seconds" not in features:
        raise ValueError("it has no video_id or no start_time_seconds")
    video = _part(_part(features["video_id"], _BYTES_LIST), 1).decode()
    (start_s,) = struct.unpack("<f", _part(_part(features["start_time_seconds"], _FLOAT_LIST), 1))
    return video, float(start_s)


def _embedding(data: bytes) -> list[bytes]:
    lists = dict(entries(_part(data, 2)))
    if "audio_embedding" not in lists:
        raise ValueError("it has no audio_embedding")
    seconds = [value for number, value in fields(lists["audio_embedding"]) if number == 1 and isinstance(value, bytes)]
    rows = [_part(_part(second, _BYTES_LIST), 1) for second in seconds]
    if not rows or len({len(row) for row in rows}) > 1:
        raise ValueError("its seconds have no values, or not equally many")
    return rows


def _part(message: bytes, number: int) -> bytes:
    """Return the bytes of a field; those of a packed list of one number, or of the number itself, are the same."""
    for own, value in fields(message):
        if own == number and isinstance(value, bytes):
            return value
    raise ValueError(f"field {number} is missing")
