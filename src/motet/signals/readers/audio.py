"""Sound files: whatever libsndfile decodes (WAV, FLAC, Ogg, MP3, AIFF, CAF and others), whole or a span.

A file that is shorter than its header says is an error, never a shorter signal. libsndfile corrects such headers
silently and decodes what is left, but it notes the correction in its log, and that log is read here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from soundfile import LibsndfileError, SoundFile

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.places import file_mark
from motet.signals.readers.spans import checked, sample_span
from motet.signals.signal import Signal

# The notes of libsndfile 1.2 on a file that holds less than its header says: the size of the samples in WAV,
# AIFF, AU, SVX, WVE and W64 files, the others in full. The RIFF size is left out: many good writers get it wrong.
_CORRECTED_SIZE = re.compile(
    r"^ *(?:data|SSND|Data Size|BODY|Data length|riff) *:? *(\d+) +\(?should be (\d+)", re.MULTILINE
)
_CUT_OFF = (
    "File seems to be truncated",
    "Seems to be a truncated file",
    "does not match value from 'ds64' chunk",
    "Last page lacks an end-of-stream bit",
    "without an End-Of-Stream flag",
)
# Where seeking alone gives wrong samples. An MP3 frame borrows bits from those before it. In the last page of an Ogg
# Vorbis stream libsndfile lands beside the place; a page holds at most 255 packets of 1024 new samples.
_RUN_UP_SAMPLES = {"MP3": 16 * 1152, "OGG": 255 * 1024}
_WHOLE_NUMBERS = {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32"}  # samples that cannot be NaN
_STREAMED_SIZE = 0x7FFFF000  # sizes from here on stand for "not known" in files written to a pipe


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A sound file.

    Parameters
    ----------
    path
        The file; its format is told by its content, not by its suffix.

    Examples
    --------
    >>> AudioFile(Path("bell.wav")).describe()
    'bell.wav'
    """

    path: Path

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Decode the span from `start_s` to `end_s` (None: to the end), in seconds.

        Samples of every format lie in [-1, 1]; floating point files are read as they are.

        Raises
        ------
        DataError
            If the file is missing, empty, truncated, damaged, no sound file, or holds NaN or infinite samples.
        """
        place = str(self.path)
        try:
            return decoded(place, place, start_s, end_s)
        except DataError:
            file_mark(self.path)  # says more plainly what is wrong with the file itself
            raise

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the file."""
        return cache.digest(self.path)

    def describe(self) -> str:
        """Return the path."""
        return str(self.path)


def duration_s(path: Path) -> float:
    """Return how long a sound file is by its header, in seconds; nothing is decoded.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    try:
        with SoundFile(str(path)) as file:
            return float(file.frames / file.samplerate)
    except (LibsndfileError, OSError) as error:
        file_mark(path)  # says more plainly what is wrong with the file itself
        raise DataError(f"{path}: {_reason(error)}") from error


def decoded(source: str | BinaryIO, place: str, start_s: float = 0.0, end_s: float | None = None) -> Signal:
    """Decode a span of a sound file, or of the content of one; see `AudioFile.read`.

    Parameters
    ----------
    source
        A path, or a file that is open for reading.
    place
        What messages call it.
    """
    try:
        with _SequentialFile(source) as file:
            _refuse_cut_off(file, place)
            rate_hz = float(file.samplerate)
            start, stop = sample_span(start_s, end_s, rate_hz, file.frames, place)
            samples = _decode(file, start, stop, place).T
            whole_numbers = file.subtype in _WHOLE_NUMBERS
    except (LibsndfileError, OSError, MemoryError) as error:
        raise DataError(f"{place}: {_reason(error)}") from error
    values = np.ascontiguousarray(samples) if whole_numbers else checked(samples, place)
    return Signal(values, rate_hz, start / rate_hz)


class _SequentialFile(SoundFile):  # type: ignore[misc]  # soundfile is not typed
    """A sound file that is read once, forwards: without asking for the position before and after."""

    def seekable(self) -> bool:
        return False


def _decode(file: _SequentialFile, start: int, stop: int, place: str) -> NDArray[np.float32]:
    """Return the samples from `start` to `stop`, shape [T, C]."""
    skipped = start
    if start and SoundFile.seekable(file):
        skipped = min(start, _RUN_UP_SAMPLES.get(file.format, 0))
        file.seek(start - skipped)
    samples: NDArray[np.float32] = file.read(skipped + stop - start, dtype="float32", always_2d=True)[skipped:]
    if len(samples) < stop - start:
        raise DataError(
            f"{place}: only {start + len(samples)} of the {file.frames} samples that its header gives can be decoded; "
            "the file is truncated or damaged: replace it with a whole copy or leave it out"
        )
    return samples


def _refuse_cut_off(file: SoundFile, place: str) -> None:
    log: str = file.extra_info
    cut_off = any(note in log for note in _CUT_OFF)
    if "should be" not in log and not cut_off:
        return
    sizes = [(int(given), int(found)) for given, found in _CORRECTED_SIZE.findall(log)]
    missing = [(given, found) for given, found in sizes if found < given < _STREAMED_SIZE]
    if missing:
        given, found = missing[0]
        what = f"its header gives {given} bytes but {found} are there"
    elif cut_off:
        what = "it ends before its header or its last page says so"
    else:
        return
    raise DataError(f"{place}: the file is truncated ({what}); replace it with a whole copy or leave it out")


def _reason(error: Exception) -> str:
    """Say why a file that is there could not be decoded, and what helps."""
    if isinstance(error, MemoryError):
        return "its header gives more samples than fit into memory; the file is damaged: replace it or leave it out"
    detail = error.error_string if isinstance(error, LibsndfileError) else str(error)
    return (
        f"no sound that libsndfile can decode ({detail.rstrip('.')}); convert it to WAV or FLAC, replace it, or leave "
        "it out"
    )
