import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motet.errors import ConfigError, DataError
from motet.files import DigestCache
from motet.sources.corpora.ambient_contexts import AmbientContexts
from motet.sources.corpora.settings import AmbientContextsSettings
from motet.sources.example import Example
from tests.sources.conftest import Tree
from tests.sources.test_tfrecords import field, record

CROWD, DOOR = "id_-kyuX8l4VWY_30_40", "id_C9qQ-2zeX0E_30_40"
LABELS = {
    f"{CROWD}/{CROWD}_00": '69,/m/03qtwd,"Crowd"\n',
    f"{CROWD}/{CROWD}_01": '69,/m/03qtwd,"Crowd"\n0,/m/09x0r,"Speech"\n500,/m/028v0c,"Silence"\n',
    f"{DOOR}/{DOOR}_02": '360,/m/02dgv,"Door"\n',
    f"{DOOR}/{DOOR}_03": '-1,none,"None of the above"\n',
    f"{DOOR}/{DOOR}_09": '74,/m/07qfr4h,"Hubbub, speech noise, speech babble"\n47,/m/01b_21,"Cough"\n',
}


@pytest.fixture
def folder(tree: Tree) -> Path:
    made = tree([*(f"{name}.wav" for name in LABELS), f"{DOOR}/{DOOR}_10.wav"])
    for name, text in LABELS.items():
        (made / f"{name}_labels.txt").write_text(text)
    return made


def listed(folder: Path, **settings: Any) -> list[Example]:
    return list(AmbientContexts(AmbientContextsSettings(path=str(folder), **settings)).examples())


def vector(number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.arange(number, number + 128, dtype=np.float32)


def test_contexts_are_groups_of_sounds(folder: Path) -> None:
    found = {example.id.removesuffix(".wav").rsplit("_", 3)[-1]: example for example in listed(folder)}
    assert {second: set(example.targets["contexts"]) for second, example in found.items()} == {  # type: ignore[arg-type]
        "00": {"crowd"},
        "01": {"crowd", "speech"},
        "02": {"door"},
        "03": {"leftover"},
        "09": {"crowd"},
    }
    assert found["09"].targets["sounds"] == frozenset(["Hubbub, speech noise, speech babble", "Cough"])
    assert (found["01"].group, found["02"].group) == (CROWD, DOOR)


def test_recordings_that_are_not_there_are_told_or_skipped(folder: Path) -> None:
    (folder / f"{DOOR}/{DOOR}_02.wav").unlink()
    with pytest.raises(DataError, match=rf"{DOOR}_02_labels\.txt: the recording of this second is not there"):
        listed(folder)
    assert len(listed(folder, missing="skip")) == 4


def test_a_folder_without_labels_is_refused(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"holds no NAME_labels\.txt with labels; `path` is the folder audioset_1sec"):
        listed(tree([f"{CROWD}/{CROWD}_00.wav"]))


def values_of(examples: list[Example]) -> list[list[float]]:
    maps = [example.inputs["signal"].read() for example in examples]
    assert all(map_.values.shape == (1, 1, 128) for map_ in maps)
    return [map_.values[0, 0, :2].tolist() for map_ in maps]


def test_stored_vectors_come_in_folders_archives_and_tables(folder: Path, tmp_path: Path) -> None:
    names = [name.split("/")[1] for name in LABELS]
    (tmp_path / "vectors/deeper").mkdir(parents=True)
    for number, name in enumerate(names):
        np.save(tmp_path / "vectors/deeper" / f"{name}.npy", vector(number))
    np.savez(tmp_path / "all.npz", names=np.array(names), vectors=np.stack([vector(number) for number in range(5)]))
    lines = [",".join([name, *map(str, vector(number))]) + "\n" for number, name in enumerate(names)]
    (tmp_path / "all.csv").write_text("".join(lines))
    for place in ("vectors", "all.npz", "all.csv"):
        examples = listed(folder, vectors=str(tmp_path / place))
        assert values_of(examples) == [[number, number + 1] for number in range(5)]
        assert [example.id for example in examples] == list(LABELS)
        digests = {example.inputs["signal"].reader.digest(DigestCache()) for example in examples}
        assert len(digests) == 5


def test_vectors_that_are_not_there_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.vectors is .*, which holds no vectors; they are NAME\.npy"):
        listed(folder, vectors=str(folder))
    (tmp_path / "all.csv").write_text(f"{CROWD}_00,1,2\n{CROWD}_01,1,x\n")
    with pytest.raises(DataError, match=r"all\.csv:2: is no name with numbers behind it"):
        listed(folder, vectors=str(tmp_path / "all.csv"))
    (tmp_path / "all.csv").write_text(f"{CROWD}_00,1,2\n")
    with pytest.raises(DataError, match=rf"{CROWD}_01_labels\.txt: the vector of this second is not there"):
        listed(folder, vectors=str(tmp_path / "all.csv"))
    np.savez(tmp_path / "odd.npz", names=np.array(["a", "b"]), vectors=np.zeros((3, 4)))
    with pytest.raises(DataError, match=r"odd\.npz: has 2 names and vectors of shape \[3, 4\]"):
        listed(folder, vectors=str(tmp_path / "odd.npz"))


def segment(video: str, start_s: float, rows: list[bytes]) -> bytes:
    """Return the `SequenceExample` of a segment."""
    text, number = field(1, field(1, video.encode())), field(2, field(1, struct.pack("<f", start_s)))
    context = field(1, field(1, b"video_id") + field(2, text))
    context += field(1, field(1, b"start_time_seconds") + field(2, number))
    seconds = b"".join(field(1, field(1, field(1, row))) for row in rows)
    return field(1, context) + field(2, field(1, field(1, b"audio_embedding") + field(2, seconds)))


def features(folder: Path) -> Path:
    """Write the published features of both segments: second s of the first has the bytes s, 255, ..."""
    for part, video in (("bal_train", "-kyuX8l4VWY"), ("eval", "C9qQ-2zeX0E")):
        (folder / part).mkdir(parents=True)
        rows = [bytes([second, 255] + [0] * 126) for second in range(10)]
        other = segment(f"{video[:2]}_________", 30.0, rows[:1])
        (folder / part / f"{video[:2]}.tfrecord").write_bytes(record(other) + record(segment(video, 30.0, rows)))
    (folder / "eval" / "zz.tfrecord").write_bytes(b"of other videos, so never opened")
    return folder


def test_features_of_audioset_stand_for_the_seconds(folder: Path, tmp_path: Path) -> None:
    examples = listed(folder, vectors=str(features(tmp_path / "audioset_v1_embeddings")))
    for found, second in zip(values_of(examples), (0, 1, 2, 3, 9), strict=True):
        assert found == pytest.approx([4 * second / 255 - 2, 2.0], abs=1e-6)
    readers = [example.inputs["signal"].reader for example in examples]
    assert len({reader.digest(DigestCache()) for reader in readers}) == 5
    assert readers[0].describe().endswith(", second 0)")


def test_seconds_that_the_features_lack_are_missing(folder: Path, tmp_path: Path) -> None:
    made = features(tmp_path / "audioset_v1_embeddings")
    (folder / f"{DOOR}/{DOOR}_10_labels.txt").write_text('360,/m/02dgv,"Door"\n')
    with pytest.raises(DataError, match=rf"{DOOR}_10_labels\.txt: the vector of this second is not there"):
        listed(folder, vectors=str(made))
    assert len(listed(folder, vectors=str(made), missing="skip")) == 5


def test_damaged_features_are_refused(folder: Path, tmp_path: Path) -> None:
    made = features(tmp_path / "audioset_v1_embeddings")
    file = made / "bal_train" / "-k.tfrecord"
    whole = file.read_bytes()
    file.write_bytes(whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])
    first, *_ = listed(folder, vectors=str(made))
    with pytest.raises(DataError, match="does not fit its checksum; download the file again"):
        first.inputs["signal"].read()
    file.write_bytes(record(b"\x0a\x00"))
    with pytest.raises(DataError, match=r"-k\.tfrecord: the record at byte 0 is no segment of AudioSet's features"):
        listed(folder, vectors=str(made))
    file.write_bytes(record(segment("-kyuX8l4VWY", 30.0, [bytes(3)] * 10)))
    first, *_ = listed(folder, vectors=str(made))
    with pytest.raises(DataError, match="a second has 3 values; features have 128"):
        first.inputs["signal"].read()
