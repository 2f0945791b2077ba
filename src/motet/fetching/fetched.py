"""Fetching a data set: every archive downloaded, checked, unpacked beside its place, and moved there in one step.

In the folder of all data sets lie then `NAME/` and `NAME.fetched.json`, which tells where each archive came from, its
size and its digest. Where nobody publishes a checksum, that digest is compared when the set is fetched again.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

from motet.errors import DataError, MachineError
from motet.fetching.download import download, read_json
from motet.fetching.public_sets import PublicSet, Remote, ZenodoRecord
from motet.fetching.unpack import LIMITS, Limits, lift, unpack
from motet.files.commit import atomic_write
from motet.files.disk import machine_errors
from motet.files.locking import lock

Progress = Callable[[str, int], Callable[[int], None]]

_MEGABYTE = 10**6
_CHUNK_BYTES = 1 << 20
_ALGORITHMS = {"md5", "sha1", "sha256", "sha512"}
_RECORDED = "recorded at the first download"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A data set on this machine.

    Parameters
    ----------
    folder
        Where its recordings begin, for `path` of a source.
    files
        What was unpacked; 0 where it was there before.
    checked
        For every archive, what its checksum was compared with.
    """

    folder: Path
    files: int
    checked: dict[str, str]


def fetch(
    name: str,
    public: PublicSet,
    folder: Path,
    *,
    keep: bool = False,
    progress: Progress = lambda what, total: lambda count: None,
    limits: Limits = LIMITS,
    pause_s: float = 1.0,
) -> Fetched:
    """Download, check and unpack a data set; what is there is not fetched again.

    Parameters
    ----------
    name
        What its folder is called.
    public
        The data set.
    folder
        The folder of all data sets.
    keep
        Whether archives stay, in `NAME.archives/`.
    progress
        Called with a label and a total in megabytes; returns what is called with every count.

    Raises
    ------
    DataError
        If a checksum differs, or an archive is damaged or not to be trusted.
    MachineError
        If there is no connection or no space; what has arrived stays, and the same call goes on.
    """
    target, noted = folder / name, folder / f"{name}.fetched.json"
    archives = folder / f"{name}.archives"
    with lock(folder / f".{name}.lock", timeout_s=0.0):
        known = _read_note(noted)
        if target.exists():
            return Fetched(target / public.path, 0, {key: one["checked"] for key, one in known.items()})
        remotes = [remote for archive in public.archives for remote in _remotes(archive)]
        _check_space(folder, public)
        notes = {
            remote.name: _get(remote, archives / remote.name, noted, known.get(remote.name), progress, pause_s)
            for remote in remotes
        }
        files = _unpack([archives / remote.name for remote in remotes], target, public, limits)
        with atomic_write(noted) as file:
            file.write(
                json.dumps({"page": public.page, "licence": public.licence, "archives": notes}, indent=2).encode()
            )
        if not keep:
            shutil.rmtree(archives)
    return Fetched(target / public.path, files, {key: one["checked"] for key, one in notes.items()})


def _remotes(archive: Remote | ZenodoRecord) -> Iterator[Remote]:
    """Yield the files of an archive; those of a record of Zenodo with the checksums that it tells."""
    if isinstance(archive, Remote):
        yield archive
        return
    page = f"{archive.host}/api/records/{archive.number}"
    record = read_json(page)
    files = record.get("files") if isinstance(record, dict) else None
    chosen = [one for one in files or [] if any(fnmatchcase(str(one.get("key")), wanted) for wanted in archive.files)]
    if not chosen:
        raise DataError(f"{page}: the record has no file {' or '.join(archive.files)}; look at the publisher's page")
    for one in sorted(chosen, key=lambda one: str(one["key"])):
        key = Path(str(one["key"])).name
        url = f"{archive.host}/records/{archive.number}/files/{quote(key)}?download=1"
        yield Remote(url, key, one.get("checksum"), f"Zenodo, record {archive.number}")


def _get(remote: Remote, path: Path, noted: Path, known: Any, progress: Progress, pause_s: float) -> dict[str, Any]:
    """Download an archive unless it is there, compare its checksum, and return what is noted of it."""
    if not path.is_file():
        counter = _Megabytes(f"downloading {remote.name}, MB", progress)
        download(remote.url, path, count=counter.count, begin=counter.begin, pause_s=pause_s)
    sha256 = _digest(path, "sha256")
    checked = _RECORDED
    if remote.checksum is not None:
        _compare(remote, path)
        checked = f"{remote.checksum} ({remote.source})"
    elif known is not None and known["sha256"] != sha256:
        raise DataError(
            f"{remote.url}: is not what was downloaded first (sha256 {sha256}, then {known['sha256']}); if the "
            f"publisher has renewed it, delete {noted} and fetch again; else delete {path}"
        )
    return {"url": remote.url, "bytes": path.stat().st_size, "sha256": sha256, "checked": checked}


def _compare(remote: Remote, path: Path) -> None:
    algorithm, _, wanted = str(remote.checksum).partition(":")
    if algorithm not in _ALGORITHMS:
        raise DataError(f"{remote.url}: its checksum {remote.checksum!r} is of no kind that is known here")
    found = _digest(path, algorithm)
    if found != wanted.lower():
        path.unlink()
        raise DataError(
            f"{remote.url}: its {algorithm} is {found}, but {remote.source} publishes {wanted}; what was downloaded is "
            "deleted: run the same command again, and if this stays so, look at the publisher's page"
        )


def _unpack(archives: list[Path], target: Path, public: PublicSet, limits: Limits) -> int:
    """Unpack all archives into one folder beside the target, and move it there when all of it is whole."""
    beside = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        with machine_errors(beside):
            beside.mkdir(parents=True)
        files = sum(unpack(archive, beside, limits) for archive in archives)
        lift(beside)
        for name in public.nested:
            inner = beside / name
            if inner.is_file():
                files += unpack(inner, beside, limits) - 1
                inner.unlink()
        with machine_errors(target):
            beside.replace(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return files


def _check_space(folder: Path, public: PublicSet) -> None:
    """Refuse at once what cannot fit: the archives and what comes out of them."""
    needed = 2 * (public.about_mb or 0) * _MEGABYTE
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    if free < needed:
        raise MachineError(
            f"{folder}: {free // _MEGABYTE:,} MB are free, but about {needed // _MEGABYTE:,} MB are needed for the "
            "archives and what is in them; free some space, or choose another folder with -o"
        )


def _read_note(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        archives: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["archives"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path}: is damaged; delete it and fetch again") from None
    return archives


def _digest(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with machine_errors(path, "read"), path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


class _Megabytes:
    """Counts bytes as whole megabytes on a bar that begins when the size is known."""

    def __init__(self, what: str, progress: Progress) -> None:
        self._what, self._progress = what, progress
        self._show: Callable[[int], None] = lambda number: None
        self._bytes = self._shown = 0

    def begin(self, total: int) -> None:
        self._bytes = self._shown = 0
        self._show = self._progress(self._what, math.ceil(total / _MEGABYTE)) if total else (lambda number: None)

    def count(self, number: int) -> None:
        self._bytes += number
        whole = self._bytes // _MEGABYTE
        if whole > self._shown:
            self._show(whole - self._shown)
            self._shown = whole
