"""Whose way the recordings of a data set go when a teacher hears them, and whether the student's maps will do."""

from collections.abc import Mapping

import numpy as np

from motet.config.wording import did_you_mean
from motet.data.dataset import DataSet
from motet.errors import ConfigError
from motet.experiment.file_way import alike
from motet.experiment.listing import Listed
from motet.experiment.teachers.find import Teacher
from motet.maps import describe_map
from motet.model import InputDocument, Model
from motet.networks.settings import ModelSettings
from motet.pipeline import InputSettings

Seen = Mapping[str, tuple[int, int, float]]
"""Channels, bins and the time between frames of the maps of a data set, by input."""


def way_of(teacher: Teacher, model: Model, data_set: str) -> str:
    """Return the data set of a teacher's whose way the rows of a data set go: of the same name, or the only way.

    Raises
    ------
    ConfigError
        If the one that is named is not there, or none is and there are several ways.
    """
    names, like = list(model.document.data_sets), teacher.settings.like
    if like is not None and like not in names:
        raise ConfigError(
            f"{teacher.path}.like: {teacher.settings.run} has no data set {like!r}{did_you_mean(like, names)}; it has "
            f"{', '.join(names)}"
        )
    if like is not None or data_set in names:
        return like or data_set
    if not all(alike(model, names[0], name) for name in names):
        raise ConfigError(
            f"{teacher.path}.like: recordings of {', '.join(names)} were prepared, scaled or cut differently for "
            f"{teacher.settings.run}; say whose way those of data.{data_set} go, such as like: {names[0]}"
        )
    return names[0]


def recording_of_input(own: InputDocument, data_set: DataSet, teacher: Teacher) -> str:
    """Return which recording of a data set an input of a teacher's reads.

    Raises
    ------
    ConfigError
        If there is none of its name, and several.
    """
    names = data_set.input_names
    if own.recording in names:
        return own.recording
    if len(names) > 1:
        raise ConfigError(
            f"{teacher.path}: the teacher hears a recording {own.recording!r}, but examples of data.{data_set.name} "
            f"have {', '.join(names)}; choose a teacher of these recordings"
        )
    return names[0]


def check_hears(teacher: Teacher, model: Model, way: str, data_set: DataSet) -> None:
    """Look whether a data set has what a teacher hears.

    Raises
    ------
    ConfigError
        If it has not.
    """
    for own in model.read_inputs(way).values():
        recording_of_input(own, data_set, teacher)


def check_reads(teacher: Teacher, model: Model, way: str, network: ModelSettings) -> None:
    """Look whether the student reads all that a teacher in the loop hears.

    Raises
    ------
    ConfigError
        Naming the first input that is a target only, and stands in no batch as an input.
    """
    for name in model.read_inputs(way):
        if not network.reads(name):
            raise ConfigError(
                f"{teacher.path}.live: the teacher hears the input {name!r} with the student, but the network here "
                "does not read it: it is a target only; name an encoder for it in model.encoder, or set live: false"
            )


def check_same_maps(teacher: Teacher, model: Model, way: str, part: Listed, seen: Seen) -> None:
    """Look whether the maps that a student sees are those that a teacher in the loop wants.

    Parameters
    ----------
    seen
        What the student has of the data set.

    Raises
    ------
    ConfigError
        Naming the first input that is another.
    """
    for name, own in model.read_inputs(way).items():
        here = part.inputs.get(name)
        wanted = (own.channels, own.bins, own.step_s)
        if here is not None and made_alike(here[1], own.pipeline) and np.allclose(seen[name], wanted, rtol=1e-6):
            continue
        found = "there is none" if here is None else describe_map(*seen[name], own.rate_hz)
        kind = "nothing" if here is None else feature_of(here[1])
        raise ConfigError(
            f"{teacher.path}.live: the teacher hears what the student hears, but its input {name!r} is "
            f"{feature_of(own.pipeline)} ({describe_map(*wanted, own.rate_hz)}) and that of "
            f"data.{part.data_set.name} is {kind} ({found}); give both the same signal and features, or set live: false"
        )


def made_alike(one: InputSettings, other: InputSettings) -> bool:
    """Tell whether two pipelines make the same of a recording but for what is random; readers may differ."""
    random = {"reader": None, "mix": (), "augment": ()}
    plain = [dict(each.signal) | random for each in (one, other)]
    return plain[0] == plain[1] and one.feature == other.feature


def feature_of(settings: InputSettings) -> str:
    """Return the kind of the feature that a pipeline ends with."""
    return str(getattr(settings.feature, "kind", "a feature"))
