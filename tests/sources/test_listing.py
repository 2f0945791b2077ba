import os
import unicodedata
from pathlib import Path

import pytest

from motet.errors import DataError
from motet.sources.listing import list_files, list_folders, portable, several
from tests.sources.conftest import Tree


def test_names_are_sorted_and_relative_with_slashes(tree: Tree) -> None:
    folder = tree(["b/2.wav", "b/10.wav", "a.wav", "c/d/e.WAV", "notes.txt"])
    assert list_files(str(folder), extensions=[".wav"]) == ["a.wav", "b/10.wav", "b/2.wav", "c/d/e.WAV"]
    assert list_files(str(folder))[-1] == "notes.txt"
    assert list_folders(str(folder)) == ["b", "c"]


def test_hidden_and_excluded_files_are_left_out(tree: Tree) -> None:
    folder = tree([".git/x.wav", "._a.wav", "a.wav", "old/b.wav", "new/b.wav", "new/c_bad.wav"])
    assert list_files(str(folder)) == ["a.wav", "new/b.wav", "new/c_bad.wav", "old/b.wav"]
    assert list_files(str(folder), exclude=["old", "*_bad.*"]) == ["a.wav", "new/b.wav"]
    assert list_folders(str(folder), exclude=["o*"]) == ["new"]


def test_accents_are_the_same_on_every_file_system(tree: Tree) -> None:
    apart = unicodedata.normalize("NFD", "é.wav")
    (found,) = list_files(str(tree([apart])))
    assert found == apart  # as the disk has it, so that it can be opened
    assert portable(found) == "é.wav"
    assert portable("plain.wav") == "plain.wav"


def test_links_are_followed_but_not_round_in_circles(tree: Tree) -> None:
    folder = tree(["a/x.wav"])
    try:
        (folder / "link").symlink_to(folder / "a", target_is_directory=True)
        (folder / "a" / "up").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("this machine makes no links")
    assert list_files(str(folder)) == ["a/x.wav", "link/x.wav"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: there is no such folder; correct `path`"):
        list_files(str(tmp_path / "nowhere"))


def test_a_file_is_no_folder(tree: Tree) -> None:
    with pytest.raises(DataError, match=r"a\.wav: is a file; `path` must name a folder"):
        list_files(str(tree(["a.wav"]) / "a.wav"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has Unicode file names only")
def test_a_name_that_is_not_unicode_is_refused(tree: Tree) -> None:
    folder = tree(["a.wav"])
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff.wav")).touch()
    except OSError:
        pytest.skip("this file system has Unicode file names only")
    with pytest.raises(DataError, match=r"the file name .*udcff\.wav is not valid UTF-8; rename"):
        list_files(str(folder))


def test_many_problems_are_one_error() -> None:
    error = several((f"file {number}" for number in range(25)), "mend them")
    assert list(error.problems) == [f"file {number}" for number in range(10)] + ["and 15 more", "mend them"]
