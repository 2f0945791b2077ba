"""Preparation: what is done to every decoded signal before its features, on the CPU and once per recording.

A step is a frozen dataclass that is called with a `Signal` and returns a `Signal` (float32, shape [C, T]); it
computes in float64 where that matters. It raises a `DataError` that gives the value found, the rule and the
remedy; whoever calls it adds which recording. `PreparationChain` puts the steps of an experiment in order.
"""

from motet.lazy import exports

__all__ = [
    "BandPass",
    "Channels",
    "Cut",
    "HighPass",
    "LowPass",
    "Normalise",
    "PreEmphasis",
    "PreparationChain",
    "Resample",
    "Step",
    "TrimSilence",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "BandPass": "filters",
        "Channels": "channels",
        "Cut": "cut",
        "HighPass": "filters",
        "LowPass": "filters",
        "Normalise": "level",
        "PreEmphasis": "pre_emphasis",
        "PreparationChain": "chain",
        "Resample": "resample",
        "Step": "step",
        "TrimSilence": "trim",
    },
)
