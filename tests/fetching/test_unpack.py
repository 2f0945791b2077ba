"""What an honest archive holds arrives; what a hostile one tries is refused, and nothing lands outside."""

import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from motet.errors import DataError
from motet.fetching.unpack import Limits, lift, unpack
from tests.fetching.conftest import tarred, zipped


def packed(folder: Path, content: bytes) -> Path:
    path = folder / "archive"
    path.write_bytes(content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_files_arrive_in_their_folders(pack: object, tmp_path: Path) -> None:
    members = {"set/a.wav": b"1", "set/deep/b.wav": b"22", "./set/c.txt": b"", "__MACOSX/set/._a.wav": b"no"}
    count = unpack(packed(tmp_path, pack(members)), tmp_path / "out")  # type: ignore[operator]
    assert tree(tmp_path / "out") == {"set/a.wav": b"1", "set/deep/b.wav": b"22", "set/c.txt": b""}
    assert count == 3


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/tmp/evil", "..", "C:/evil", "a\\..\\evil", "\\\\host\\evil", "a/\nb"]
)
def test_names_that_lead_out_are_refused(pack: object, name: str, tmp_path: Path) -> None:
    archive = packed(tmp_path, pack({"good": b"", name: b"x"}))  # type: ignore[operator]
    with pytest.raises(DataError, match=r"leads out of the folder|cannot be unpacked"):
        unpack(archive, tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("link")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match="'link' is a link or a device"):
        unpack(packed(tmp_path, tarred({"good": b""}, entry)), tmp_path / "out")


def test_links_in_zip_are_refused(tmp_path: Path) -> None:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(DataError, match="'link' is a link or a device"):
        unpack(packed(tmp_path, place.getvalue()), tmp_path / "out")


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", "2")
    with pytest.raises(DataError, match="'a' comes twice"):
        unpack(packed(tmp_path, place.getvalue()), tmp_path / "out")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_bombs_are_refused_before_they_burst(pack: object, tmp_path: Path) -> None:
    archive = packed(tmp_path, pack({"zeros": bytes(20 << 20)}))  # type: ignore[operator]
    with pytest.raises(DataError, match="makes it swell beyond the limit"):
        unpack(archive, tmp_path / "out")
    with pytest.raises(DataError, match="beyond the limit"):
        unpack(archive, tmp_path / "out", Limits(num_bytes=1 << 20, ratio=1e9))
    assert not (tmp_path / "out" / "zeros").exists()


def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"zeros": bytes(3 << 20)}))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = content.index(signature) + offset
        content[place : place + 4] = struct.pack("<I", 10)
    with pytest.raises(DataError, match=r"holds more than it says|cannot be unpacked"):
        unpack(packed(tmp_path, bytes(content)), tmp_path / "out")


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one of more than 5 members"):
        unpack(packed(tmp_path, zipped({str(n): b"" for n in range(6)})), tmp_path / "out", Limits(files=5))


@pytest.mark.parametrize(
    "content",
    [zipped({"a": bytes(500)})[:-30], tarred({"a": os.urandom(9000)})[:4000], b"<html>", b""],
    ids=["zip", "tar", "page", "empty"],
)
def test_damaged_archives_and_others_are_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither zip nor tar|cannot be unpacked"):
        unpack(packed(tmp_path, content), tmp_path / "out")


def test_a_single_folder_is_lifted(tmp_path: Path) -> None:
    (tmp_path / "out" / "ESC-50-master" / "audio").mkdir(parents=True)
    (tmp_path / "out" / "ESC-50-master" / "readme").write_text("x")
    lift(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["audio", "readme"]
    lift(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
