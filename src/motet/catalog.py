"""The only place where a name of a settings file becomes a class: (slot, kind) -> class.

It stands below `pipeline` and `model`, because a saved model builds its own parts when it is loaded. Classes are
named as text and imported when they are built, so looking at the catalog costs nothing. Parts that a room builds
for itself (signal steps, layers, losses, metrics, samplers) are told apart there by the class of their settings.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from motet.config import Settings, UserComponent

CATALOG: Mapping[str, Mapping[str, str]] = {
    "source": {
        "esc": "motet.sources.corpora.esc:Esc",
        "ravdess": "motet.sources.corpora.ravdess:Ravdess",
        "mdb_drums": "motet.sources.corpora.mdb_drums:MdbDrums",
        "speech_commands": "motet.sources.corpora.speech_commands:SpeechCommands",
        "urbansound8k": "motet.sources.corpora.urbansound:UrbanSound",
        "gtzan": "motet.sources.corpora.gtzan:Gtzan",
        "dcase_scenes": "motet.sources.corpora.dcase_scenes:DcaseScenes",
        "dcase_events": "motet.sources.corpora.dcase_events:DcaseEvents",
        "asvspoof2015": "motet.sources.corpora.asvspoof:AsvSpoof",
        "fsdkaggle2018": "motet.sources.corpora.fsdkaggle:FsdKaggle",
        "audioset": "motet.sources.corpora.audioset:AudioSet",
        "ambient_contexts": "motet.sources.corpora.ambient_contexts:AmbientContexts",
        "desed": "motet.sources.corpora.desed:Desed",
        "compare": "motet.sources.corpora.compare:Compare",
        "filenames": "motet.sources.filenames:Filenames",
        "table": "motet.sources.table:Table",
        "folders": "motet.sources.folders:Folders",
        "arrays": "motet.sources.arrays:Arrays",
        "edf": "motet.sources.edf:Edf",
        "huggingface": "motet.sources.hugging_face:HuggingFace",
        "generated": "motet.sources.generated:Generated",
    },
    "feature": {
        "waveform": "motet.features.waveform:Waveform",
        "spectrogram": "motet.features.spectral:Spectrogram",
        "logmel": "motet.features.spectral:LogMel",
        "mfcc": "motet.features.cepstral:Mfcc",
        "scalogram": "motet.features.wavelet:Scalogram",
        "logbank_summary": "motet.features.summary:LogbankSummary",
    },
    "scaling": {
        "standard": "motet.features.scaling:Standard",
        "min_max": "motet.features.scaling:MinMax",
        "robust": "motet.features.scaling:Robust",
        "none": "motet.features.scaling:NoScaling",
    },
    "map augmentation": {
        "time_shift": "motet.features.augment:TimeShift",
        "time_mask": "motet.features.augment:TimeMask",
        "frequency_mask": "motet.features.augment:FrequencyMask",
        "frequency_shift": "motet.features.augment:FrequencyShift",
        "gain": "motet.features.augment:MapGain",
        "noise": "motet.features.augment:MapNoise",
    },
    "task": {
        "binary": "motet.tasks.classification:Binary",
        "multiclass": "motet.tasks.classification:Multiclass",
        "multilabel": "motet.tasks.classification:Multilabel",
        "regression": "motet.tasks.regression:Regression",
        "sequence": "motet.tasks.sequence:Sequence",
        "events": "motet.tasks.events.task:Events",
        "activity": "motet.tasks.events.task:Activity",
        "onsets": "motet.tasks.events.task:Onsets",
        "dense": "motet.tasks.dense:Dense",
        "time_regression": "motet.tasks.traces.task:TimeRegression",
    },
}

OWN: Mapping[str, str] = {
    "source": "motet.sources.iterables:user_source",
    "feature": "motet.features.user_feature:UserFeature",
    "scaling": "motet.features.user_scaling:UserScaling",
    "map augmentation": "motet.features.augment:UserMapAugmentation",
    "task": "motet.tasks.task:user_task",
}
"""What builds a component of the user's own in each slot: it looks at what the user's class does."""


def component_class(slot: str, settings: Settings) -> Any:
    """Return the class that these settings of a slot stand for; for user code, the user's class or object."""
    if isinstance(settings, UserComponent):
        return settings.target
    return _named(CATALOG[slot][settings.kind])  # type: ignore[attr-defined]


def build(slot: str, settings: Settings, *args: Any) -> Any:
    """Return a component of a slot, built from its settings and from what the slot gives besides.

    A class of the catalog is called as `Class(settings, *args)`, a user's as `Class(*args, **options)`.
    """
    made = _named(OWN[slot]) if isinstance(settings, UserComponent) else component_class(slot, settings)
    return made(settings, *args)


def _named(name: str) -> Any:
    module, attribute = name.split(":")
    return getattr(importlib.import_module(module), attribute)
