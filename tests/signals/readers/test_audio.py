from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from motet.files.digest_cache import DigestCache
from motet.signals.readers.audio import AudioFile

RATE_HZ = 8000
NO_HEADER = {"RAW"}
UNFINISHED = {("AIFF", "DWVW_12"), ("WAV", "MPEG_LAYER_III"), ("MP3", "MPEG_LAYER_I"), ("MP3", "MPEG_LAYER_II")}
WRITABLE = [
    (container, subtype)
    for container in soundfile.available_formats()
    if container not in NO_HEADER
    for subtype in soundfile.available_subtypes(container)
    if (container, subtype) not in UNFINISHED
]
STEPS = {"S8": 2**-7, "U8": 2**-7, "16": 2**-15, "24": 2**-23, "32": 2**-23, "FLOAT": 1e-7, "DOUBLE": 1e-7}


def exactness(subtype: str) -> float | None:
    """Return how far a sample may lie from the written one; None for lossy coding."""
    if not subtype.startswith(("PCM", "FLOAT", "DOUBLE", "ALAC")):
        return None
    return 1.01 * STEPS.get(subtype.rpartition("_")[2], 2**-15)


@pytest.fixture
def music() -> NDArray[np.float32]:
    """Make one second of a tone, mono, shape [T, 1]."""
    times_s = np.arange(RATE_HZ) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * 440.0 * times_s)).astype(np.float32)[:, None]


@pytest.mark.parametrize(("container", "subtype"), WRITABLE)
def test_every_format_of_libsndfile(tmp_path: Path, music: NDArray[np.float32], container: str, subtype: str) -> None:
    path = tmp_path / f"tone.{container.lower()}"
    soundfile.write(path, music, RATE_HZ, format=container, subtype=subtype)

    signal = AudioFile(path).read()

    assert signal.rate_hz == (44_100 if container == "XI" else RATE_HZ)  # XI files have this one rate
    assert signal.num_channels == 1
    assert signal.num_samples == pytest.approx(RATE_HZ, abs=330)  # codecs of blocks fill up the last one
    exact = exactness(subtype)
    if exact is not None:
        whole = RATE_HZ - 40 if container == "SDS" else RATE_HZ  # libsndfile writes the last SDS block as zeros
        np.testing.assert_allclose(signal.values[0, :whole], music[:whole, 0], atol=exact)
    else:
        spectrum = np.abs(np.fft.rfft(signal.values[0, :RATE_HZ], RATE_HZ))
        assert spectrum.argmax() == 440
        assert spectrum[440] == pytest.approx(0.5 * RATE_HZ / 2, rel=0.1)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("WAV", "GSM610"),
    ],
)
def test_a_span_is_a_part_of_the_whole(
    tmp_path: Path, music: NDArray[np.float32], container: str, subtype: str
) -> None:
    path = tmp_path / f"tone.{container.lower()}"
    long = np.tile(music, (10, 1)) * np.linspace(0, 1, 10 * RATE_HZ)[:, None]
    soundfile.write(path, long, RATE_HZ, format=container, subtype=subtype)
    whole = AudioFile(path).read()

    for start, stop in ((0, 4000), (2000, 4000), (31_234, 40_000), (79_000, 80_000)):
        part = AudioFile(path).read(start / RATE_HZ, stop / RATE_HZ)
        assert part.start_s == start / RATE_HZ
        np.testing.assert_allclose(part.values, whole.values[:, start:stop], atol=1e-6)


def test_channels_stay_apart(tmp_path: Path, noise: NDArray[np.float32]) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, noise.T, 16_000, subtype="FLOAT")

    signal = AudioFile(path).read()

    np.testing.assert_array_equal(signal.values, noise)
    assert signal.values.flags.c_contiguous
    assert signal.values.dtype == np.float32


def test_the_content_tells_the_format_not_the_suffix(tmp_path: Path, music: NDArray[np.float32]) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, music, RATE_HZ, format="FLAC")

    assert AudioFile(path).read().num_samples == RATE_HZ


def test_one_sample_is_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, [0.5], RATE_HZ)

    np.testing.assert_array_equal(AudioFile(path).read().values, [[0.5]])


def test_the_digest_is_that_of_the_content(tmp_path: Path, music: NDArray[np.float32], cache: DigestCache) -> None:
    first, copy, other = (AudioFile(tmp_path / name) for name in ("a.wav", "b.wav", "c.wav"))
    for reader, values in ((first, music), (copy, music), (other, music[::-1])):
        soundfile.write(reader.path, values, RATE_HZ)

    assert len(first.digest(cache)) == 16
    assert first.digest(cache) == copy.digest(cache) != other.digest(cache)


@pytest.mark.parametrize("pattern", ["fsdd/**/*.wav", "esc10/*/*.ogg", "ravdess/**/*.flac"])
def test_real_recordings_are_what_soundfile_reads(motet_data: Path, pattern: str) -> None:
    paths = sorted(motet_data.glob(pattern))[:5]
    assert paths

    for path in paths:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        signal = AudioFile(path).read()
        np.testing.assert_array_equal(signal.values, samples.T)
        assert signal.rate_hz == rate_hz


def test_reading_and_resampling_reach_the_bare_calls(motet_data: Path) -> None:
    from motet.signals.prepare.resample import Resample

    path = sorted(motet_data.glob("fsdd/**/*.wav"))[0]
    samples, rate_hz = soundfile.read(path, dtype="float32")
    expected: Any = soxr.resample(samples, rate_hz, 16_000, quality="HQ")

    np.testing.assert_array_equal(Resample(16_000.0)(AudioFile(path).read()).values[0], expected)
