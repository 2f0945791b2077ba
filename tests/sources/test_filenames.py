import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError
from motet.signals.readers.arrays import NumpyFile
from motet.signals.readers.audio import AudioFile
from motet.signals.settings import ReaderSettings
from motet.sources.filenames import Filenames
from motet.sources.settings import FilenamesSettings
from tests.sources.conftest import Tree

PATTERN = "{digit}_{speaker}_{index:d}.wav"
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def source(folder: Path, **settings: Any) -> Filenames:
    """Return the source of a folder."""
    return Filenames(FilenamesSettings.model_validate({"path": str(folder), "pattern": PATTERN, **settings}))


def test_pieces_become_targets_and_rules_a_partition(tree: Tree) -> None:
    folder = tree(["9_theo_12.wav", "0_george_4.wav", "0_george_5.wav", "README.md"])
    first, second, last = source(folder, partition={"test": {"index": {"below": 5}}}).examples()
    assert [first.id, second.id, last.id] == ["0_george_4.wav", "0_george_5.wav", "9_theo_12.wav"]
    assert dict(last.targets) == {"digit": "9", "speaker": "theo", "index": 12}
    assert [first.partition, second.partition, last.partition] == ["test", "train", "train"]
    assert (first.group, first.folds) == (None, None)
    assert last.inputs["signal"].reader == AudioFile(folder / "9_theo_12.wav")


def test_groups_folds_and_named_codes(tree: Tree) -> None:
    folder = tree(["s1/03-01.wav", "s1/01-02.wav", "s10/03-02.wav"])
    found = source(
        folder,
        pattern="s{speaker:d}/{emotion}-{fold}.wav",
        group="speaker",
        fold="fold",
        labels={"emotion": {"1": "neutral", "3": "happy"}},
    )
    examples = list(found.examples())
    assert [example.targets["emotion"] for example in examples] == ["neutral", "happy", "happy"]
    assert [example.group for example in examples] == ["1", "1", "10"]
    assert examples[0].folds == {"01": "train", "02": "test"}
    assert examples[0].folds is examples[2].folds


def test_files_may_be_arrays_with_a_rate_of_the_source(tree: Tree) -> None:
    (example,) = source(tree(["a.npy"]), pattern="{label}.npy", rate_hz=50).examples(ReaderSettings(rate_hz=8))
    assert isinstance(example.inputs["signal"].reader, NumpyFile)
    assert example.inputs["signal"].reader.rate_hz == 50.0


def test_tasks_are_the_pieces_that_are_not_used_otherwise(tree: Tree) -> None:
    rules = {"test": {"index": {"below": 5}}}
    assert source(tree([]), partition=rules, group="speaker").tasks() == {"digit": {"kind": "multiclass"}}
    pattern = "{age:f}_{split}_{label}_{fold}.wav"
    tasks = source(tree([]), pattern=pattern, partition="split", fold="fold").tasks()
    assert tasks == {"age": {"kind": "regression"}, "label": {"kind": "multiclass"}}


def test_nothing_that_matches_is_an_error(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"no file matches '.*wav': it holds a\.flac, b\.flac; correct `pattern`"):
        list(source(tree(["a.flac", "b.flac"])).examples())


def test_an_empty_folder_is_an_error(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"no file matches .*: it holds no files; correct"):
        list(source(tree(["empty/.hidden"])).examples())


def test_files_that_do_not_match_are_listed_or_skipped(tree: Tree) -> None:
    folder = tree(["0_a_1.wav", "0-a-1.wav", "0_a_x.WAV", "x.txt"])
    with pytest.raises(DataError, match=r"(?s)0-a-1\.wav: does not match.*0_a_x\.WAV: does.*unmatched: skip") as error:
        list(source(folder).examples())
    assert len(error.value.problems) == 3
    assert [example.id for example in source(folder, unmatched="skip").examples()] == ["0_a_1.wav"]


def test_a_code_without_a_name_names_the_file(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"^7_a_1\.wav: digit is '7', which `labels` does not name"):
        list(source(tree(["7_a_1.wav"]), labels={"digit": {"0": "zero"}}).examples())


def test_listing_costs_little(tree: Tree) -> None:
    folder = tree(f"{digit}_{who}_{take}.wav" for digit in range(10) for who in "abcdef" for take in range(10))
    listed = source(folder, partition={"test": {"index": {"below": 5}}})
    tracemalloc.start()
    examples = list(listed.examples())
    bytes_each = tracemalloc.get_traced_memory()[0] / len(examples)
    tracemalloc.stop()
    seconds = []
    for _ in range(5):
        start = time.process_time()
        assert sum(1 for _ in listed.examples()) == 600
        seconds.append(time.process_time() - start)
    assert bytes_each < 1200
    assert min(seconds) < 0.06  # 0.01 s on an idle core: 17 µs a file; the bound allows for a busy machine


def test_spoken_digits(motet_data: Path) -> None:
    examples = list(source(motet_data / "fsdd", partition={"test": {"index": {"below": 5}}}).examples())
    assert len(examples) == 3000
    assert sum(example.partition == "test" for example in examples) == 300
    assert len({example.targets["speaker"] for example in examples}) == 6
    assert examples[0].inputs["signal"].read().rate_hz == 8000.0


def test_acted_emotions(motet_data: Path) -> None:
    names = {str(code): name for code, name in enumerate(EMOTIONS, start=1)}
    found = source(
        motet_data / "ravdess",
        pattern="03-01-{emotion}-{intensity}-{statement}-{repetition}-{actor:d}.flac",
        group="actor",
        labels={"emotion": names},
    )
    examples = list(found.examples())
    assert len(examples) == 1080
    assert {example.targets["emotion"] for example in examples} == set(EMOTIONS)
    assert len({example.group for example in examples}) == 18


def test_other_recordings_are_found_by_the_same_pieces(tree: Tree) -> None:
    folder = tree(["noisy/anna_007.wav", "noisy/bert_1.wav", "clean/anna-007.wav", "clean/bert-1.wav"])
    beside = {"clean": "clean/{speaker}-{index}.wav"}
    found = list(source(folder, pattern="noisy/{speaker}_{index:d}.wav", beside=beside).examples())
    assert [example.inputs["clean"].reader for example in found] == [
        AudioFile(folder / "clean/anna-007.wav"),
        AudioFile(folder / "clean/bert-1.wav"),
    ]
    assert found[0].inputs["signal"].reader == AudioFile(folder / "noisy/anna_007.wav")
    assert dict(found[0].targets) == {"speaker": "anna", "index": 7}
    (folder / "clean/bert-1.wav").unlink()
    with pytest.raises(DataError, match=r"noisy/bert_1.wav: its clean clean/bert-1.wav is not there"):
        list(source(folder, pattern="noisy/{speaker}_{index:d}.wav", beside=beside).examples())
    for wrong, message in (
        ({"signal": "clean/{speaker}.wav"}, "beside names 'signal'"),
        ({"clean": "clean/{name}.wav"}, "names 'name', which is not there"),
        ({"clean": "clean/{}.wav"}, "has a piece without a name"),
    ):
        with pytest.raises(ValueError, match=message):
            source(folder, beside=wrong)
