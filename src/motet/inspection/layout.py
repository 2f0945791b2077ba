"""What a plain folder or file is: class folders, a table, sound files, or a single recording."""

import re
from pathlib import Path
from typing import Any

from motet.errors import DataError, MotetError
from motet.signals.readers.by_suffix import EDF_SUFFIXES, SIGNAL_SUFFIXES, SOUND_SUFFIXES, reader_for
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.example import Example
from motet.sources.listing import list_files, list_folders, portable
from motet.sources.manifest import Manifest, read_manifest
from motet.sources.source import INPUT

_TABLES = (".csv", ".tsv", ".parquet")
_LOOKED_AT = 20
_ESC = "meta/esc50.csv"
_ESC_FOLDER = re.compile(r"[0-9]{3} - .+")
_ESC_CLIP = re.compile(r"[1-5]-[0-9]+-[A-Z][^.]*\.(ogg|wav)")


def source_of(path: Path, reader: ReaderSettings) -> Any:
    """Return what may stand behind `source` for a folder or a file, told by what lies there.

    Raises
    ------
    DataError
        If there is nothing that could be read.

    Examples
    --------
    >>> source_of(Path("missing"), ReaderSettings())
    Traceback (most recent call last):
    motet.errors.DataError: missing: there is no such file or folder; correct the path
    """
    if path.is_dir():
        return _of_folder(path, reader)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file or folder; correct the path")
    if path.suffix.lower() in _TABLES and (table := _table(path)):
        return table
    return [Example(path.name, {INPUT: Recording(reader_for(path, reader))})]


def _of_folder(path: Path, reader: ReaderSettings) -> Any:
    if (path / _ESC).is_file() or _is_esc(path):
        return {"kind": "esc", "path": str(path)}
    for name in list_files(str(path), extensions=_TABLES):
        if "/" not in name and (table := _table(path / name)):
            return table
    sounds = list_files(str(path), extensions=sorted(SOUND_SUFFIXES))
    if not sounds and list_files(str(path), extensions=sorted(EDF_SUFFIXES)):
        return {"kind": "edf", "path": str(path)}
    names = sounds or list_files(str(path), extensions=sorted(SIGNAL_SUFFIXES))
    if not names:
        raise DataError(
            f"{path}: holds no recordings (looked for {', '.join(sorted(SIGNAL_SUFFIXES))}) and no table that names "
            "some; correct the path"
        )
    inside = {name.split("/", 1)[0] for name in names if "/" in name}
    loose = any("/" not in name for name in names)
    if len(inside) > 1 and not loose:
        return {"kind": "folders", "path": str(path), "exclude": _others(path, inside), **_extensions(names)}
    return [Example(portable(name), {INPUT: Recording(reader_for(path / name, reader))}) for name in names]


def _is_esc(path: Path) -> bool:
    """Tell the folders of ESC-10 by their names and those of the clips in them."""
    folders = list_folders(str(path))
    return bool(folders) and all(
        _ESC_FOLDER.fullmatch(name) and any(_ESC_CLIP.fullmatch(clip.name) for clip in (path / name).iterdir())
        for name in folders
    )


def _others(path: Path, used: set[str]) -> list[str]:
    """Return folders without recordings, which are no classes."""
    return [name for name in list_folders(str(path)) if name not in used]


def _extensions(names: list[str]) -> dict[str, list[str]]:
    return {"extensions": sorted({Path(name).suffix.lower() for name in names})}


def _table(path: Path) -> dict[str, Any] | None:
    """Return a table whose rows name recordings, with a task for each other column that could be one."""
    try:
        manifest = read_manifest(path)
    except MotetError:
        return None  # numbers, or a note
    recording = next((name for name in manifest.columns if _names_files(manifest, name, path.parent)), None)
    if recording is None:
        return None
    others = [name for name in manifest.columns if name != recording and name.isidentifier()]
    repeated = [name for name in others if _repeats(manifest, name)]
    return {
        "kind": "table",
        "path": str(path),
        "recording": recording,
        "targets": {name: name for name in repeated},
    }


def _names_files(manifest: Manifest, name: str, root: Path) -> bool:
    cells = [str(cell) for cell in list(manifest.columns[name])[:_LOOKED_AT] if cell is not None]
    return (
        bool(cells)
        and all(Path(cell).suffix.lower() in SIGNAL_SUFFIXES for cell in cells)
        and (root / cells[0]).is_file()
    )


def _repeats(manifest: Manifest, name: str) -> bool:
    """Tell whether a column could hold targets: some values, fewer than rows, or numbers."""
    cells = [str(cell) for cell in manifest.columns[name] if cell is not None]
    return 1 < len(set(cells)) <= max(2, len(cells) // 2)
