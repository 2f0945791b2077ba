"""Whether a teacher makes the maps that its student makes, and by which scalings either means them.

A network gives maps as its own run scales the input that they are like. Rows that are only taught may lack that input:
their maps have the scaling that all others have, where there is one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from motet.errors import ConfigError
from motet.experiment.listing import Listed
from motet.experiment.teachers.find import Teacher
from motet.experiment.teachers.ways import Seen, feature_of, made_alike
from motet.maps import describe_map
from motet.model import InputDocument, Model


def scaled_as(model: Model, data_set: str, of: str) -> str:
    """Return the data set by whose scaling a model means the maps of a data set; `check_map_scales` saw that it is."""
    found = _scaled_as(_scalings_there(model, of), data_set)
    assert found is not None, "maps of one scaling"
    return found


def check_map_scales(
    teacher: Teacher, model: Model, of: str, way: str, listed: Mapping[str, Listed], name: str
) -> None:
    """Look whether somebody knows in which scale a teacher and its student mean the maps of a data set.

    Parameters
    ----------
    of
        The input that the maps are like.
    way, name
        The data set there, and the one here.

    Raises
    ------
    ConfigError
        If several scalings could be meant.
    """
    here = {other: part.settings.scaling for other, part in listed.items() if of in part.inputs}
    there = _scalings_there(model, of)
    for scalings, data_set, whose in ((here, name, "here"), (there, way, f"in {teacher.settings.run}")):
        if _scaled_as(scalings, data_set) is None:
            raise ConfigError(
                f"{teacher.path}: examples of data.{data_set} {whose} have no map {of!r}, and {', '.join(scalings)} "
                "scale it each in its own way, so nobody knows which scale the lessons are to have; set "
                "scaling.shared: true"
            )


def check_same_target(teacher: Teacher, model: Model, of: str, part: Listed, seen: Seen) -> None:
    """Look whether the maps of a data set, which has some, are what a teacher learned to make.

    Raises
    ------
    ConfigError
        Saying what either makes.
    """
    own: InputDocument = next(each.inputs[of] for each in model.document.data_sets.values() if of in each.inputs)
    wanted, found = (own.channels, own.bins, own.step_s), seen[of]
    if made_alike(part.inputs[of][1], own.pipeline) and np.allclose(found, wanted, rtol=1e-6):
        return
    raise ConfigError(
        f"{teacher.path}: the {of!r} that the teacher makes is {feature_of(own.pipeline)} "
        f"({describe_map(*wanted, own.rate_hz)}) and that of data.{part.data_set.name} is "
        f"{feature_of(part.inputs[of][1])} ({describe_map(*found, own.rate_hz)}); give both the same signal and "
        "features"
    )


def _scalings_there(model: Model, of: str) -> dict[str, Any]:
    return {name: own.inputs[of].scaling for name, own in model.document.data_sets.items() if of in own.inputs}


def _scaled_as(scalings: Mapping[str, Any], data_set: str) -> str | None:
    """Return the data set whose scaling the maps of a data set have, of the scalings of those with such maps."""
    if data_set in scalings:
        return data_set
    one = len(scalings) == 1 or all(getattr(own, "shared", False) for own in scalings.values())
    return next(iter(scalings)) if one else None
