"""Motet: one network on many data sets and many tasks, from raw recordings to an evaluated, deployable model.

    import motet

    experiment = motet.Experiment(name="digits", data={...}, features={"kind": "logmel"})
    run = motet.train(experiment, "runs/digits")
    print(run.result["tasks"]["digit"]["uar"])

Names load their module on first use; importing the package itself loads neither PyTorch nor SciPy.
"""

from motet.lazy import exports

__version__ = "0.1.0"

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
    "TimeGrid",
    "data_sets",
    "evaluate",
    "extract",
    "load_experiment",
    "predict",
    "train",
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
        "TimeGrid": "features.feature_map",
        "data_sets": "experiment.listing",
        "evaluate": "experiment.evaluate",
        "extract": "experiment.run",
        "load_experiment": "experiment.load",
        "predict": "experiment.predict",
        "train": "experiment.run",
    },
)
