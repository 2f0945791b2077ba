"""The settings of an experiment: the parts of all rooms put together and checked against each other."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.experiment.settings.data_set import OVERRIDABLE, CompleteDataSet, DataSetSettings
    from motet.experiment.settings.experiment import Experiment
    from motet.experiment.settings.sweep import VARIATION, Sweep

__all__ = ["OVERRIDABLE", "VARIATION", "CompleteDataSet", "DataSetSettings", "Experiment", "Sweep"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "OVERRIDABLE": "data_set",
        "VARIATION": "sweep",
        "CompleteDataSet": "data_set",
        "DataSetSettings": "data_set",
        "Experiment": "experiment",
        "Sweep": "sweep",
    },
)
