"""From rows to batches: the frames that are wanted are read straight into one array per input.

Axes: n rows of a batch that have an input, C channel, T time, F bin. Maps are read time-major, [n, T, C, F], as they
are stored, and handed on as [n, C, T, F]. Nothing is scaled here: zeros behind a shorter row are no values, which is
what `lengths` says, while a row that is repeated or wrapped to the wanted length is valid to its end.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet import draws
from motet.data.batch import Batch, Column
from motet.data.corpus import Corpus, Targets
from motet.data.maps import DataSetMaps, Sources, shared_shapes
from motet.data.mixup import draw_mix
from motet.data.segments import Segments
from motet.draws import Occasion
from motet.features.settings import MixupSettings
from motet.tasks.frames import FrameTask
from motet.tasks.task import MapOutput

Integers = NDArray[np.int64]
Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What a teacher says of the rows of a corpus.

    Parameters
    ----------
    present
        Which rows it teaches, shape [N].
    values
        What it said of them before training began: float32 [N, K], or of a task of frames encoded targets, objects
        [N]; None where it is asked at every step.
    """

    present: NDArray[np.bool_]
    values: NDArray[Any] | None = None


class Loader:
    """Draws batches.

    Parameters
    ----------
    corpus
        Rows and targets.
    sources
        Maps by data set and input.
    segments
        How the rows of each data set are cut; whole rows where a data set has none.
    seed
        The key of crops and mixup.
    mixup
        Mixes training rows where given.
    unread
        Inputs that are targets only, and stand in no batch as inputs.

    Attributes
    ----------
    lessons
        What teachers say of training rows, by task; empty until somebody teaches.

    Raises
    ------
    DataError
        If two data sets give one input in different shapes.
    """

    def __init__(
        self,
        corpus: Corpus,
        sources: Sources,
        segments: Mapping[str, Segments | None] | None = None,
        *,
        seed: int = 0,
        mixup: MixupSettings | None = None,
        unread: Collection[str] = (),
    ) -> None:
        self.corpus = corpus
        self.lessons: dict[str, Lessons] = {}
        self._unread = frozenset(unread)
        self._seed, self._mixup, self._kinship = seed, mixup, corpus.kinship()
        self._maps = [
            DataSetMaps.of(sources[name], len(data_set), (segments or {}).get(name), self._unread)
            for name, data_set in corpus.data_sets.items()
        ]
        self._framed = {name: task for name, task in corpus.tasks.items() if isinstance(task, FrameTask)}
        outputs = {name: task.output_size for name, task in corpus.tasks.items()}
        self._mapped = {name: output.of for name, output in outputs.items() if isinstance(output, MapOutput)}
        self._crops_at_random = any(maps.segments is not None and maps.segments.random for maps in self._maps)
        self._shapes, self._grids = shared_shapes(sources, tuple(corpus.data_sets))

    def frames(self, rows: Integers) -> Integers:
        """Return the frames of each row's map, shape [n]; of several inputs, of the one with the longest frames."""
        numbers = self.corpus.data_set_numbers(rows)
        lengths = np.zeros(len(rows), dtype=np.int64)
        for number, maps in enumerate(self._maps):
            own = numbers == number
            lengths[own] = maps.main_lengths(self._local(number, rows[own]))
        return lengths

    def durations_s(self, rows: Integers) -> NDArray[np.float64]:
        """Return how long each row lasts in seconds, shape [n]: frames times the time between them."""
        numbers = self.corpus.data_set_numbers(rows)
        steps = np.asarray([maps.step_s for maps in self._maps])
        durations: NDArray[np.float64] = self.frames(rows) * steps[numbers]
        return durations

    def draw(self, row_ids: Integers, *, epoch: int, training: bool) -> Batch:
        """Return the batch of these rows in this epoch: one segment, or the whole, of each.

        Parameters
        ----------
        row_ids
            As a sampler returns them, shape [B]; the order does not matter.
        training
            Whether anything is random: the crop, the waveform, mixup.
        """
        rows = row_ids % len(self.corpus)
        order = np.argsort(rows, kind="stable")
        row_ids, rows = row_ids[order], rows[order]
        occasion = Occasion(epoch, row_ids) if training else None
        batch = self._gather(row_ids, rows, self._crop(rows, occasion), occasion)
        if not training or self._mixup is None:
            return batch
        mix = draw_mix(self._mixup, self._kinship[rows], seed=self._seed, epoch=epoch, row_ids=row_ids)
        return replace(batch, mix=mix)

    def evaluate(self, rows: Integers, *, batch_size: int) -> Iterator[Batch]:
        """Return batches of all segments, or the whole, of some rows, the shortest rows first.

        A row with several segments comes as often in `row_ids`: these belong together, also across batches.
        """
        if not len(rows):
            return
        owners, starts = self._slide(np.sort(rows))
        order = np.argsort(self.frames(owners), kind="stable")
        for first in range(0, len(order), batch_size):
            chosen = np.sort(order[first : first + batch_size])  # owners ascend
            yield self._gather(owners[chosen], owners[chosen], starts[chosen], None)

    def maps_of(self, name: str, batch: Batch) -> Tensor:
        """Return the maps of an input in a batch of a data set that has it, also of one that is a target only."""
        if name in batch.inputs:
            return batch.inputs[name].values
        task = next(task for task, of in self._mapped.items() if of == name)
        return batch.targets[task].values

    def _spans(self, rows: Integers) -> list[Span]:
        """Return (data set, start, stop) of the data sets among ascending rows."""
        edges = np.searchsorted(rows, self.corpus.edges).tolist()
        pairs = enumerate(itertools.pairwise(edges))
        return [(number, start, stop) for number, (start, stop) in pairs if stop > start]

    def _crop(self, rows: Integers, occasion: Occasion | None) -> Integers:
        """Return the first frame of the one segment of each row; 0 for whole rows."""
        starts = np.zeros(len(rows), dtype=np.int64)
        uniforms = None
        if occasion is not None and self._crops_at_random:
            drawn = draws.uniform(self._seed, epoch=occasion.epoch, rows=occasion.row_ids, stage="crop")
            uniforms = drawn[:, 0]
        for number, start, stop in self._spans(rows):
            maps = self._maps[number]
            if maps.segments is not None:
                own = None if uniforms is None else uniforms[start:stop]
                lengths = maps.main_lengths(self._local(number, rows[start:stop]))
                starts[start:stop] = maps.segments.crop(lengths, maps.step_s, own)
        return starts

    def _slide(self, rows: Integers) -> tuple[Integers, Integers]:
        """Return the row and the first frame of every segment that evaluation looks at, by ascending rows."""
        owners, starts = [], []
        for number, start, stop in self._spans(rows):
            maps, own = self._maps[number], rows[start:stop]
            positions, first = np.arange(len(own)), np.zeros(len(own), dtype=np.int64)
            if maps.segments is not None:
                lengths = maps.main_lengths(self._local(number, own))
                positions, first = maps.segments.slide(lengths, maps.step_s)
            owners.append(own[positions])
            starts.append(first)
        return np.concatenate(owners), np.concatenate(starts)

    def _gather(self, row_ids: Integers, rows: Integers, starts: Integers, occasion: Occasion | None) -> Batch:
        spans, names = self._spans(rows), list(self.corpus.data_sets)
        read = [name for name in self._grids if name not in self._unread]
        inputs = {name: self._read(name, rows, starts, spans, occasion) for name in read}
        begin_s, end_s = self._windows(rows, starts, spans)
        targets = {
            name: self._those_of(name, column, rows, begin_s, end_s)
            for name, column in self.corpus.targets.items()
            if name not in self._mapped
        }
        targets |= {name: self._mapped_target(name, of, rows, starts, spans) for name, of in self._mapped.items()}
        found = {name: column for name, column in targets.items() if column is not None}
        lessons = {} if occasion is None else self.lessons
        said = {
            name: self._those_of(name, own, rows, begin_s, end_s)
            for name, own in lessons.items()
            if own.values is not None
        }
        return Batch(
            len(rows),
            {name: column for name, column in inputs.items() if column is not None},
            found,
            torch.from_numpy(row_ids),
            {name: len(column.values) for name, column in found.items()} | self._taught(lessons, rows),
            spans=tuple((names[number], start, stop) for number, start, stop in spans),
            starts_s=torch.from_numpy(begin_s) if starts.any() else None,
            lessons={name: column for name, column in said.items() if column is not None},
        )

    def _taught(self, lessons: Mapping[str, Lessons], rows: Integers) -> dict[str, int]:
        """Return how many rows have a target or a lesson, by task that is taught."""
        known = {name: own.present | self.corpus.targets[name].present for name, own in lessons.items()}
        counts = {name: int(present[rows].sum()) for name, present in known.items()}
        return {name: count for name, count in counts.items() if count}

    def _windows(
        self, rows: Integers, starts: Integers, spans: list[Span]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the segment of each row begins and ends in its recording, in seconds."""
        begin_s, end_s = np.zeros(len(rows)), np.full(len(rows), np.inf)
        if not starts.any() and not self._framed:
            return begin_s, end_s
        for number, start, stop in spans:
            maps, own = self._maps[number], slice(start, stop)
            ranges = maps.ranges(maps.main, self._local(number, rows[own]), starts[own])
            begin_s[own], end_s[own] = ranges.starts * maps.step_s, ranges.stops * maps.step_s
        return begin_s, end_s

    def _those_of(
        self,
        name: str,
        targets: Targets | Lessons,
        rows: Integers,
        begin_s: NDArray[np.float64],
        end_s: NDArray[np.float64],
    ) -> Column | None:
        """Return the targets, or lessons, of those rows that have one; in time, what lies in their segments."""
        if name not in self._framed:
            return _present(targets, rows)
        assert targets.values is not None, "what is asked for later is not there yet"
        chosen = np.flatnonzero(targets.present[rows])
        if not len(chosen):
            return None
        values, lengths = self._framed[name].collate(targets.values[rows[chosen]], begin_s[chosen], end_s[chosen])
        present = None if len(chosen) == len(rows) else torch.from_numpy(chosen)
        return Column(torch.from_numpy(values), present, torch.from_numpy(lengths))

    def _mapped_target(self, name: str, of: str, rows: Integers, starts: Integers, spans: list[Span]) -> Column | None:
        """Return the clean maps [n, C, T, F] of an input of those rows that have a target."""
        names = list(self.corpus.data_sets)
        return self._read(
            of, rows, starts, [span for span in spans if name in self.corpus.uses[names[span[0]]]], None, clean=True
        )

    def _read(
        self,
        name: str,
        rows: Integers,
        starts: Integers,
        spans: list[Span],
        occasion: Occasion | None,
        *,
        clean: bool = False,
    ) -> Column | None:
        """Read one input of those rows whose data set has it."""
        spans = [span for span in spans if name in self._maps[span[0]].lengths]
        if not spans:
            return None
        wanted = [
            self._maps[number].ranges(name, self._local(number, rows[start:stop]), starts[start:stop])
            for number, start, stop in spans
        ]
        num_frames = max(int(ranges.frames.max()) for ranges in wanted)
        num_rows = sum(len(ranges.rows) for ranges in wanted)
        out = np.zeros((num_rows, num_frames, *self._shapes[name]), dtype=np.float32)
        lengths = np.empty(num_rows, dtype=np.int64)
        first = 0
        for (number, start, stop), ranges in zip(spans, wanted, strict=True):
            own = slice(first, first + len(ranges.rows))
            drawn = None if occasion is None else occasion.of(slice(start, stop))
            lengths[own] = self._maps[number].read(name, ranges, out[own], drawn, clean=clean)
            first = own.stop
        return Column(
            torch.from_numpy(out).permute(0, 2, 1, 3).contiguous(),
            None if num_rows == len(rows) else torch.cat([torch.arange(start, stop) for _, start, stop in spans]),
            None if (lengths == num_frames).all() else torch.from_numpy(lengths),
            self._grids[name],
        )

    def _local(self, number: int, rows: Integers) -> Integers:
        """Return rows of the corpus as rows of a data set."""
        local: Integers = rows - self.corpus.edges[number]
        return local


def _present(targets: Targets | Lessons, rows: Integers) -> Column | None:
    """Return the targets, or lessons, of those rows that have one."""
    assert targets.values is not None, "what is asked for later is not there yet"
    present = targets.present[rows]
    if present.all():
        return Column(torch.from_numpy(targets.values[rows]))
    chosen = np.flatnonzero(present)
    if not len(chosen):
        return None
    return Column(torch.from_numpy(targets.values[rows[chosen]]), torch.from_numpy(chosen))
