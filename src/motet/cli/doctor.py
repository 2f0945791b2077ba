"""`motet doctor`: is this machine ready, and if not, what helps."""

import argparse
import io
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from typing import Literal

from motet.cli.output import print_json, size, table
from motet.errors import MachineError
from motet.runs import environment
from motet.store.settings import StoreSettings

Verdict = Literal["ready", "optional", "missing"]

_NEEDED_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and what was found; `optional` is something that is absent and need not be there."""

    what: str
    verdict: Verdict
    found: str
    remedy: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Look at everything and print it; the exit code says whether this machine is ready."""
    findings = list(examine())
    ready = all(finding.verdict != "missing" for finding in findings)
    if arguments.json:
        print_json({"ready": ready, "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [[finding.what, finding.verdict, _told(finding)] for finding in findings]
        print(table(rows, header=["what", "", "found"], widest={2: 0}))
        print(f"\nThis machine is {'ready' if ready else 'not ready: see what is missing above'}.")
    return 0 if ready else MachineError.exit_code


def examine() -> Iterator[Finding]:
    """Yield what is found, one thing after the other."""
    yield Finding("Python", "ready", f"{platform.python_version()} on {platform.platform()}")
    yield from _packages()
    for extra, packages in environment.EXTRAS.items():
        yield _extra(extra, packages)
    for look in (_devices, _sound, _disk):
        yield _attempted(look)


def _packages() -> Iterator[Finding]:
    """Compare the packages that Motet needs with those that are there."""
    for requirement in metadata.requires("motet") or ():
        match = re.fullmatch(r"([\w.-]+)>=([\d.]+)", requirement)  # extras have a marker behind, and are not matched
        if match is None:
            continue
        name, least = match.groups()
        there = environment.version(name)
        if there is None or _numbers(there) < _numbers(least):
            found = "not installed" if there is None else there
            yield Finding(name, "missing", found, f"pip install '{requirement}'")
        else:
            yield Finding(name, "ready", there)


def _extra(extra: str, packages: tuple[str, ...]) -> Finding:
    absent = [name for name in packages if environment.version(name) is None]
    if absent:
        return Finding(
            f"extra {extra}", "optional", f"{', '.join(absent)} not installed", f"pip install 'motet[{extra}]'"
        )
    return Finding(f"extra {extra}", "ready", ", ".join(f"{name} {environment.version(name)}" for name in packages))


def _devices() -> Finding:
    import torch

    if torch.cuda.is_available():
        memory = size(torch.cuda.get_device_properties(0).total_memory)
        return Finding("GPU", "ready", f"{torch.cuda.get_device_name(0)}, {memory}, CUDA {torch.version.cuda}")
    if torch.backends.mps.is_available():
        return Finding("GPU", "ready", "Apple, by MPS")
    torch.ones(2, 2) @ torch.ones(2, 2)
    return Finding("GPU", "optional", f"none; training runs on the processor, with {torch.get_num_threads()} threads")


def _sound() -> Finding:
    """Write and read a moment of silence in the formats that data sets come in."""
    import numpy as np
    import soundfile

    broken = []
    for name in ("WAV", "FLAC", "OGG", "MP3"):
        place = io.BytesIO()
        try:
            soundfile.write(place, np.zeros(4410, np.float32), 44100, format=name)
            place.seek(0)
            soundfile.read(place)
        except (soundfile.LibsndfileError, ValueError):
            broken.append(name)
    found = f"libsndfile {soundfile.__libsndfile_version__}"
    if broken:
        return Finding("sound", "missing", f"{found} without {', '.join(broken)}", "pip install --upgrade soundfile")
    return Finding("sound", "ready", f"{found}: WAV, FLAC, Ogg, MP3 and others")


def _disk() -> Finding:
    store = Path(StoreSettings().path)
    folder = next(place for place in (store.absolute(), *store.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(folder).free
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("disk", "missing", f"{folder} cannot be written ({error.strerror})", "work in another folder")
    if free < _NEEDED_BYTES:
        return Finding("disk", "missing", f"{size(free)} free in {folder}", "free some space, or set store.path")
    return Finding("disk", "ready", f"{size(free)} free in {folder}")


def _attempted(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except (ImportError, OSError, RuntimeError) as error:
        return Finding(look.__name__.strip("_"), "missing", f"does not work: {error}", "install its packages again")


def _told(finding: Finding) -> str:
    return f"{finding.found}: {finding.remedy}" if finding.remedy else finding.found


def _numbers(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: (2, 6) of "2.6.0rc1" and (2, 6, 1) of "2.6.1+cpu"."""
    parts = takewhile(str.isdecimal, re.split(r"[.+]", text))
    return tuple(int(part) for part in parts)
