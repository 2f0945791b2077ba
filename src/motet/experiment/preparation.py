"""What one fold with one seed trains on: segment lengths, scaling and tasks fitted on its training rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet import draws
from motet.data.corpus import Corpus, raw_targets
from motet.data.loader import Loader
from motet.data.roles import FoldSplit
from motet.data.segments import Segments, fit_length
from motet.experiment.data import OpenData
from motet.experiment.fusing import describe_fused, fit_fused
from motet.experiment.listing import Listed
from motet.experiment.parallel import opened_for_fold, take_weights
from motet.experiment.settings import Experiment
from motet.experiment.tasks import listed_labels, merge_rule
from motet.features.scaling import Scaling
from motet.maps import Maps
from motet.model import DataSetDocument, InputDocument, Model, ModelDocument
from motet.tasks.task import Task

Rows = NDArray[np.int64]
_FITTED_VALUES = 1 << 20
"""Values that are read at once to fit a scaling."""


@dataclass(slots=True)
class FoldData:
    """What one fold with one seed trains on.

    Parameters
    ----------
    fold
        Who trains, selects and tests, in rows of the corpus.
    maps
        By data set and input.
    segments
        How the rows of each data set are cut; None for whole rows.
    """

    corpus: Corpus
    fold: FoldSplit
    maps: dict[str, dict[str, Maps]]
    segments: dict[str, Segments | None]
    loader: Loader


def prepare_fold(experiment: Experiment, data: OpenData, fold: FoldSplit, seed: int) -> FoldData:
    """Fit the segment lengths on the training rows and make what draws batches."""
    maps = data.maps(seed, fold)
    unread = unread_inputs(experiment, maps)
    whole = Loader(data.corpus, maps, unread=unread)
    segments = {name: _segments(part, maps[name], data.corpus, whole, fold.train) for name, part in data.listed.items()}
    loader = Loader(data.corpus, maps, segments, seed=seed, mixup=experiment.mixup, unread=unread)
    return FoldData(data.corpus, fold, maps, segments, loader)


def unread_inputs(experiment: Experiment, inputs: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return which inputs, given by data set, are targets only."""
    return frozenset(name for own in inputs.values() for name in own if not experiment.model.reads(name))


def describe_model(experiment: Experiment, data: OpenData, prepared: FoldData, seed: int) -> ModelDocument:
    """Return what the model of a fold is made of."""
    corpus = data.corpus
    tasks: dict[str, Any] = {name: own for part in data.listed.values() for name, own in part.tasks.items()}
    return ModelDocument.model_construct(
        data_sets={
            name: DataSetDocument.model_construct(
                inputs={
                    input_name: InputDocument.model_construct(
                        recording=recording,
                        content="maps" if getattr(part.settings.source, "content", "") == "maps" else "signals",
                        pipeline=pipeline,
                        precision=experiment.store.precision,
                        scaling=part.settings.scaling,
                        channels=prepared.maps[name][input_name].channels,
                        bins=prepared.maps[name][input_name].bins,
                        step_s=prepared.maps[name][input_name].grid.step_s,
                        start_s=prepared.maps[name][input_name].grid.start_s,
                        rate_hz=data.stored[name][input_name].rate_hz,
                    )
                    for input_name, (recording, pipeline) in part.inputs.items()
                },
                segments=part.settings.segments,
                length_s=None if (own := prepared.segments[name]) is None else own.length_s,
                merge=merge_rule(experiment, name),
                tasks=corpus.uses[name],
                digest=data.digest(name),
            )
            for name, part in data.listed.items()
        },
        network=experiment.model,
        parallel=opened_for_fold(experiment, data.listed, seed=seed, number=prepared.fold.number + 1),
        tasks=tasks,
        fused=describe_fused(experiment, corpus),
        labels={
            name: listed_labels(name, own, raw_targets(corpus.data_sets, corpus.uses, name))
            for name, own in tasks.items()
        },
    )


def build_model(
    experiment: Experiment,
    data: OpenData,
    prepared: FoldData,
    seed: int,
    teachers: Mapping[str, Task] | None = None,
) -> Model:
    """Build a model with weights drawn by the seed, and fit its scaling and tasks on the training rows.

    Parameters
    ----------
    teachers
        The tasks of teachers by those that they teach: what has no target in training is fitted as theirs are.
    """
    torch.manual_seed(draws.key(seed, "weights", prepared.fold.name))
    model = Model(describe_model(experiment, data, prepared, seed))
    for name, task in model.tasks.items():
        targets = prepared.corpus.targets[name]
        known = prepared.fold.train[targets.present[prepared.fold.train]]
        if len(known):
            task.fit(targets.values[known])
        elif teachers and name in teachers:
            task.fit_like(teachers[name])
    take_weights(experiment, model, seed=seed, number=prepared.fold.number + 1)
    fit_fused(model.fused, prepared.corpus, prepared.fold)
    fit_scalings(model, prepared)
    return model


def fit_scalings(model: Model, prepared: FoldData) -> None:
    """Fit every scaling in one pass over the training rows, without augmentation."""
    scalings: dict[int, Any] = {}
    for name in model.document.data_sets:
        rows = np.intersect1d(prepared.fold.train, prepared.corpus.rows_of(name))
        for input_name in model.document.data_sets[name].inputs:
            scaling = model.scaling(name, input_name)
            scalings[id(scaling)] = scaling
            for values in _training_maps(prepared, name, input_name, rows, scaling):
                scaling.update(values)
    for scaling in scalings.values():
        scaling.finish()


def segments_of(model: Model, data_set: str) -> Segments | None:
    """Return how a model cuts the rows of a data set."""
    described = model.document.data_sets[data_set]
    if described.segments is None or described.length_s is None:
        return None
    return Segments(described.segments, described.length_s)


def _segments(part: Listed, maps: Mapping[str, Maps], corpus: Corpus, loader: Loader, train: Rows) -> Segments | None:
    """Return how rows are cut; None where they stay whole or every map is a single frame.

    A data set without training rows is cut as long as the training rows of the others are.
    """
    settings = part.settings.segments
    if settings is None or all(own.grid.step_s == 0 for own in maps.values()):
        return None
    every = corpus.rows_of(part.data_set.name)
    own = np.intersect1d(train, every)
    fitted_on = own if len(own) else train if len(train) else every
    return Segments(settings, fit_length(settings, loader.durations_s(fitted_on)))


def _training_maps(
    prepared: FoldData, data_set: str, name: str, rows: Rows, scaling: Any
) -> Iterator[NDArray[np.float32]]:
    """Yield maps [T, C, F], whole ones, or where every cell has its own scaling, as they are cut to evaluate.

    A scaling of ours takes the frames of many maps at once, unless it looks at cells; a user's own sees each map.
    """
    ours = isinstance(scaling, Scaling)
    if ours and scaling.settings.per == "cell":
        for batch in prepared.loader.evaluate(rows, batch_size=64):
            yield from prepared.loader.maps_of(name, batch).permute(0, 2, 1, 3).numpy()
        return
    maps = prepared.maps[data_set][name]
    local = rows - prepared.corpus.rows_of(data_set)[0]
    frames = maps.frames(local)
    at_once = max(1, _FITTED_VALUES // (int(frames.max(initial=1)) * maps.channels * maps.bins)) if ours else 1
    for first in range(0, len(local), at_once):
        own = slice(first, first + at_once)
        counts = frames[own]
        values = np.empty((len(counts), int(counts.max()), maps.channels, maps.bins), np.float32)
        maps.read_many(local[own], np.zeros_like(counts), counts, values)
        yield values[np.arange(values.shape[1]) < counts[:, None]]
