"""Where maps are written, and what is never written over."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile

from motet.errors import ConfigError
from motet.experiment.map_files import MapFile, MapFiles
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.signals.signal import Signal

VALUES = (3.0 * np.random.default_rng(0).normal(size=(2, 50))).astype(np.float32)


def files(folder: Path, names: dict[str, str], *, tasks: tuple[str, ...] = ("clean",), given: Any = ()) -> MapFiles:
    return MapFiles(folder, names, tasks, given)


@pytest.mark.parametrize(
    ("path", "name", "stem"),
    [
        ("noisy/a/b.flac", "a/b.flac", "a/b"),
        ("/far/away/b.WAV", "b.WAV", "b"),
        ("../b.c.wav", "b.c.wav", "b.c"),
        ("noisy/bare", "bare", "bare"),
    ],
)
def test_a_waveform_is_a_wav_file_that_keeps_every_sample(path: str, name: str, stem: str, tmp_path: Path) -> None:
    found = files(tmp_path, {path: name}).write("clean", path, Signal(VALUES, 8000.0, 0.25))
    assert found == MapFile(tmp_path / "clean" / f"{stem}.wav", (2, 50), 8000.0, 0.25)
    with soundfile.SoundFile(found.path) as file:
        assert (file.format, file.subtype, file.samplerate) == ("WAV", "FLOAT", 8000)
        np.testing.assert_array_equal(file.read(dtype="float32").T, VALUES)
    assert [place.name for place in tmp_path.rglob("*.tmp")] == []


def test_equal_maps_are_equal_files_and_replace_what_was_there(tmp_path: Path) -> None:
    writer = files(tmp_path, {"a.wav": "a.wav"})
    first = writer.write("clean", "a.wav", Signal(VALUES, 8000.0)).path.read_bytes()
    writer.write("clean", "a.wav", Signal(-VALUES, 8000.0))
    assert writer.write("clean", "a.wav", Signal(VALUES, 8000.0)).path.read_bytes() == first


@pytest.mark.parametrize(
    ("found", "rate_hz"),
    [
        (Signal(VALUES, 173.61, 0.5), 173.61),
        (Signal(np.zeros((1025, 2), np.float32), 100.0, 0.5), 100.0),
        (FeatureMap(VALUES[:, :, None].repeat(3, axis=2), TimeGrid(0.5, 0.01), 8000.0), 100.0),
        (FeatureMap(VALUES[:, :1, None], TimeGrid(0.5, 0.0), 8000.0), 0.0),
    ],
    ids=["no whole rate", "many channels", "features", "a vector"],
)
def test_what_no_wav_file_can_hold_is_an_npz_file(found: Signal | FeatureMap, rate_hz: float, tmp_path: Path) -> None:
    file = files(tmp_path, {"a.wav": "a.wav"}).write("clean", "a.wav", found)
    assert file == MapFile(tmp_path / "clean" / "a.npz", found.values.shape, rate_hz, 0.5)
    with np.load(file.path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["values"], found.values)
        assert (archive["rate_hz"].item(), archive["start_s"].item()) == (rate_hz, 0.5)


def test_what_is_too_large_for_the_header_of_a_wav_file_is_an_npz_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet.experiment.map_files._MOST_BYTES", 8 * 50 - 1)
    writer = files(tmp_path, {"a.wav": "a.wav"})
    assert writer.write("clean", "a.wav", Signal(VALUES, 8.0)).path.suffix == ".npz"
    assert writer.write("clean", "a.wav", Signal(VALUES[:1], 8.0)).path.suffix == ".wav"


def test_two_recordings_are_not_written_to_one_file(tmp_path: Path) -> None:
    names = {"one/a.wav": "a.wav", "two/b.wav": "b.wav", "two/a.flac": "a.flac"}
    with pytest.raises(ConfigError, match=r"-o .*: one/a.wav and two/a.flac would both be written to a.wav; predict"):
        files(tmp_path / "out", names)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ending", [".wav", ".npz"])
@pytest.mark.parametrize("content", [b"", b"x", b"RIFF" + bytes(100)])
def test_what_is_no_predicted_map_is_not_replaced(content: bytes, ending: str, tmp_path: Path) -> None:
    other = (tmp_path / "clean" / "a.wav").with_suffix(ending)
    other.parent.mkdir()
    other.write_bytes(content)
    with pytest.raises(ConfigError, match=r"clean/a\.\w+ is there and is no map that was predicted, so it is not repl"):
        files(tmp_path, {"noisy/a.flac": "a.flac"})
    assert other.read_bytes() == content
    files(tmp_path, {"noisy/b.flac": "b.flac"})


def test_neither_clean_recordings_nor_other_archives_are_taken_for_predicted_maps(tmp_path: Path) -> None:
    """Clean recordings lie beside the noisy ones under the name of the task, in the very format of a map."""
    (tmp_path / "clean").mkdir()
    soundfile.write(tmp_path / "clean" / "a.wav", VALUES.T, 8000, subtype="FLOAT")
    wavfile.write(tmp_path / "clean" / "b.wav", 8000, VALUES.T)
    np.savez(tmp_path / "clean" / "c.npz", values=VALUES)
    for name in ("a", "b", "c"):
        with pytest.raises(ConfigError, match=rf"clean/{name}\.\w+ is there and is no map that was predicted"):
            files(tmp_path, {f"noisy/{name}.wav": f"{name}.wav"})


@pytest.mark.parametrize("found", [Signal(VALUES, 8000.0), Signal(VALUES, 173.61)], ids=["wav", "npz"])
def test_a_predicted_map_is_replaced(found: Signal, tmp_path: Path) -> None:
    file = files(tmp_path, {"a.wav": "a.wav"}).write("clean", "a.wav", found)
    before = file.path.read_bytes()
    assert int.from_bytes(before[4:8], "little") == len(before) - 8 or file.path.suffix == ".npz"
    files(tmp_path, {"a.wav": "a.wav"}).write("clean", "a.wav", dataclasses.replace(found, values=-VALUES))
    assert file.path.read_bytes() != before


def test_no_task_is_written_where_recordings_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    with pytest.raises(ConfigError, match=r"-o \S+: \S+/clean lies in \S+/clean, where what is written would be taken"):
        files(tmp_path, {}, given=[tmp_path / "clean"])
    files(tmp_path, {}, tasks=("other",), given=[tmp_path / "clean"])


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    recording = tmp_path / "clean" / "a.wav"
    recording.parent.mkdir()
    recording.touch()
    with pytest.raises(ConfigError, match=r"clean/a.wav is one of the recordings; choose another folder"):
        files(tmp_path, {str(recording): "a.wav"}, given=[recording])
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match=r"link/clean/a.wav is one of the recordings"):
        files(tmp_path / "link", {str(recording): "a.wav"}, given=[recording])
    files(tmp_path, {str(recording): "a.wav"}, tasks=("other",), given=[recording])


@pytest.mark.parametrize("inside", ["", "sub/sub"])
def test_nothing_is_written_where_recordings_are_looked_for(inside: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"lies in .*, where what is written would be taken for recordings the next"):
        files(tmp_path / inside, {}, given=[tmp_path])


def test_maps_are_not_written_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "out.csv").touch()
    with pytest.raises(ConfigError, match=r"-o .*out.csv: is a file, but maps are written into a folder; name one"):
        files(tmp_path / "out.csv", {})
