from pathlib import Path

import pytest

from motet.errors import ConfigError
from motet.signals.readers.arrays import NumpyFile
from motet.signals.readers.audio import AudioFile
from motet.signals.readers.by_suffix import SIGNAL_SUFFIXES, SOUND_SUFFIXES, reader_for
from motet.signals.readers.text import TextFile
from motet.signals.settings import ReaderSettings

SETTINGS = ReaderSettings(rate_hz=50.0, layout="time_first", key="x", delimiter=";", columns=("a", 1), skip_rows=2)


@pytest.mark.parametrize("name", ["a.wav", "a.FLAC", "a.ogg", "a.mp3", "a.aiff", "a.unknown", "a"])
def test_sound_is_for_libsndfile(name: str) -> None:
    assert reader_for(Path(name), ReaderSettings()) == AudioFile(Path(name))


@pytest.mark.parametrize("name", ["a.npy", "a.NPZ"])
def test_arrays(name: str) -> None:
    expected = NumpyFile(Path(name), 50.0, row=None, key="x", layout="time_first")

    assert reader_for(Path(name), SETTINGS) == expected


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.TSV"])
def test_text(name: str) -> None:
    expected = TextFile(Path(name), 50.0, delimiter=";", columns=("a", 1), skip_rows=2)

    assert reader_for(Path(name), SETTINGS) == expected


@pytest.mark.parametrize("name", ["a.npy", "a.csv"])
def test_files_without_a_rate_want_one(name: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"signal\.reader\.rate_hz: {name} carries no sampling rate and none is given"
    ):
        reader_for(Path("folder", name), ReaderSettings())


def test_the_suffixes_are_lower_case() -> None:
    assert SOUND_SUFFIXES < SIGNAL_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SIGNAL_SUFFIXES)
