import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from motet.errors import DataError
from motet.signals.readers.audio import AudioFile

RATE_HZ = 8000
# libsndfile has no length to compare with in these: their headers give none, or it does not look at it.
LENGTH_UNKNOWN = {"RAW", "AVR", "IRCAM", "MAT5", "MPC2K", "NIST", "PAF", "PVF", "SD2", "SDS", "XI"}
CUT_FORMATS = [
    (container, subtype)
    for container in soundfile.available_formats()
    if container not in LENGTH_UNKNOWN
    for subtype in soundfile.available_subtypes(container)
    if subtype not in {"DWVW_12", "MPEG_LAYER_I", "MPEG_LAYER_II"} and (container, subtype) != ("WAV", "MPEG_LAYER_III")
]


@pytest.fixture
def noise_file(tmp_path: Path, noise: NDArray[np.float32]) -> Callable[..., Path]:
    """Write half a second of noise in a format."""

    def write(container: str, subtype: str | None = None) -> Path:
        path = tmp_path / f"noise.{container.lower()}"
        soundfile.write(path, noise[0], RATE_HZ, format=container, subtype=subtype)
        return path

    return write


@pytest.mark.parametrize(("container", "subtype"), CUT_FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_was_cut_off_is_refused(
    noise_file: Callable[..., Path], container: str, subtype: str, share: float
) -> None:
    path = noise_file(container, subtype)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(DataError, match=rf"noise\.{container.lower()}: .*(truncated|damaged|no sound|no samples)"):
        AudioFile(path).read()


def test_a_cut_wav_says_how_much_is_missing(noise_file: Callable[..., Path]) -> None:
    path = noise_file("WAV")
    path.write_bytes(path.read_bytes()[:-1000])

    message = r"the file is truncated \(its header gives 8000 bytes but 7000 are there\); replace it with a whole copy"
    with pytest.raises(DataError, match=message):
        AudioFile(path).read(0.0, 0.1)


@pytest.mark.parametrize("container", ["OGG", "MP3"])
def test_a_damaged_middle_is_refused(tmp_path: Path, noise: NDArray[np.float32], container: str) -> None:
    path = tmp_path / f"noise.{container.lower()}"
    soundfile.write(path, np.tile(noise[0], 50), RATE_HZ, format=container)
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 2, len(content) // 2 + 600)
    content[middle] = bytes(255 - value for value in content[middle])
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"only .* of the \d+ samples that its header gives can be decoded"):
        AudioFile(path).read()


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_wav_written_to_a_pipe_is_whole(noise_file: Callable[..., Path], size: int) -> None:
    path = noise_file("WAV")
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", size)
    path.write_bytes(content)

    assert AudioFile(path).read().num_samples == 4000


def test_a_wrong_riff_size_alone_does_no_harm(noise_file: Callable[..., Path]) -> None:
    path = noise_file("WAV")
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack("<I", 10 * len(content))
    path.write_bytes(content)

    assert AudioFile(path).read().num_samples == 4000


@pytest.mark.parametrize("container", ["WAV", "AIFF", "OGG"])
def test_a_file_without_samples_is_refused(tmp_path: Path, container: str) -> None:
    path = tmp_path / f"none.{container.lower()}"
    soundfile.write(path, np.empty(0), RATE_HZ, format=container)

    with pytest.raises(DataError, match=rf"none\.{container.lower()}: (holds no samples|no sound)"):
        AudioFile(path).read()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    path = tmp_path / "broken.wav"
    soundfile.write(path, np.array([0.0, 0.1, value]), RATE_HZ, subtype="FLOAT")

    with pytest.raises(DataError, match=r"broken\.wav: 1 of 3 values are NaN, .* in channel 0 at sample 2"):
        AudioFile(path).read()


@pytest.mark.parametrize(
    "content", [b"hello, this is no sound\n" * 20, b"RIFF", b"RIFF\0\0\0\0WAVE", b"OggS", b"\0" * 99]
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.wav"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"text\.wav: no sound that libsndfile can decode \(.+\); convert it to WAV"):
        AudioFile(path).read()


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()

    with pytest.raises(DataError, match=r"empty\.wav: the file is empty \(0 bytes\); replace it or leave it out"):
        AudioFile(path).read()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.wav: no such file; correct the path"):
        AudioFile(tmp_path / "gone.wav").read()
    with pytest.raises(DataError, match="this is a folder"):
        AudioFile(tmp_path).read()


def test_a_header_of_more_than_the_memory_is_refused(noise_file: Callable[..., Path]) -> None:
    path = noise_file("FLAC")
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F  # the upper bits of the number of samples in STREAMINFO: it becomes 64 thousand million
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"noise\.flac: (only 4000 of|its header gives more samples than fit|no sound)"):
        AudioFile(path).read()


def test_a_span_beyond_the_end_is_refused(noise_file: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match=r"noise\.wav: the span from 0\.25 s to 0\.75 s does not lie in .* of 0\.5 s"):
        AudioFile(noise_file("WAV")).read(0.25, 0.75)


@pytest.mark.parametrize("container", ["WAV", "AIFF", "FLAC", "OGG", "MP3"])
def test_random_damage_gives_a_signal_or_a_clear_error(noise_file: Callable[..., Path], container: str) -> None:
    path = noise_file(container)
    content = path.read_bytes()
    random = np.random.default_rng(11)
    refused = 0
    for _ in range(40):
        damaged = bytearray(content)
        for place in random.integers(0, min(len(content), 2000), size=8).tolist():
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        try:
            signal = AudioFile(path).read()
        except DataError:
            refused += 1
        else:
            assert signal.num_samples > 0
            assert np.isfinite(signal.values).all()
    assert refused > 0
