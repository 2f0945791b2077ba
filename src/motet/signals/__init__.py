"""Recordings, and how they become signals: readers, preparation, random changes of the waveform.

Axes of a signal: C channel, T time in samples; values are float32.
"""

from motet.lazy import exports

__all__ = [
    "ArraySignal",
    "AudioFile",
    "AugmentationChain",
    "NumpyFile",
    "PreparationChain",
    "Reader",
    "ReaderSettings",
    "Recording",
    "Signal",
    "SignalSettings",
    "Step",
    "TextFile",
    "TextRows",
    "reader_for",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "ArraySignal": "readers.arrays",
        "AudioFile": "readers.audio",
        "AugmentationChain": "augment",
        "NumpyFile": "readers.arrays",
        "PreparationChain": "prepare.chain",
        "Reader": "recording",
        "ReaderSettings": "settings",
        "Recording": "recording",
        "Signal": "signal",
        "SignalSettings": "settings",
        "Step": "prepare.step",
        "TextFile": "readers.text",
        "TextRows": "readers.text",
        "reader_for": "readers.by_suffix",
    },
)
