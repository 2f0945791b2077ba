import errno
import os
from pathlib import Path
from typing import Any

import pytest

from motet.errors import DataError, MachineError
from motet.fetching.download import download, read_json
from tests.fetching.conftest import Publisher

CONTENT = os.urandom(700_000)


def test_a_file_arrives_whole(publisher: Publisher, tmp_path: Path) -> None:
    counted: list[int] = []
    begun: list[int] = []
    url = publisher.publish("/a.zip", CONTENT)
    download(url, tmp_path / "new" / "a.zip", count=counted.append, begin=begun.append)
    assert (tmp_path / "new" / "a.zip").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.zip"]
    assert (sum(counted), begun) == (len(CONTENT), [len(CONTENT)])


def test_a_cut_download_goes_on_where_it_was(publisher: Publisher, tmp_path: Path) -> None:
    publisher.cuts = [300_000, 250_000]
    download(publisher.publish("/a.zip", CONTENT), tmp_path / "a.zip", pause_s=0.0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert publisher.asked == ["/a.zip", "/a.zip bytes=300000-", "/a.zip bytes=550000-"]


def test_it_also_goes_on_in_another_process(publisher: Publisher, tmp_path: Path) -> None:
    url = publisher.publish("/a.zip", CONTENT)
    publisher.cuts = [200_000, 0, 0, 0, 0, 0]
    with pytest.raises(MachineError, match="200,000 bytes have arrived and stay: the same command goes on"):
        download(url, tmp_path / "a.zip", pause_s=0.0)
    assert not (tmp_path / "a.zip").exists()
    publisher.cuts, publisher.asked = [], []
    download(url, tmp_path / "a.zip", pause_s=0.0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert publisher.asked == ["/a.zip bytes=200000-"]


def test_parts_of_two_versions_are_never_joined(publisher: Publisher, tmp_path: Path) -> None:
    publisher.cuts = [200_000, 0, 0, 0, 0, 0]
    url = publisher.publish("/a.zip", CONTENT)
    with pytest.raises(MachineError):
        download(url, tmp_path / "a.zip", pause_s=0.0)
    publisher.cuts, publisher.version = [], '"2"'
    publisher.publish("/a.zip", CONTENT[::-1])
    download(url, tmp_path / "a.zip", pause_s=0.0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT[::-1]


def test_a_server_in_trouble_is_asked_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.errors = [503, 503]
    download(publisher.publish("/a.zip", CONTENT), tmp_path / "a.zip", pause_s=0.0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    publisher.errors = [500] * 9
    with pytest.raises(MachineError, match="the server answers 500 Internal Server Error"):
        download(f"{publisher.address}/a.zip", tmp_path / "b.zip", pause_s=0.0)


def test_what_is_gone_says_so(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the server answers 404 Not Found; look at the publisher's page"):
        download(f"{publisher.address}/missing.zip", tmp_path / "a.zip")
    with pytest.raises(DataError, match="404"):
        read_json(f"{publisher.address}/missing")


def test_offline(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"cannot be reached .*; connect this machine to the internet"):
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip")
    with pytest.raises(MachineError, match="cannot be reached"):
        read_json("http://127.0.0.1:9/record")


def test_only_the_web(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no address of the web"):
        download("file:///etc/passwd", tmp_path / "a.zip")


def test_a_full_disk(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("motet.fetching.download.write_all", full)
    with pytest.raises(MachineError, match=r"No space left on device.*Free some space"):
        download(publisher.publish("/a.zip", CONTENT), tmp_path / "a.zip", pause_s=0.0)
    assert len(publisher.asked) == 1


def test_json(publisher: Publisher) -> None:
    publisher.publish_record(7, {"a.zip": b"x"})
    assert read_json(f"{publisher.address}/api/records/7")["files"][0]["key"] == "a.zip"
    with pytest.raises(DataError, match="is no JSON"):
        read_json(publisher.publish("/page", b"<html>"))
