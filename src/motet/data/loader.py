"""From rows to batches: the frames that are wanted are read straight into one array per input.

Axes: n rows of a batch that have an input, C channel, T time, F bin. Maps are read time-major, [n, T, C, F], as they
are stored, and handed on as [n, C, T, F]. Nothing is scaled here: zeros behind a shorter row are no values, which is
what `lengths` says, while a row that is repeated or wrapped to the wanted length is valid to its end.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from motet import draws
from motet.data.batch import Batch, Column
from motet.data.corpus import Corpus
from motet.data.maps import DataSetMaps, Sources, shared_grids
from motet.data.mixup import draw_mix
from motet.data.segments import Segments
from motet.features.settings import MixupSettings

Integers = NDArray[np.int64]
Span = tuple[int, int, int]


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
    ) -> None:
        self.corpus = corpus
        self._seed, self._mixup = seed, mixup
        self._kinship = corpus.kinship()
        self._edges = corpus.edges
        self._maps = [
            DataSetMaps.of(sources[name], len(data_set), (segments or {}).get(name))
            for name, data_set in corpus.data_sets.items()
        ]
        self._grids = shared_grids(sources, tuple(corpus.data_sets))

    def frames(self, rows: Integers) -> Integers:
        """Return the frames of each row's map, shape [n]; of several inputs, of the one with the longest frames."""
        numbers = self.corpus.data_set_numbers(rows)
        lengths = np.zeros(len(rows), dtype=np.int64)
        for number, view in enumerate(self._maps):
            own = numbers == number
            lengths[own] = view.lengths[view.main][rows[own] - self._edges[number]]
        return lengths

    def durations_s(self, rows: Integers) -> NDArray[np.float64]:
        """Return how long each row lasts in seconds, shape [n]: frames times the time between them."""
        numbers = self.corpus.data_set_numbers(rows)
        steps = np.asarray([view.step_s for view in self._maps])
        durations: NDArray[np.float64] = self.frames(rows) * steps[numbers]
        return durations

    def draw(self, row_ids: Integers, *, epoch: int, training: bool) -> Batch:
        """Return the batch of these rows in this epoch: one segment, or the whole, of each.

        Parameters
        ----------
        row_ids
            As a sampler returns them, shape [B]; the order does not matter.
        training
            Whether segments are where the crop rule draws them, and rows are mixed.
        """
        rows = row_ids % len(self.corpus)
        order = np.argsort(rows, kind="stable")
        row_ids, rows = row_ids[order], rows[order]
        spans = self._spans(rows)
        starts = np.zeros(len(rows), dtype=np.int64)
        if any(self._maps[number].segments is not None for number, _, _ in spans):
            uniforms = None
            if training:
                uniforms = draws.uniform(self._seed, epoch=epoch, rows=row_ids, stage="crop")[:, 0]
            self._crop(rows, spans, uniforms, starts)
        batch = self._gather(row_ids, rows, starts, spans)
        if not training or self._mixup is None:
            return batch
        kinship = self._kinship[rows]
        mix = draw_mix(self._mixup, kinship, seed=self._seed, epoch=epoch, row_ids=row_ids)
        return replace(batch, mix=mix)

    def evaluate(self, rows: Integers, *, batch_size: int) -> Iterator[Batch]:
        """Return batches of all segments, or the whole, of some rows, the shortest rows first.

        A row with several segments comes as often in `row_ids`: these belong together, also across batches.
        """
        owners, starts = self._all_segments(rows)
        order = np.argsort(self.frames(owners), kind="stable")
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            chosen = chosen[np.argsort(owners[chosen], kind="stable")]
            yield self._gather(owners[chosen], owners[chosen], starts[chosen], self._spans(owners[chosen]))

    def _all_segments(self, rows: Integers) -> tuple[Integers, Integers]:
        """Return the row and the first frame of every segment that evaluation looks at."""
        rows = np.sort(rows)
        owners, starts = [], []
        for number, start, stop in self._spans(rows):
            view, own = self._maps[number], rows[start:stop]
            if view.segments is None:
                owners.append(own)
                starts.append(np.zeros(len(own), dtype=np.int64))
                continue
            lengths = view.lengths[view.main][own - self._edges[number]]
            positions, first = view.segments.slide(lengths, view.step_s)
            owners.append(own[positions])
            starts.append(first)
        return np.concatenate(owners), np.concatenate(starts)

    def _spans(self, rows: Integers) -> list[Span]:
        """Return (data set, start, stop) of the data sets among ascending rows."""
        edges = np.searchsorted(rows, self._edges).tolist()
        pairs = enumerate(itertools.pairwise(edges))
        return [(number, start, stop) for number, (start, stop) in pairs if stop > start]

    def _crop(self, rows: Integers, spans: list[Span], uniforms: NDArray[np.float64] | None, starts: Integers) -> None:
        for number, start, stop in spans:
            view = self._maps[number]
            if view.segments is not None:
                lengths = view.lengths[view.main][rows[start:stop] - self._edges[number]]
                own = None if uniforms is None else uniforms[start:stop]
                starts[start:stop] = view.segments.crop(lengths, view.step_s, own)

    def _gather(self, row_ids: Integers, rows: Integers, starts: Integers, spans: list[Span]) -> Batch:
        inputs = {name: self._read(name, rows, starts, spans) for name in self._grids}
        targets = {}
        for name, column in self.corpus.targets.items():
            present = column.present[rows]
            count = int(np.count_nonzero(present))
            if count == len(rows):
                targets[name] = Column(torch.from_numpy(column.values[rows]))
            elif count:
                chosen = np.flatnonzero(present)
                values = torch.from_numpy(column.values[rows[chosen]])
                targets[name] = Column(values, torch.from_numpy(chosen))
        names = list(self.corpus.data_sets)
        return Batch(
            len(rows),
            {name: column for name, column in inputs.items() if column is not None},
            targets,
            torch.from_numpy(row_ids),
            {name: len(column.values) for name, column in targets.items()},
            spans=tuple((names[number], start, stop) for number, start, stop in spans),
        )

    def _read(self, name: str, rows: Integers, starts: Integers, spans: list[Span]) -> Column | None:
        """Read one input of those rows whose data set has it."""
        ranges = []
        for number, start, stop in spans:
            view = self._maps[number]
            if name in view.lengths:
                local = rows[start:stop] - self._edges[number]
                ranges.append((view, start, stop, local, *view.ranges(name, local, starts[start:stop])))
        if not ranges:
            return None
        num_frames = max(int(wanted.max()) for *_, wanted in ranges)
        num_rows = sum(len(local) for _, _, _, local, *_ in ranges)
        source = ranges[0][0].sources[name]
        out = np.zeros((num_rows, num_frames, source.channels, source.bins), dtype=np.float32)
        lengths = np.empty(num_rows, dtype=np.int64)
        first = 0
        for view, _, _, local, begins, ends, wanted in ranges:
            own = slice(first, first + len(local))
            first = own.stop
            view.sources[name].read_many(local, begins, ends, out[own])
            lengths[own] = view.fill(out[own], ends - begins, wanted)
        return Column(
            torch.from_numpy(out).permute(0, 2, 1, 3).contiguous(),
            None if num_rows == len(rows) else torch.cat([torch.arange(a, b) for _, a, b, *_ in ranges]),
            None if (lengths == num_frames).all() else torch.from_numpy(lengths),
            self._grids[name],
        )
