"""The bytes of a map: a WAV file of float32 samples, or an .npz file, either of which can be told from other files.

What tells a WAV file is its standard field for the software that made it (`ISFT`, behind the samples), and an .npz file
the names of its arrays. So a map of an earlier prediction may be replaced, and a recording is not taken for one. Equal
maps are equal files. Axes: C channel, T frame.
"""

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from motet.experiment.file_maps import PredictedMap
from motet.signals.signal import Signal

WAV, NPZ = ".wav", ".npz"

_ARRAYS = ("values", "rate_hz", "start_s")
_MADE_BY = b"LIST\x12\x00\x00\x00INFOISFT\x06\x00\x00\x00motet\x00"
_RIFF_HEADER_BYTES = 8


def write_wav(file: BinaryIO, signal: Signal) -> None:
    """Write a waveform with whole samples per second."""
    # scipy.io and not soundfile, which stamps float files with the time: equal maps are to be equal files.
    from scipy.io import wavfile

    wavfile.write(file, round(signal.rate_hz), np.ascontiguousarray(signal.values.T))
    file.seek(0, 2)
    file.write(_MADE_BY)
    size = file.tell() - _RIFF_HEADER_BYTES
    file.seek(4)
    file.write(struct.pack("<I", size))


def write_npz(file: BinaryIO, found: PredictedMap, *, rate_hz: float, start_s: float) -> None:
    """Write a map of any kind."""
    arrays = (found.values, np.float64(rate_hz), np.float64(start_s))
    np.savez(file, **dict(zip(_ARRAYS, arrays, strict=True)))  # type: ignore[arg-type]  # the names are no option


def is_written_map(path: Path) -> bool:
    """Tell whether a file is one that was written here."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if path.suffix == WAV:
            file.seek(-min(len(_MADE_BY), path.stat().st_size), 2)
            return file.read() == _MADE_BY
        try:
            with zipfile.ZipFile(file) as archive:
                return archive.namelist() == [f"{name}.npy" for name in _ARRAYS]
        except zipfile.BadZipFile:
            return False
