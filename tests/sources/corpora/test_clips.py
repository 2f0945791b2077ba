from pathlib import Path

import pytest

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, seconds
from tests.sources.conftest import Tree


def test_clips_come_in_the_order_of_paths_and_starts() -> None:
    clips = [Clip("b.wav", {}, start_s=2.0, end_s=3.0), Clip("b.wav", {}, start_s=0.5, end_s=1.0), Clip("a.wav", {})]
    examples = list(examples_of("there", clips, ReaderSettings()))
    assert [example.id for example in examples] == ["a.wav", "b.wav#0.5-1", "b.wav#2-3"]
    assert (examples[1].inputs["signal"].start_s, examples[1].inputs["signal"].end_s) == (0.5, 1.0)


def test_a_converted_file_is_found_under_its_old_name(tree: Tree) -> None:
    files = SoundFiles.below(str(tree(["x/blues.00001.flac", "x/notes.txt"])))
    assert files.located(["x/blues.00001.wav"], table="t.csv") == ["x/blues.00001.flac"]


def test_files_that_a_table_lists_must_be_there(tree: Tree) -> None:
    files = SoundFiles.below(str(tree(["a.wav"])))
    with pytest.raises(DataError, match=r"b\.wav: t\.csv lists this recording, but it is not there"):
        files.located(["a.wav", "b.wav"], table="t.csv")
    assert files.located(["a.wav", "b.wav"], table="t.csv", missing="skip") == ["a.wav", None]
    with pytest.raises(DataError, match=r"b\.wav: t\.csv lists"):
        files.located(["b.wav"], table="t.csv", missing="skip")


def test_a_folder_without_sounds_is_refused(tree: Tree) -> None:
    with pytest.raises(DataError, match="holds no sound files"):
        SoundFiles.below(str(tree(["readme.txt"])))


def test_rows_know_their_places(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('filename, label\n\n# a remark\na.wav, "x,y"\n')
    rows = list(read_rows(path, columns=2, delimiter=",", header="filename", comment="#"))
    assert rows == [(f"{path}:4", ["a.wav", "x,y"])]


def test_short_rows_and_missing_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    with pytest.raises(DataError, match=r"rows\.txt: there is no such file"):
        list(read_rows(path, columns=2))
    path.write_text("a b c\n")
    with pytest.raises(DataError, match=r"rows\.txt:1: has 1 cells, but a row has at least 2"):
        list(read_rows(path, columns=2))
    path.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        list(read_rows(path, columns=1))
    with pytest.raises(DataError, match="here: 'soon' is not a time"):
        seconds("soon", "here")
