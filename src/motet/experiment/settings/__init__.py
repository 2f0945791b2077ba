"""The settings of an experiment: the parts of all rooms put together and checked against each other."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.experiment.settings.data_set import OVERRIDABLE, CompleteDataSet, DataSetSettings
    from motet.experiment.settings.experiment import Experiment

__all__ = ["OVERRIDABLE", "CompleteDataSet", "DataSetSettings", "Experiment"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "OVERRIDABLE": "data_set",
        "CompleteDataSet": "data_set",
        "DataSetSettings": "data_set",
        "Experiment": "experiment",
    },
)
