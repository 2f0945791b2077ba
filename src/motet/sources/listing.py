"""The files below a folder, as sorted names that are the same on every machine.

A name is the path below the folder with `/` between its parts. Hidden files and folders (a leading `.`, which
includes what macOS leaves on foreign disks) are not part of a data set.
"""

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from motet.errors import DataError

_SHOWN = 10


def list_files(folder: str, *, extensions: Collection[str] | None = None, exclude: Sequence[str] = ()) -> list[str]:
    """List the files below a folder, sorted.

    Parameters
    ----------
    folder
        The folder. Links to files and folders are followed.
    extensions
        The endings to keep, such as `.wav`, in upper or lower case; None keeps all.
    exclude
        Names of files and folders to leave out, with `*` and `?` as wildcards.

    Raises
    ------
    DataError
        If the folder is missing or cannot be read, or if a name is not Unicode.
    """
    endings = None if extensions is None else tuple(ending.lower() for ending in extensions)
    found = list(_walk(folder, "", endings, exclude, parents=()))
    found.sort(key=portable)
    return found


def list_folders(folder: str, *, exclude: Sequence[str] = ()) -> list[str]:
    """List the folders in a folder, sorted."""
    found = [entry.name for entry in _entries(folder) if entry.is_dir() and not _left_out(entry.name, exclude)]
    return sorted(found, key=portable)


def portable(name: str) -> str:
    """Return the name as it is on every machine: some file systems take accented letters apart."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def several(problems: Iterable[str], remedy: str) -> DataError:
    """Return one error for many problems: the first few, the number of the others, and the remedy."""
    lines = list(problems)
    shown = lines[:_SHOWN]
    if len(lines) > _SHOWN:
        shown.append(f"and {len(lines) - _SHOWN} more")
    return DataError(*shown, remedy)


def _walk(
    folder: str, prefix: str, endings: tuple[str, ...] | None, exclude: Sequence[str], parents: tuple[str, ...]
) -> Iterator[str]:
    place = f"{folder}/{prefix}" if prefix else folder
    own = os.path.realpath(place)
    if own in parents:
        return  # a link that leads back to a folder above it
    for entry in _entries(place):
        name = prefix + entry.name
        if _left_out(name, exclude):
            continue
        if entry.is_dir():
            yield from _walk(folder, f"{name}/", endings, exclude, (*parents, own))
        elif endings is None or entry.name.lower().endswith(endings):
            if not name.isascii():
                _check_unicode(name, place)
            yield name


def _left_out(name: str, exclude: Sequence[str]) -> bool:
    hidden = name.startswith(".", name.rfind("/") + 1)
    return hidden or any(fnmatchcase(name, wildcard) for wildcard in exclude)


def _entries(place: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place or ".") as entries:
            return list(entries)
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such folder; correct `path`, or the variable in it") from None
    except NotADirectoryError:
        raise DataError(f"{place}: is a file; `path` must name a folder") from None
    except OSError as error:
        raise DataError(f"{place}: cannot be listed ({error.strerror}); give this user the right to read it") from None


def _check_unicode(name: str, place: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        raise DataError(f"{place}: the file name {shown} is not valid UTF-8; rename the file") from None
