"""Unpacking archives that nobody here has made: zip and tar, every name and size checked before it is written.

Refused are names that lead out of the folder, links, devices, encrypted members, a name that comes twice, and archives
that swell beyond a limit, by what they say and by what really comes out. macOS's own folders are passed over.
"""

import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from motet.errors import DataError
from motet.files.disk import machine_errors

_CHUNK_BYTES = 1 << 20
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|[\x00-\x1f]|\\")
_LEFT_OUT = re.compile(r"^__MACOSX(/|$)|(^|/)\.DS_Store$")


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an archive may swell.

    Parameters
    ----------
    files
        Most members.
    num_bytes
        Most bytes of all members together; also never more than `ratio` times the archive.
    ratio
        Bytes that come out for each byte of the archive. Sound hardly shrinks; text of sensors does so tenfold.
    """

    files: int = 1_000_000
    num_bytes: int = 1 << 40
    ratio: float = 200.0


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    is_folder: bool
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, folder: Path, limits: Limits = LIMITS) -> int:
    """Unpack an archive into a folder, and return the number of its files. What is there of an equal name is replaced.

    Raises
    ------
    DataError
        If the archive is damaged, no zip or tar, or not to be trusted.
    MachineError
        If the disk is full, or the folder cannot be written.
    """
    allowed = min(limits.num_bytes, int(limits.ratio * archive.stat().st_size) + _CHUNK_BYTES)
    seen: set[str] = set()
    written = 0
    try:
        for member in _members(archive):
            name = member.name.removeprefix("./").rstrip("/")
            if not name or name == "." or _LEFT_OUT.search(name):
                continue
            _check(archive, name, seen, limits)
            if member.is_folder:
                with machine_errors(folder):
                    (folder / name).mkdir(parents=True, exist_ok=True)
                continue
            written += _write(archive, member, folder / name, allowed - written)
    except _DAMAGED as error:
        raise DataError(f"{archive}: cannot be unpacked ({error}); delete it and download it again") from error
    return sum(not name.endswith("/") for name in seen)


def is_archive(path: Path) -> bool:
    """Tell whether a file is a zip or tar, by its content."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def _members(archive: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(archive):
        yield from _zip_members(archive)
    elif tarfile.is_tarfile(archive):
        yield from _tar_members(archive)
    else:
        raise DataError(f"{archive}: is neither zip nor tar; look at the publisher's page")


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _untrusted(archive, entry.filename, "is a link or a device")
            if entry.flag_bits & 1:
                raise _untrusted(archive, entry.filename, "is encrypted")
            yield _Member(entry.filename, entry.file_size, entry.is_dir(), lambda entry=entry: file.open(entry))  # type: ignore[misc]


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive) as file:
        for entry in file:
            if not (entry.isreg() or entry.isdir()):
                raise _untrusted(archive, entry.name, "is a link or a device")
            yield _Member(entry.name, entry.size, entry.isdir(), lambda entry=entry: file.extractfile(entry))  # type: ignore[misc]


def _check(archive: Path, name: str, seen: set[str], limits: Limits) -> None:
    if _OUTSIDE.search(name):
        raise _untrusted(archive, name, "leads out of the folder")
    if name in seen:
        raise _untrusted(archive, name, "comes twice")
    seen.add(name)
    if len(seen) > limits.files:
        raise _untrusted(archive, name, f"is one of more than {limits.files:,} members")


def _write(archive: Path, member: _Member, path: Path, allowed: int) -> int:
    """Write a file, never more than is allowed, and return its size."""
    if member.size > allowed:
        raise _untrusted(archive, member.name, "makes it swell beyond the limit")
    source = member.open()
    assert source is not None
    size = 0
    with machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.open("wb")
    with source, target:
        while chunk := source.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > min(member.size, allowed):
                raise _untrusted(archive, member.name, "holds more than it says")
            with machine_errors(path):
                target.write(chunk)
    return size


def _untrusted(archive: Path, name: str, what: str) -> DataError:
    shown = name.encode("ascii", "backslashreplace").decode()
    return DataError(
        f"{archive}: its member '{shown}' {what}, which an honest data set has no need of; nothing was kept: look at "
        "the publisher's page"
    )


def lift(folder: Path) -> None:
    """Where a folder holds one folder and nothing else, as archives of GitHub do, put its content in its place."""
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    inner = folder.with_name(f"{folder.name}.inner")
    with machine_errors(folder):
        entries[0].replace(inner)
        shutil.rmtree(folder)
        inner.replace(folder)
