"""Whole fetches from a publisher on this machine, with archives in the layouts of the real ones."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from motet.errors import DataError, MachineError
from motet.fetching import PUBLIC_SETS, PublicSet, Remote, ZenodoRecord, fetch
from tests.fetching.conftest import Publisher, tarred, zipped

ESC = zipped({"ESC-50-master/audio/1-1-A-0.wav": b"RIFF", "ESC-50-master/meta/esc50.csv": b"filename,fold"})


def public(*archives: Remote | ZenodoRecord, **changes: Any) -> PublicSet:
    return PublicSet("A set", "CC0", "https://example.org", 0, archives, **changes)


def test_a_github_archive_and_its_digest(publisher: Publisher, tmp_path: Path) -> None:
    sets = public(Remote(publisher.publish("/master.zip", ESC), "ESC-50.zip"))
    found = fetch("esc50", sets, tmp_path)
    assert (found.folder, found.files) == (tmp_path / "esc50", 2)
    assert (tmp_path / "esc50" / "meta" / "esc50.csv").is_file()
    assert found.checked == {"ESC-50.zip": "recorded at the first download"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == ["esc50", "esc50.fetched.json"]
    noted = json.loads((tmp_path / "esc50.fetched.json").read_text())["archives"]["ESC-50.zip"]
    assert noted["bytes"] == len(ESC)
    again = fetch("esc50", sets, tmp_path)
    assert (again.files, len(publisher.asked)) == (0, 1)


def test_another_digest_than_at_first_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    sets = public(Remote(publisher.publish("/master.zip", ESC), "ESC-50.zip"))
    fetch("esc50", sets, tmp_path)
    (tmp_path / "esc50").rename(tmp_path / "old")
    publisher.publish("/master.zip", zipped({"other": b""}))
    with pytest.raises(DataError, match=r"is not what was downloaded first.*delete .*esc50.fetched.json"):
        fetch("esc50", sets, tmp_path)
    assert not (tmp_path / "esc50").exists()
    (tmp_path / "esc50.fetched.json").unlink()
    assert fetch("esc50", sets, tmp_path).files == 1


def test_a_record_of_zenodo_in_several_files(publisher: Publisher, tmp_path: Path) -> None:
    names = {f"TUT.audio.{n}.zip": zipped({f"TUT/audio/{n}.wav": b"RIFF"}) for n in (1, 2)}
    publisher.publish_record(400515, {**names, "TUT.meta.zip": zipped({"TUT/meta.txt": b"x"}), "other.pdf": b""})
    found = fetch("tut", public(ZenodoRecord(400515, ("TUT.*.zip",), publisher.address)), tmp_path)
    assert sorted(path.name for path in (tmp_path / "tut" / "audio").iterdir()) == ["1.wav", "2.wav"]
    assert found.files == 3
    assert found.checked["TUT.meta.zip"].startswith("md5:")
    assert found.checked["TUT.meta.zip"].endswith("(Zenodo, record 400515)")


def test_a_wrong_checksum_is_refused_and_deleted(publisher: Publisher, tmp_path: Path) -> None:
    url = publisher.publish("/speech.tar.gz", tarred({"yes/1.wav": b"RIFF"}))
    sets = public(Remote(url, "speech.tar.gz", "sha256:" + "0" * 64, "the publisher"))
    with pytest.raises(DataError, match=r"its sha256 is .*, but the publisher publishes 0000"):
        fetch("speech", sets, tmp_path)
    assert not (tmp_path / "speech").exists()
    assert not (tmp_path / "speech.archives" / "speech.tar.gz").exists()


def test_an_archive_within_an_archive(publisher: Publisher, tmp_path: Path) -> None:
    inner = zipped({"UCI HAR Dataset/train/y_train.txt": b"1"})
    url = publisher.publish("/uci.zip", zipped({"UCI HAR Dataset.zip": inner, "UCI HAR Dataset.names": b"x"}))
    sets = public(Remote(url, "uci.zip"), nested=("UCI HAR Dataset.zip",), path="UCI HAR Dataset")
    found = fetch("ucihar", sets, tmp_path)
    assert (found.folder / "train" / "y_train.txt").read_bytes() == b"1"
    assert found.files == 2
    assert not (tmp_path / "ucihar" / "UCI HAR Dataset.zip").exists()


def test_a_hostile_archive_leaves_nothing_behind(publisher: Publisher, tmp_path: Path) -> None:
    url = publisher.publish("/bad.zip", zipped({"good.wav": b"", "../evil": b""}))
    with pytest.raises(DataError, match="leads out of the folder"):
        fetch("bad", public(Remote(url, "bad.zip")), tmp_path / "data")
    left = sorted(path.name for path in (tmp_path / "data").iterdir() if path.suffix != ".lock")
    assert left == ["bad.archives"]
    assert not (tmp_path / "evil").exists()


def test_what_cannot_fit_is_refused_at_once(publisher: Publisher, tmp_path: Path) -> None:
    sets = PublicSet("A set", "CC0", "https://example.org", 10**12, (Remote(f"{publisher.address}/x", "x"),))
    with pytest.raises(MachineError, match=r"MB are free, but about .* MB are needed"):
        fetch("huge", sets, tmp_path)
    assert publisher.asked == []


def test_archives_are_kept_where_that_is_wanted(publisher: Publisher, tmp_path: Path) -> None:
    publisher.cuts = [50]
    fetch("esc50", public(Remote(publisher.publish("/m.zip", ESC), "m.zip")), tmp_path, keep=True, pause_s=0.0)
    assert (tmp_path / "esc50.archives" / "m.zip").read_bytes() == ESC


def test_a_bar_counts_megabytes(publisher: Publisher, tmp_path: Path) -> None:
    import os

    shown: list[tuple[str, int]] = []
    counted: list[int] = []

    def progress(what: str, total: int) -> Any:
        shown.append((what, total))
        return counted.append

    url = publisher.publish("/m.zip", zipped({"noise": os.urandom(3_400_000)}))
    fetch("noise", public(Remote(url, "m.zip")), tmp_path, progress=progress)
    assert shown == [("downloading m.zip, MB", 4)]
    assert sum(counted) == 3


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_public_sets_are_described(name: str) -> None:
    found = PUBLIC_SETS[name]
    assert found.title
    assert found.licence
    assert urlparse(found.page).scheme == "https"
    for archive in found.archives:
        if isinstance(archive, Remote):
            assert urlparse(archive.url).scheme == "https"
            assert bool(archive.checksum) == bool(archive.source)
        else:
            assert archive.host == "https://zenodo.org"
