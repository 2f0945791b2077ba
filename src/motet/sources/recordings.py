"""The recording behind a file of a source: a signal to be decoded, or a finished feature map."""

from pathlib import Path
from typing import Any

from motet.errors import ConfigError
from motet.signals.readers.by_suffix import reader_for
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.maps import NumpyMap
from motet.sources.settings import Content


def with_rate(reader: ReaderSettings, rate_hz: float | None) -> ReaderSettings:
    """Return how files are read, with the source's own rate where it has one."""
    return reader if rate_hz is None else reader.model_copy(update={"rate_hz": rate_hz})


def recording_of(
    path: Path, content: Content, reader: ReaderSettings, *, start_s: float = 0.0, end_s: float | None = None
) -> Recording[Any]:
    """Return the recording of one file, without opening it.

    Raises
    ------
    ConfigError
        If the files are feature maps whose frame rate nobody has said.
    """
    if content == "signals":
        return Recording(reader_for(path, reader), start_s, end_s)
    return Recording(NumpyMap(path, frame_rate(reader), key=reader.key), start_s, end_s)


def frame_rate(reader: ReaderSettings) -> float:
    """Return the frames per second of finished feature maps."""
    if reader.rate_hz is None:
        raise ConfigError("source.rate_hz is not given: finished feature maps need it; give their frames per second")
    return reader.rate_hz
