"""What the readers of published corpora share: clips, the files that tables name, and tables without a header."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from motet.errors import DataError
from motet.signals.readers.by_suffix import SOUND_SUFFIXES, reader_for
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.example import Event, Example, Role, Target
from motet.sources.listing import list_files, portable, several
from motet.sources.source import INPUT

Missing = Literal["error", "skip"]


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound file of a corpus, or a span of one, and what the publisher says of it.

    Parameters
    ----------
    path
        The file, below the folder of the corpus.
    targets, group, folds, partition
        As in `Example`.
    start_s, end_s
        The span; None is the end of the file.
    recording
        What is read in place of the file.
    """

    path: str
    targets: Mapping[str, Target]
    group: str | None = None
    folds: Mapping[str, Role] | None = None
    partition: Role | None = None
    start_s: float = 0.0
    end_s: float | None = None
    recording: Recording[Any] | None = None


def examples_of(folder: str, clips: Iterable[Clip], reader: ReaderSettings) -> Iterator[Example]:
    """Return clips as examples, in the order of their paths and starts."""
    for clip in sorted(clips, key=lambda clip: (portable(clip.path), clip.start_s)):
        span = "" if clip.end_s is None else f"#{clip.start_s:g}-{clip.end_s:g}"
        recording = clip.recording or Recording(reader_for(Path(folder) / clip.path, reader), clip.start_s, clip.end_s)
        yield Example(
            portable(clip.path) + span, {INPUT: recording}, clip.targets, clip.group, clip.folds, clip.partition
        )


@dataclass(frozen=True, slots=True)
class SoundFiles:
    """The sound files below a folder, found by their names with or without the ending.

    Parameters
    ----------
    folder
        The folder.
    names
        Paths below it, sorted.
    """

    folder: str
    names: Sequence[str]
    _by_stem: Mapping[str, str]

    @classmethod
    def below(cls, folder: str) -> "SoundFiles":
        """List the sound files of a folder.

        Raises
        ------
        DataError
            If there are none.
        """
        names = list_files(folder, extensions=SOUND_SUFFIXES)
        if not names:
            raise DataError(f"{folder}: holds no sound files; correct `path`, or unpack the recordings there")
        return cls(folder, names, {stem(name): name for name in names})

    def find(self, path: str) -> str | None:
        """Return the file of a path, whatever its ending; None if there is none."""
        return self._by_stem.get(stem(path))

    def located(self, paths: Sequence[str], *, table: str, missing: Missing = "error") -> list[str | None]:
        """Return the file of each path.

        Parameters
        ----------
        table
            What lists the paths, for messages.
        missing
            Whether files that are not there are an error, or None.

        Raises
        ------
        DataError
            If a file is not there and that is an error, or if none is there.
        """
        found = [self.find(path) for path in paths]
        absent = [path for path, name in zip(paths, found, strict=True) if name is None]
        if absent and (missing == "error" or len(absent) == len(paths)):
            raise several(
                (f"{self.folder}/{path}: {table} lists this recording, but it is not there" for path in absent),
                "unpack the recordings again, or correct `path`",
            )
        return found


def stem(path: str) -> str:
    """Return a path without its ending: names may have dots inside.

    Examples
    --------
    >>> stem("blues/blues.00000.wav")
    'blues/blues.00000'
    """
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in SOUND_SUFFIXES else path


def read_rows(
    path: Path, *, columns: int, delimiter: str | None = "\t", header: str | None = None, comment: str | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield the place of each row of a table for messages, and its cells.

    Parameters
    ----------
    columns
        The fewest cells that a row has.
    delimiter
        What separates cells; None is any white space.
    header
        The first cell of a header, which some editions of a table have; it is passed over.
    comment
        What begins lines to be passed over.

    Raises
    ------
    DataError
        If the table is missing, is not UTF-8, or has a row with too few cells.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; restore it, or correct `path`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text ({error}); restore it") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (comment and line.startswith(comment)):
            continue
        cells = (
            line.split() if delimiter is None else next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        )
        cells = [cell.strip() for cell in cells]
        if number == 1 and cells[0] == header:
            continue
        if len(cells) < columns:
            raise DataError(
                f"{path}:{number}: has {len(cells)} cells, but a row has at least {columns}; restore the file"
            )
        yield f"{path}:{number}", cells


def event_at(place: str, onset: str, offset: str, label: str) -> Event:
    """Return the event of a row.

    Raises
    ------
    DataError
        If its times are not numbers, or impossible; the message names the place.
    """
    onset_s, offset_s = seconds(onset, place), seconds(offset, place)
    try:
        return Event(onset_s, offset_s, label)
    except DataError as error:
        raise DataError(f"{place}: {error}") from None


def seconds(cell: str, place: str) -> float:
    """Return a time of a table.

    Raises
    ------
    DataError
        If it is not a number.
    """
    try:
        return float(cell)
    except ValueError:
        raise DataError(f"{place}: '{cell}' is not a time in seconds; restore the file") from None
