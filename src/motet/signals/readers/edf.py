"""EDF, EDF+, BDF and BDF+: recordings of many channels in their own unit (EEG in microvolts), with annotations.

The header is read once and stays open for the last few files; samples are read span by span. A file that is shorter
than its header says is an error, never a shorter signal; so is one whose records do not follow each other (EDF+D).
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motet.errors import DataError, missing_extra
from motet.files.digest_cache import DigestCache
from motet.signals.readers.places import file_mark
from motet.signals.readers.spans import checked, sample_span
from motet.signals.signal import Signal

_FILES_KEPT_OPEN = 2  # BDF files are held whole
_PURPOSE = "reading EDF and BDF files"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that is written on a recording: when it begins, how long it lasts (None: a moment), what it says."""

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True, slots=True)
class EdfFile:
    """A file in EDF or BDF, told by its suffix.

    Parameters
    ----------
    path
        The file.
    signals
        The signals that become channels, by label (dots and spaces at its end need not be written) or by number from 0;
        None: all.
    """

    path: Path
    signals: tuple[str | int, ...] | None = None

    def read(self, start_s: float = 0.0, end_s: float | None = None) -> Signal:
        """Read the span from `start_s` to `end_s` (None: to the end), in seconds.

        Raises
        ------
        DataError
            If the file is missing, truncated, damaged or not continuous, a signal is not there, or those that are
            chosen have several rates.
        MachineError
            If edfio is not installed.
        """
        place = str(self.path)
        chosen = self._chosen(place)
        rate_hz = float(chosen[0].sampling_frequency)
        num_samples = opened(self.path).num_data_records * chosen[0].samples_per_data_record
        start, stop = sample_span(start_s, end_s, rate_hz, num_samples, place)
        try:
            parts = [signal.get_data_slice(start / rate_hz, stop / rate_hz) for signal in chosen]
            values = checked(np.stack(parts), place)
        except (ValueError, OSError) as error:
            raise _damaged(place, error) from error
        return Signal(values, rate_hz, start / rate_hz)

    def digest(self, cache: DigestCache) -> bytes:
        """Return the 16 bytes that stand for the content of the file and the way it is read."""
        way = f"EdfFile {self.signals!r}"
        return hashlib.blake2b(cache.digest(self.path) + way.encode(), digest_size=16).digest()

    def describe(self) -> str:
        """Return the path."""
        return str(self.path)

    def _chosen(self, place: str) -> list[Any]:
        signals: Sequence[Any] = opened(self.path).signals
        labels = [_label(signal.label) for signal in signals]
        if self.signals is not None:
            signals = [signals[_position(wanted, labels, place)] for wanted in self.signals]
        rates = sorted({float(signal.sampling_frequency) for signal in signals})
        if len(rates) != 1:
            found = ", ".join(f"{rate:g} Hz" for rate in rates) or "no signals"
            raise DataError(
                f"{place}: its signals have {found}, but those of a recording have one rate: choose some with "
                f"signal.reader.columns (there are {', '.join(labels) or 'none'})"
            )
        return list(signals)


def annotations(path: Path) -> list[Annotation]:
    """Return what is written on a recording, in the order of time.

    Raises
    ------
    DataError, MachineError
        As `EdfFile.read`.
    """
    try:
        found = opened(path).annotations
    except (ValueError, OSError) as error:
        raise _damaged(str(path), error) from error
    return [
        Annotation(float(one.onset), None if one.duration is None else float(one.duration), one.text) for one in found
    ]


def duration_s(path: Path) -> float:
    """Return how long a recording lasts.

    Raises
    ------
    DataError, MachineError
        As `EdfFile.read`.
    """
    return float(opened(path).duration)


def opened(path: Path) -> Any:
    """Return the open file, whose samples are read when they are asked for.

    Raises
    ------
    DataError, MachineError
        As `EdfFile.read`.
    """
    return _opened(path, *file_mark(path))


@lru_cache(maxsize=_FILES_KEPT_OPEN)
def _opened(path: Path, num_bytes: int, changed_ns: int) -> Any:
    """Open a file; its size and time of change are part of the cache's key."""
    try:
        import edfio
    except ImportError:
        raise missing_extra("edfio", "edf", _PURPOSE) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # told of headers that promise more than there is
            is_bdf = path.suffix.lower() == ".bdf"
            file = edfio.read_bdf(path) if is_bdf else edfio.read_edf(path, lazy_load_data=True)
            continuous = file.is_continuous
    except (ValueError, OSError, UserWarning, IndexError, KeyError) as error:
        raise _damaged(str(path), error) from error
    if not continuous:
        raise DataError(
            f"{path}: is discontinuous (EDF+D), so time in it is not what samples say; convert it to continuous pieces"
        )
    return file


def _damaged(place: str, error: Exception) -> DataError:
    reason = str(error).strip().split("\n")[0].rstrip(".")
    return DataError(
        f"{place}: is truncated, damaged, or neither EDF nor BDF ({reason}); replace it with a whole copy or leave it "
        "out"
    )


def _label(text: str) -> str:
    return text.rstrip(". ")


def _position(wanted: str | int, labels: Sequence[str], place: str) -> int:
    found = [number for number, label in enumerate(labels) if wanted == number or _label(str(wanted)) == label]
    if not found:
        raise DataError(
            f"{place}: there is no signal {wanted!r}; there are {', '.join(labels)}: correct signal.reader.columns"
        )
    return found[0]
