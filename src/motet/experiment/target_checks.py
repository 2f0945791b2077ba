"""Whether maps that are targets only belong to what the network reads: the inputs of their rows, and their lengths."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from motet.data.corpus import Corpus
from motet.errors import ConfigError, DataError
from motet.experiment.listing import Listed
from motet.maps import Maps
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.networks.targets import given_input
from motet.pipeline import Pipeline
from motet.tasks.dense import Dense
from motet.tasks.task import MapOutput

_SHOWN = 5


def check_given(
    listed: Mapping[str, Listed], corpus: Corpus, model: ModelSettings, shapes: Mapping[str, MapShape]
) -> None:
    """Refuse data sets whose rows have a map as target, but not the input that it is made from.

    Raises
    ------
    ConfigError
        Naming data set, task and input.
    """
    problems = []
    for name, part in listed.items():
        for task, output in _unread(part, corpus, model):
            read = [own for own in shapes if model.reads(own)]
            given = given_input(output, shapes, read) or read[0]
            if given not in part.inputs:
                problems.append(
                    f"data.{name}.tasks.{task}: its map is made from the input {given!r}, which this data set has not "
                    f"(it has {', '.join(part.inputs)}); add it, or name another one in `given`"
                )
    if problems:
        raise ConfigError(*problems)


def check_map_metrics(corpus: Corpus, shapes: Mapping[str, MapShape]) -> None:
    """Refuse maps that are no waveforms where no metrics are named: those that are reported then are of waveforms.

    Raises
    ------
    ConfigError
        Naming the task, and the shape of its map.
    """
    problems = [
        f"task {name!r}: its target {task.settings.of!r} is a map {shapes[task.settings.of]}, and the metrics that are "
        "reported where none are named are of waveforms; name those of maps, as in metrics: [mse]"
        for name, task in corpus.tasks.items()
        if isinstance(task, Dense)
        and "metrics" not in task.settings.model_fields_set
        and shapes[task.settings.of].bins > 1
    ]
    if problems:
        raise ConfigError(*problems)


def check_target_lengths(
    listed: Mapping[str, Listed], corpus: Corpus, model: ModelSettings, maps: Mapping[str, Mapping[str, Maps]]
) -> None:
    """Refuse rows whose target lasts longer or shorter than what the network reads of them.

    Raises
    ------
    DataError
        Naming the recordings.
    """
    problems: list[str] = []
    for name, part in listed.items():
        for task, output in _unread(part, corpus, model):
            wanted = [output.given] if output.given else [own for own in part.inputs if model.reads(own)]
            read = next((own for own in wanted if own in part.inputs and maps[name][own].grid.step_s > 0), None)
            if read is not None and output.of in part.inputs and maps[name][output.of].grid.step_s > 0:
                problems += _apart(part, task, read, output.of, maps[name])
    if problems:
        raise DataError(*problems)


def _unread(part: Listed, corpus: Corpus, model: ModelSettings) -> Iterator[tuple[str, MapOutput]]:
    """Yield the tasks of a data set whose target the network does not read, also those that are only taught."""
    for task in part.tasks:
        output = corpus.tasks[task].output_size
        if isinstance(output, MapOutput) and not model.reads(output.of):
            yield task, output


def _apart(part: Listed, task: str, read: str, of: str, maps: Mapping[str, Maps]) -> Iterator[str]:
    rows = np.arange(len(part.data_set))
    lasting = {own: maps[own].frames(rows) * maps[own].grid.step_s for own in (read, of)}
    slack_s = sum(_slack_s(part, own, maps[own]) for own in (read, of))
    wrong = np.flatnonzero(np.abs(lasting[read] - lasting[of]) > slack_s)
    if not len(wrong):
        return
    recordings = {own: part.data_set.recordings(part.inputs[own][0]) for own in (read, of)}
    for row in wrong[:_SHOWN].tolist():
        target, given = recordings[of][row], recordings[read][row]
        assert target is not None
        assert given is not None
        yield f"{target.describe()}: lasts {lasting[of][row]:.3f} s, but {given.describe()} {lasting[read][row]:.3f} s"
    yield (
        f"data set {part.data_set.name!r}, task {task!r}: {len(wrong)} of {len(rows)} targets do not last as long as "
        f"what they are made from; pair the recordings of {of!r} and {read!r} that belong together, and cut both alike"
    )


def _slack_s(part: Listed, name: str, maps: Maps) -> float:
    """Return by how much a map may be shorter than its recording: two steps, and windows that do not fit."""
    pipeline = Pipeline(part.inputs[name][1])
    rate_hz = pipeline.settings.signal.rate_hz or 1.0 / maps.grid.step_s
    context_s = 0.0 if _finished(part) else float(pipeline.feature(rate_hz).context_s)
    return 2 * maps.grid.step_s + (2 * context_s if math.isfinite(context_s) else 0.0)


def _finished(part: Listed) -> bool:
    return getattr(part.settings.source, "content", "signals") == "maps"
