"""Whether a network can be, asked before the recordings are read, and of their lengths before training begins."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet.data.corpus import Corpus, Targets
from motet.data.loader import Lessons
from motet.errors import ConfigError
from motet.experiment.fold_checks import checked_folds
from motet.experiment.fusing import check_fused_frames, fused_tasks
from motet.experiment.listing import Listed
from motet.experiment.own_losses import try_losses
from motet.experiment.parallel import opened_for_fold
from motet.experiment.preparation import FoldData
from motet.experiment.settings import Experiment
from motet.experiment.shapes import (
    Facts,
    MapFacts,
    Outputs,
    as_seen,
    declared,
    known_entries,
    network_inputs,
    outputs_of,
    probed,
    recordings_of,
    stored,
)
from motet.experiment.target_checks import check_given, check_map_metrics
from motet.experiment.tasks import check_tasks
from motet.files import DigestCache
from motet.model import Model
from motet.networks.build import build_network
from motet.networks.network import Network
from motet.networks.plan import min_frames, plan_network
from motet.networks.shape import MapShape
from motet.pipeline import InputSettings
from motet.signals.recording import Recording
from motet.store.store import Store
from motet.tasks.sequence import Sequence as TextSequence
from motet.training.procedures import ProcedurePlan, plan_procedure

logger = logging.getLogger("motet")

Rows = NDArray[np.int64]

_SHOWN = 5
_REMEDY = (
    "cut or fill up recordings to one length with segments.length_s, use fewer layers that shorten time, or leave "
    "these recordings out"
)


def check_early(experiment: Experiment, listed: Mapping[str, Listed], corpus: Corpus) -> None:
    """Refuse what cannot be trained before all recordings are read; at most one of each input is.

    Raises
    ------
    ConfigError
        If a layer cannot take what reaches it (named with the shapes), or split, monitor, stopping and schedule do not
        fit the data.
    DataError
        If the data cannot be split, or two data sets give one input in different shapes.
    """
    fused = fused_tasks(experiment, corpus)
    check_tasks(experiment, corpus, {name: own.task for name, own in fused.items()})
    checked_folds(experiment, listed, corpus, fused)
    opened_for_fold(experiment, listed, seed=experiment.all_seeds[0], number=1)
    facts = _facts_at_once(experiment, listed)
    if facts is not None:
        shapes = network_inputs(listed, facts)
        plan_network(experiment.model, shapes, outputs_of(corpus))
        check_given(listed, corpus, experiment.model, shapes)
        check_map_metrics(corpus, shapes)
        check_fused_frames(experiment, fused, corpus, shapes, facts)
        plan_updates(experiment, shapes, outputs_of(corpus))
        try_losses(experiment, shapes, outputs_of(corpus))


def plan_updates(experiment: Experiment, shapes: Mapping[str, MapShape], outputs: Outputs) -> ProcedurePlan:
    """Return what the procedure has of its own, and tell of a balance of nothing. No memory is taken.

    Raises
    ------
    ConfigError
        If the network or its tasks do not suit it, saying why.
    """
    training = experiment.training
    with torch.device("meta"):
        network = build_network(experiment.model, shapes, outputs)
        planned = plan_procedure(training.procedure, network, shapes, outputs, training.optimizer)
    balanced, sharing = getattr(training.objective, "on", None), experiment.model.sharing
    if balanced == "parameters" and sharing.kind == "soft" and len(outputs) > 1 and experiment.model.network is None:
        logger.warning(
            "training.objective: %s balances gradients of weights that tasks share, but with model.sharing: soft they "
            "share none, so it does as weighted does; balance with another model.sharing, or weigh losses",
            training.objective.kind,
        )
    return planned


def check_known_lengths(experiment: Experiment, shapes: Mapping[str, MapShape], facts: Facts, outputs: Outputs) -> None:
    """Refuse known recordings that are shorter than the network can see.

    Raises
    ------
    ConfigError
        Saying of which input, and how many.
    """
    needed = _needed(experiment, shapes, outputs)
    problems = [
        _too_short(name, input_name, int((own.frames < needed[input_name]).sum()), needed[input_name], own.step_s)
        for name, inputs in facts.items()
        for input_name, own in inputs.items()
        if input_name in needed and (own.frames < needed[input_name]).any()
    ]
    if problems:
        raise ConfigError(*problems, _REMEDY)


def check_lengths(experiment: Experiment, prepared: FoldData, shapes: Mapping[str, MapShape]) -> None:
    """Refuse training rows that are shorter than the network can see; of other rows, warn.

    Parameters
    ----------
    shapes
        The inputs of the network; only those without a fixed length are looked at.

    Raises
    ------
    ConfigError
        Naming the rows.
    """
    corpus, maps = prepared.corpus, prepared.maps
    problems = []
    for input_name, needed in _needed(experiment, shapes, outputs_of(corpus)).items():
        for name in (own for own in corpus.data_sets if input_name in maps[own]):
            own, rows = maps[name][input_name], corpus.rows_of(name)
            short = rows[own.frames(np.arange(len(rows))) < needed]
            if not len(short):
                continue
            text = _too_short(name, input_name, len(short), needed, own.grid.step_s) + _named(corpus, short)
            if np.isin(short, prepared.fold.train).any():
                problems.append(text)
            else:
                logger.warning("%s; zeros are added to them", text)
    if problems:
        raise ConfigError(*problems, _REMEDY)


def check_texts(prepared: FoldData, model: Model) -> None:
    """Refuse training rows whose text, also of a teacher, does not fit into the frames that the network leaves of them.

    Raises
    ------
    ConfigError
        Naming the rows.
    """
    for name, task in model.tasks.items():
        if isinstance(task, TextSequence) and isinstance(model.network, Network):
            _check_text(prepared, name, task, model.network, prepared.corpus.targets[name], "texts")
            if name in prepared.loader.lessons:
                _check_text(prepared, name, task, model.network, prepared.loader.lessons[name], "texts of the teacher")


def _check_text(
    prepared: FoldData, name: str, task: TextSequence, network: Network, targets: Targets | Lessons, what: str
) -> None:
    assert targets.values is not None, "texts are known before training"
    rows = prepared.fold.train[targets.present[prepared.fold.train]]
    fewest = np.array([task.frames_needed(target) for target in targets.values[rows]], dtype=np.int64)
    needed = {count: network.frames_needed(count) for count in np.unique(fewest).tolist()}
    problems = []
    for data_set, maps in prepared.maps.items():
        every = prepared.corpus.rows_of(data_set)
        own = np.isin(rows, every)
        for input_name in (name for name in maps if name in network.min_frames):
            seen = maps[input_name]
            wanted = np.array([needed[count][input_name] for count in fewest[own].tolist()], dtype=np.int64)
            short = rows[own][seen.frames(rows[own] - every[0]) < wanted] if own.any() else rows[:0]
            if len(short):
                problems.append(
                    f"data set {data_set!r}, task {name!r}: {len(short)} {what} are longer than the frames that the "
                    f"network leaves of input {input_name!r}{_named(prepared.corpus, short)}; shorten time by less "
                    "(stride and pooling), take a shorter features hop, or leave these recordings out"
                )
    if problems:
        raise ConfigError(*problems)


def _facts_at_once(experiment: Experiment, listed: Mapping[str, Listed]) -> Facts | None:
    """Return the facts of all inputs, or None where only all maps together give them."""
    if any(part.settings.segments and isinstance(part.settings.segments.length_s, str) for part in listed.values()):
        return None
    facts: dict[str, dict[str, MapFacts]] = {}
    for name, part in listed.items():
        facts[name] = {}
        for input_name, (recording, settings) in part.inputs.items():
            found = declared(settings, part.settings.source) or _first(
                experiment, settings, recordings_of(part, recording)
            )
            if found is None:
                return None
            facts[name][input_name] = found
    return facts


def _first(experiment: Experiment, settings: InputSettings, recordings: Sequence[Recording[Any]]) -> MapFacts | None:
    """Return the facts of the first recording's map, which is read only where the store does not hold it."""
    folder = Path(experiment.store.path)
    with Store(folder) as store:
        cache = DigestCache(folder / "digests", reads=False)
        found = stored(known_entries(settings, recordings[:1], store, cache, experiment.store.precision))
    found = found or probed(settings, recordings)
    return None if found is None else as_seen(settings, found)


def _needed(experiment: Experiment, shapes: Mapping[str, MapShape], outputs: Outputs) -> dict[str, int]:
    """Return the fewest frames of those inputs whose recordings keep their lengths."""
    if all(shape.frames is not None for shape in shapes.values()):
        return {}
    needed = min_frames(experiment.model, shapes, outputs)
    return {name: count for name, count in needed.items() if shapes[name].frames is None and count > 1}


def _too_short(data_set: str, name: str, count: int, needed: int, step_s: float) -> str:
    are = "recording is" if count == 1 else "recordings are"
    return (
        f"data set {data_set!r}, input {name!r}: {count} {are} shorter than the {needed} frames "
        f"({needed * step_s:.3g} s) that the network needs"
    )


def _named(corpus: Corpus, rows: Rows) -> str:
    places = [corpus.locate(row) for row in rows[:_SHOWN].tolist()]
    names = [data_set.ids[row] for data_set, row in places]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f": {', '.join(names)}{more}"
