"""Readers: one small frozen dataclass for each kind of place that a recording can lie in.

Every reader has `read(start_s, end_s)`, `digest(cache)` and `describe()` (see `motet.signals.recording.Reader`).
`reader_for` chooses one by the suffix of a file. Axes of what they return: C channel, T time in samples.
"""

from motet.lazy import exports

__all__ = [
    "SOUND_SUFFIXES",
    "ArraySignal",
    "AudioFile",
    "NumpyFile",
    "TextFile",
    "TextRows",
    "reader_for",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "SOUND_SUFFIXES": "by_suffix",
        "ArraySignal": "arrays",
        "AudioFile": "audio",
        "NumpyFile": "arrays",
        "TextFile": "text",
        "TextRows": "text",
        "reader_for": "by_suffix",
    },
)
