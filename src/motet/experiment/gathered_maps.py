"""Maps that a model predicts of files, taken segment by segment and put together.

Segments are joined, scaling is undone, and a waveform gets the level of its file: what `normalise` did to the file is
undone, and where only a scale-invariant loss taught the network, the level is fitted. Axes: n rows, C channel, T frame,
F bin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.batch import Batch, Column
from motet.data.maps import DataSetMaps
from motet.data.segments import Segments
from motet.errors import MotetError
from motet.evaluation.joined_maps import MapPart, joined
from motet.experiment.file_maps import FileMaps, Place, PredictedMap, is_waveform
from motet.features.feature_map import FeatureMap
from motet.maps import Maps
from motet.signals.signal import Signal


class Gathered:
    """The maps of some files, taken segment by segment; rows are these files in their order.

    Parameters
    ----------
    file_maps
        Of which tasks.
    maps
        What the network sees of the files, by input.
    size
        How many files.
    segments
        How they are cut.
    """

    def __init__(self, file_maps: FileMaps, maps: Mapping[str, Maps], size: int, segments: Segments | None) -> None:
        self._of, self._cut = file_maps, DataSetMaps.of(maps, size, segments)
        self._parts: dict[tuple[str, str, int], list[MapPart]] = {}

    def take(self, task: str, batch: Batch, column: Column) -> None:
        """Take what is predicted of a batch; see `motet.evaluation.predict.TakeMaps`."""
        rows = np.arange(batch.size) if column.rows is None else column.rows.cpu().numpy()
        lengths = [column.values.shape[1]] * len(rows) if column.lengths is None else column.lengths.tolist()
        first, row_ids = self._first_frames(task, batch), batch.row_ids.tolist()
        for what, values in self._streams(task, batch, column):
            for own, place, length in zip(values, rows.tolist(), lengths, strict=True):
                part = MapPart(int(first[place]), own[:, :length])
                self._parts.setdefault((what, task, row_ids[place]), []).append(part)

    def whole(self, task: str, row: int, place: Place, path: str) -> PredictedMap:
        """Return the map of a file.

        Raises
        ------
        MotetError
            If it is not finite: the model is broken.
        """
        shift = self._of.model.tasks[task].settings.shift
        values = self._joined("predicted", task, row, place.frames)
        if ("given", task, row) in self._parts:
            given, zero = (self._joined(what, task, row, place.frames) for what in ("given", "zero"))
            values = zero + (values - zero) * nearest_level(values - zero, given - zero, shift)
        values /= place.gain[:, :, None]
        if not np.isfinite(values).all():
            raise MotetError(f"{path}: the model predicts values of {task!r} that are not finite")
        own, grid = self._of.of_task(task), place.grid.strided(1, shift)
        if is_waveform(own):
            return Signal(np.ascontiguousarray(values[:, :, 0], np.float32), own.rate_hz, grid.start_s)
        return FeatureMap(np.ascontiguousarray(values, np.float32), grid, own.rate_hz)

    def _streams(self, task: str, batch: Batch, column: Column) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield maps [n, C, T, F]: what is predicted; of a task without a level also what was given, and what 0 is."""
        model, data_set = self._of.model, self._of.way.data_set
        yield "predicted", model.restore(task, column, data_set).float().cpu().numpy()
        if task not in self._of.fitted:
            return
        given = model.given(task, batch.inputs, column.to(torch.device("cpu")))
        if given is not None:
            yield "given", given.transpose(1, 2).unsqueeze(3).numpy()
            nothing = replace(column, values=torch.zeros_like(column.values))
            yield "zero", model.restore(task, nothing, data_set).float().cpu().numpy()

    def _joined(self, what: str, task: str, row: int, frames: int) -> NDArray[np.float64]:
        return joined(self._parts.pop((what, task, row)), frames).astype(np.float64)

    def _first_frames(self, task: str, batch: Batch) -> NDArray[np.int64]:
        """Return where the segments of a batch begin in the map of a task, in its frames [B]."""
        if batch.starts_s is None:
            return np.zeros(batch.size, dtype=np.int64)
        of, step_s, starts_s = self._of.tasks[task], self._of.of_task(task).step_s, batch.starts_s.numpy()
        if of in self._cut.sources:
            starts = np.rint(starts_s / self._cut.step_s).astype(np.int64)
            return self._cut.ranges(of, batch.row_ids.numpy(), starts).starts
        return np.rint(starts_s / step_s if step_s else 0 * starts_s).astype(np.int64)


def nearest_level(values: NDArray[np.float64], given: NDArray[np.float64], shift: int = 0) -> NDArray[np.float64]:
    """Return by what each channel of a map [C, T, F] lies nearest to what was given, [C, 1, 1]; 1 of a silent one.

    Noise that has nothing to do with the voice then leaves the voice as loud as it was: least squares.

    Parameters
    ----------
    shift
        Frames by which the map lies ahead.

    Examples
    --------
    >>> voice, noise = np.array([[[1.0], [0.0], [-1.0], [0.0]]]), np.array([[[0.0], [1.0], [0.0], [-1.0]]])
    >>> nearest_level(-5 * voice, 0.1 * voice + noise).ravel().tolist()
    [-0.02]
    """
    size = values.shape[1] - shift
    found, beside = values[:, :size], given[:, shift:]
    powers = np.square(found).sum((1, 2), keepdims=True)
    levels: NDArray[np.float64] = np.divide(
        (found * beside).sum((1, 2), keepdims=True), powers, out=np.ones_like(powers), where=powers > 0
    )
    return levels
