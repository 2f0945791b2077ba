"""Recordings that are computed, with known truth: scenes, events, speakers and sensor traces.

A synthetic recording depends on its fields alone, most of all on `seed` and `index`, so it is the same whenever
and wherever it is read; another seed gives other recordings of the same classes. The classes go round with the
index (`index % classes`), the groups (places, speakers, subjects) behind them (`index // classes % groups`), so
any run of `classes * groups` indices is balanced in both. `truth()` costs no synthesis.
"""

from motet.lazy import exports

__all__ = ["SyntheticEvents", "SyntheticScene", "SyntheticSensors", "SyntheticSpeaker"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "SyntheticEvents": "events",
        "SyntheticScene": "scenes",
        "SyntheticSensors": "sensors",
        "SyntheticSpeaker": "speakers",
    },
)
