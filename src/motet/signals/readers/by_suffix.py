"""Which reader a file gets: NumPy, text and EDF by their suffixes, everything else is for libsndfile."""

from pathlib import Path

from motet.errors import ConfigError
from motet.signals.readers.arrays import NumpyFile
from motet.signals.readers.audio import AudioFile
from motet.signals.readers.edf import EdfFile
from motet.signals.readers.text import TextFile
from motet.signals.settings import ReaderSettings

_PLAIN_SUFFIXES = {".wav", ".wave", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".sph", ".nist"}
_PACKED_SUFFIXES = {".flac", ".ogg", ".oga", ".opus", ".mp3", ".voc"}
SOUND_SUFFIXES = frozenset(_PLAIN_SUFFIXES | _PACKED_SUFFIXES)
ARRAY_SUFFIXES = frozenset({".npy", ".npz"})
TEXT_SUFFIXES = frozenset({".txt", ".csv", ".tsv", ".dat", ".asc"})
EDF_SUFFIXES = frozenset({".edf", ".bdf"})
SIGNAL_SUFFIXES = SOUND_SUFFIXES | ARRAY_SUFFIXES | TEXT_SUFFIXES | EDF_SUFFIXES


def reader_for(path: Path, settings: ReaderSettings) -> AudioFile | EdfFile | NumpyFile | TextFile:
    """Return the reader of a file, chosen by its suffix. The file is not opened.

    Raises
    ------
    ConfigError
        If the file can carry no sampling rate and the settings give none.

    Examples
    --------
    >>> type(reader_for(Path("bell.ogg"), ReaderSettings())).__name__
    'AudioFile'
    """
    suffix = path.suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        return NumpyFile(path, rate_of(path, settings), key=settings.key, layout=settings.layout)
    if suffix in TEXT_SUFFIXES:
        rate_hz = rate_of(path, settings)
        return TextFile(path, rate_hz, settings.delimiter, settings.columns, settings.skip_rows)
    if suffix in EDF_SUFFIXES:
        return EdfFile(path, settings.columns)
    return AudioFile(path)


def rate_of(path: Path, settings: ReaderSettings) -> float:
    """Return the sampling rate of a file that carries none.

    Raises
    ------
    ConfigError
        If the settings give no rate.
    """
    if settings.rate_hz is None:
        raise ConfigError(
            f"signal.reader.rate_hz: {path.name} carries no sampling rate and none is given; set it, such as "
            "signal.reader.rate_hz=50"
        )
    return settings.rate_hz
