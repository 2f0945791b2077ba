"""Sound events in real life of DCASE from Tampere: TUT Sound Events 2016 (home, residential area) and 2017 (street).

`evaluation_setup/SCENE_foldN_train.txt` and `SCENE_foldN_evaluate.txt` list every event of the target classes of a
fold: recording, scene, onset and offset in seconds, and class, separated by tabs; recordings lie in `audio/SCENE/`.
Every recording is a group, cut into pieces (`cut_s`) or whole.

An evaluation set is a partition that tests: `SCENE_test.txt` lists its recordings, `SCENE_evaluate.txt` their events;
where that list is missing, `meta/SCENE/NAME.ann` does (onset, offset and class, in 2016 with decimal commas; recording
and scene may stand in front).

Source: A. Mesaros, T. Heittola and T. Virtanen, "TUT Database for Acoustic Scene Classification and Sound Event
Detection", EUSIPCO 2016; A. Mesaros et al., "DCASE 2017 Challenge Setup: Tasks, Datasets and Baseline System", DCASE
2017; the README of the data set; evaluation sets as the organisers' own dcase_util reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motet.errors import ConfigError, DataError
from motet.signals.readers.audio import duration_s
from motet.signals.settings import ReaderSettings
from motet.sources.corpora.clips import Clip, SoundFiles, event_at, examples_of, read_rows, stem
from motet.sources.corpora.evaluation_setup import (
    FOLDER,
    ListRow,
    only_test,
    read_lists,
    recordings_of,
    roles_in_folds,
    scenes_of,
)
from motet.sources.corpora.settings import DcaseEventsSettings
from motet.sources.example import Event, Example
from motet.sources.source import DEFAULT_READER, TaskDefaults

_ROUNDING = 1e-6
"""Share of a piece by which its end may lie behind that of the recording: 0.3 s are three pieces of 0.1 s."""


@dataclass(frozen=True, slots=True)
class DcaseEvents:
    """A development or evaluation set of sound events in the folders of its publisher.

    Examples
    --------
    >>> DcaseEvents(DcaseEventsSettings(path="TUT-sound-events-2017-development")).tasks()
    {'events': {'kind': 'events'}}
    """

    settings: DcaseEventsSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the recordings in the order of their files; see `Source.examples`."""
        return examples_of(self.settings.path, self._clips(), reader)

    def tasks(self) -> TaskDefaults:
        """Return the one task."""
        return {"events": {"kind": "events" if self.settings.cut_s is None else "multilabel"}}

    def _clips(self) -> list[Clip]:
        folder = Path(self.settings.path)
        rows = read_lists(folder, scene=self._scene(folder))
        tests, paths, roles = only_test(rows), recordings_of(rows), roles_in_folds(rows)
        annotated = tests and not any(len(row.cells) > 2 for row in rows)
        events = _annotated(folder, paths) if annotated else _listed(rows)
        found = SoundFiles.below(str(folder)).located(paths, table=FOLDER)
        clips: list[Clip] = []
        for path, name in zip(paths, found, strict=True):
            if name is not None:
                of_recording = tuple(sorted(events[path]))
                clip = Clip(name, {"events": of_recording}, group=stem(path))
                clip = replace(clip, partition="test") if tests else replace(clip, folds=roles[path])
                length_s = self.settings.cut_s
                clips += [clip] if length_s is None else _pieces(clip, of_recording, folder / name, length_s)
        return clips

    def _scene(self, folder: Path) -> str:
        known = scenes_of(folder)
        scene = self.settings.scene or (known[0] if len(known) == 1 else None)
        if scene not in known:
            raise ConfigError(
                f"source.scene is {scene or 'not given'}: {folder} has lists for {', '.join(known) or 'none'}; name one"
            )
        return scene


def _pieces(clip: Clip, events: Sequence[Event], path: Path, length_s: float) -> Iterator[Clip]:
    """Yield pieces of a recording, each with the labels of the events that reach into it."""
    for number in range(int(duration_s(path) / length_s + _ROUNDING)):
        start_s, end_s = round(number * length_s, 6), round((number + 1) * length_s, 6)
        heard = frozenset(event.label for event in events if event.onset_s < end_s and event.offset_s > start_s)
        yield replace(clip, targets={"events": heard}, start_s=start_s, end_s=end_s)


def _listed(rows: Sequence[ListRow]) -> dict[str, set[Event]]:
    """Return the events of each recording that lists name, once."""
    events: dict[str, set[Event]] = {row.cells[0]: set() for row in rows}
    for row in rows:
        if len(row.cells) > 2:  # lists for testing have no events
            if len(row.cells) < 5:
                raise DataError(f"{row.place}: has {len(row.cells)} cells, but an event has 5; restore the list")
            events[row.cells[0]].add(event_at(row.place, *row.cells[2:5]))
    return events


def _annotated(folder: Path, paths: Sequence[str]) -> dict[str, set[Event]]:
    """Return the events of each recording of an evaluation set that has annotations in place of a list."""
    tables = {path: folder / "meta" / f"{stem(path).removeprefix('audio/')}.ann" for path in paths}
    absent = [table for table in tables.values() if not table.is_file()]
    if absent:
        raise DataError(
            f"{folder}: nothing says what is heard in {len(absent)} of the {len(paths)} recordings that it tests on, "
            f"neither a list such as {FOLDER}/street_evaluate.txt nor {absent[0]}; an evaluation set whose events are "
            "not published cannot test: test on the folds of the development set, or restore the annotations"
        )
    return {path: {_event(*row) for row in read_rows(table, columns=3)} for path, table in tables.items()}


def _event(place: str, cells: Sequence[str]) -> Event:
    onset, offset, label = cells[:3] if len(cells) < 5 else cells[2:5]
    return event_at(place, onset.replace(",", "."), offset.replace(",", "."), label)
