"""The inputs of a data set: which recording each is made of, and by what pipeline; what nobody reads is left out."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from motet.config import Settings
from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.experiment.settings import CompleteDataSet
from motet.networks.settings import ModelSettings
from motet.pipeline import InputSettings
from motet.sources.recordings import with_rate
from motet.sources.settings import GeneratedSettings
from motet.tasks.map_settings import DenseSettings

logger = logging.getLogger("motet")

Inputs = dict[str, tuple[str, InputSettings]]
"""By the name of the input: the recording that it reads, and its pipeline."""


def inputs_of(
    name: str,
    settings: CompleteDataSet,
    recordings: Sequence[str],
    tasks: Mapping[str, Settings],
    model: ModelSettings,
) -> Inputs:
    """Return those inputs that the network reads, and those that a task of the data set has as its target.

    Parameters
    ----------
    name
        That of the data set.
    recordings
        The names of what each of its examples holds.
    tasks
        Those of the data set.

    Raises
    ------
    ConfigError
        If features and recordings do not go together, a task's target is no input, or the network reads none.
    """
    inputs = _all(name, settings, recordings)
    targets = {own.of: task for task, own in tasks.items() if isinstance(own, DenseSettings)}
    absent = [
        f"data.{name}: task {task!r}: its target is the input {of!r}, which the data set has not"
        f"{did_you_mean(of, inputs)}; name one of {', '.join(inputs)} in `of`"
        for of, task in targets.items()
        if of not in inputs
    ]
    if absent:
        raise ConfigError(*absent)
    used = {
        own: found if model.reads(own) else (found[0], _plain(found[1]))
        for own, found in inputs.items()
        if model.reads(own) or own in targets
    }
    if not any(model.reads(own) for own in used):
        raise ConfigError(
            f"data.{name}: the network reads none of its inputs {', '.join(inputs)}; name one of them in "
            f"model.encoder, which names {', '.join(model.named_encoders or ())}"
        )
    if left := [own for own in inputs if own not in used]:
        logger.info(
            "data %s: nothing reads %s, and no task has it as its target; it is left out", name, ", ".join(left)
        )
    return used


def _all(name: str, settings: CompleteDataSet, recordings: Sequence[str]) -> Inputs:
    """Return every input that the settings make of these recordings."""
    features: Any = settings.features
    if not isinstance(features, dict):
        return {recording: (recording, _pipeline(settings, features, recording)) for recording in recordings}
    if len(recordings) == 1:
        return {feature: (recordings[0], _pipeline(settings, features[feature], feature)) for feature in features}
    if set(features) != set(recordings):
        raise ConfigError(
            f"data.{name}.features: named {', '.join(features)}, but the examples have the recordings "
            f"{', '.join(recordings)}; give each recording a feature of its name, or one feature to all"
        )
    return {feature: (feature, _pipeline(settings, features[feature], feature)) for feature in features}


def _plain(pipeline: InputSettings) -> InputSettings:
    """Return the pipeline of a target: nothing random is done to it."""
    signal = pipeline.signal.model_copy(update={"mix": (), "augment": ()})
    return InputSettings.model_construct(signal=signal, feature=pipeline.feature)


def _pipeline(settings: CompleteDataSet, feature: Any, name: str) -> InputSettings:
    """Return the pipeline of an input; files without a rate have the source's own, also when new ones are predicted."""
    rate_hz = None if isinstance(settings.source, GeneratedSettings) else getattr(settings.source, "rate_hz", None)
    reader = with_rate(settings.signal.reader, rate_hz if isinstance(rate_hz, float) else None)
    signal = settings.signal.of_input(name).model_copy(update={"reader": reader})
    return InputSettings.model_construct(signal=signal, feature=feature)
