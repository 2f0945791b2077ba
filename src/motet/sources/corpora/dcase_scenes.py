"""Acoustic scenes of DCASE from Tampere: TUT 2016 and 2017, TUT Urban 2018, TAU Urban 2019 to 2022, with mobile sets.

`meta.txt` (recording, scene, and from 2017 on where it was recorded) or `meta.csv` (with a header: filename,
scene_label, identifier, source_label), columns separated by tabs, beside `audio/` and `evaluation_setup/`. The group
is the place: the identifier; where there is none, what the file name says: `b020_90_100.wav`,
`airport-barcelona-0-0-a.wav`. From 2018 on the name says the city as well, and the mobile sets the device. Recordings
in no list of a fold are not used in it.

An evaluation set is a partition that tests. Its recordings have numbers for names; where `evaluation_setup/map.txt`, or
in 2016 the third column of `evaluate.txt`, says what they were called before, the place is known. Scenes are taken from
the table where there is one, else from `evaluate.txt`; those of the evaluation sets from 2018 on are not published.

Source: A. Mesaros, T. Heittola and T. Virtanen, "TUT Database for Acoustic Scene Classification and Sound Event
Detection", EUSIPCO 2016, and "A Multi-Device Dataset for Urban Acoustic Scene Classification", DCASE 2018; the READMEs
of the data sets; file names and evaluation sets as the organisers' own dcase_util reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from motet.errors import DataError
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, examples_of, read_rows, stem
from motet.sources.corpora.evaluation_setup import (
    FOLDER,
    ListRow,
    former_names,
    only_test,
    read_lists,
    recordings_of,
    roles_in_folds,
)
from motet.sources.corpora.settings import DcaseScenesSettings
from motet.sources.example import Example, Target
from motet.sources.source import DEFAULT_READER, TaskDefaults

_TABLES = ("meta.csv", "meta.txt")


@dataclass(frozen=True, slots=True)
class _Name:
    """What a file name says."""

    place: str | None = None
    city: str | None = None
    device: str | None = None

    @classmethod
    def of(cls, path: str) -> "_Name":
        parts = stem(path).rsplit("/", 1)[-1].split("-")
        if len(parts) < 5:  # TUT 2016 and 2017: PLACE_START_END; a number where it is hidden
            place, _, taken = parts[0].partition("_")
            return cls(place if taken else None)
        return cls("-".join(parts[1:3]), parts[1], parts[-1])


@dataclass(frozen=True, slots=True)
class DcaseScenes:
    """A development or evaluation set of acoustic scenes in the folders of its publisher."""

    settings: DcaseScenesSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the recordings in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task; name `city` or `device` in the experiment where they are wanted."""
        return {"scene": {"kind": "multiclass"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        lists = read_lists(folder)
        table = next((folder / name for name in _TABLES if (folder / name).is_file()), None)
        if only_test(lists):
            return _evaluated(folder, lists, table)
        if table is None:
            raise DataError(f"{folder}: holds neither {' nor '.join(_TABLES)}; correct `path`, or restore the table")
        rows = [cells for _, cells in read_rows(table, columns=2, header="filename")]
        roles = roles_in_folds(lists)
        found = SoundFiles.below(str(folder)).located([cells[0] for cells in rows], table=table.name)
        return [
            Clip(name, _targets(cells, cells[0]), group=_place(cells, cells[0]), folds=roles.get(cells[0], {}))
            for cells, name in zip(rows, found, strict=True)
            if name is not None
        ]


def _evaluated(folder: Path, lists: Sequence[ListRow], table: Path | None) -> list[Clip]:
    """Return the recordings of an evaluation set."""
    told = (
        [row.cells[:2] for row in lists if row.part == "evaluate"]
        if table is None
        else [cells for _, cells in read_rows(table, columns=2, header="filename")]
    )
    known = {cells[0]: cells for cells in told if len(cells) > 1}
    paths, former = recordings_of(lists), former_names(folder, lists)
    untold = sum(path not in known for path in paths)
    if untold:
        raise DataError(
            f"{folder}: {untold} of the {len(paths)} recordings that it tests on have no scene, neither in "
            f"{' or '.join(_TABLES)} nor in a list such as {FOLDER}/evaluate.txt; an evaluation set whose labels are "
            "not published cannot test: test on the folds of the development set, or label it with `motet predict`"
        )
    found = SoundFiles.below(str(folder)).located(paths, table=FOLDER)
    clips = []
    for path, name in zip(paths, found, strict=True):
        if name is not None:
            called = former.get(path, path)
            clips.append(Clip(name, _targets(known[path], called), _place(known[path], called), partition="test"))
    return clips


def _targets(cells: Sequence[str], called: str) -> dict[str, Target]:
    name = _Name.of(called)
    known = {"scene": cells[1], "city": name.city, "device": name.device}
    return {task: label for task, label in known.items() if label is not None}


def _place(cells: Sequence[str], called: str) -> str | None:
    return cells[2] if len(cells) > 2 and cells[2] else _Name.of(called).place
