"""Motet: one network on many data sets and many tasks, from raw recordings to an evaluated, deployable model.

    import motet

    experiment = motet.Experiment(name="digits", data={...}, features={"kind": "logmel"})
    run = motet.train(experiment, "runs/digits")
    print(run.result["tasks"]["digit"]["uar"])

Names load their module on first use; importing the package itself loads neither PyTorch nor SciPy.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports
from motet.version import __version__

if TYPE_CHECKING:
    from motet.data.dataset import DataSet
    from motet.errors import ConfigError, DataError, MachineError, MotetError
    from motet.experiment.compare import compare
    from motet.experiment.evaluate import evaluate
    from motet.experiment.inspect import inspect
    from motet.experiment.listing import data_sets
    from motet.experiment.load import load_experiment
    from motet.experiment.predict import predict
    from motet.experiment.run import Run, extract, train
    from motet.experiment.settings import Experiment
    from motet.experiment.sweep import SweepResult, load_sweep, sweep
    from motet.experiment.transfer import TransferReport, transfer
    from motet.features.feature_map import FeatureMap, TimeGrid
    from motet.model import Model
    from motet.signals.recording import Recording
    from motet.signals.signal import Signal
    from motet.sources.example import Example

__all__ = [
    "ConfigError",
    "DataError",
    "DataSet",
    "Example",
    "Experiment",
    "FeatureMap",
    "MachineError",
    "Model",
    "MotetError",
    "Recording",
    "Run",
    "Signal",
    "SweepResult",
    "TimeGrid",
    "TransferReport",
    "__version__",
    "compare",
    "data_sets",
    "evaluate",
    "extract",
    "inspect",
    "load_experiment",
    "load_sweep",
    "predict",
    "sweep",
    "train",
    "transfer",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "ConfigError": "errors",
        "DataError": "errors",
        "DataSet": "data.dataset",
        "Example": "sources.example",
        "Experiment": "experiment.settings",
        "FeatureMap": "features.feature_map",
        "MachineError": "errors",
        "Model": "model",
        "MotetError": "errors",
        "Recording": "signals.recording",
        "Run": "experiment.run",
        "Signal": "signals.signal",
        "SweepResult": "experiment.sweep",
        "TimeGrid": "features.feature_map",
        "TransferReport": "experiment.transfer",
        "compare": "experiment.compare",
        "data_sets": "experiment.listing",
        "evaluate": "experiment.evaluate",
        "extract": "experiment.run",
        "inspect": "experiment.inspect",
        "load_experiment": "experiment.load",
        "load_sweep": "experiment.sweep",
        "predict": "experiment.predict",
        "sweep": "experiment.sweep",
        "train": "experiment.run",
        "transfer": "experiment.transfer",
    },
)
