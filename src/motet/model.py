"""A model: how recordings become maps, the network, the tasks with their labels, and what was fitted on the way.

It is one file when saved (`tensor_file`): settings as strict JSON, weights and fitted buffers as tensors, digests of
the data that it saw. Loading builds every part from its settings; no code of the file runs.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, cast

import torch
from pydantic import JsonValue
from torch import Tensor, nn

from motet import catalog, tensor_file
from motet.config import Context, Many, Settings, dump, option, required, validate
from motet.config.user_code import components_of
from motet.data.batch import Batch, Column
from motet.data.settings import SegmentSettings
from motet.errors import ConfigError, DataError
from motet.features.feature_map import TimeGrid
from motet.features.settings import ScalingSettings, StandardSettings
from motet.networks.build import AnyNetwork, build_network
from motet.networks.map_head import given_at, rows_of
from motet.networks.network import Network
from motet.networks.output import NetworkOutput, Rows
from motet.networks.own_losses import with_layer_losses
from motet.networks.parallel_settings import OpenedParallel, with_opened
from motet.networks.settings import ModelSettings
from motet.networks.shape import MapShape
from motet.networks.targets import given_input
from motet.pipeline import InputSettings, Pipeline, Precision
from motet.sources.settings import Content
from motet.tasks.fused.build import bases_of, build_fused
from motet.tasks.fused.fused import Fused
from motet.tasks.fused.settings import FuseSettings
from motet.tasks.kinds import TaskSettings
from motet.tasks.merge import MergeRule
from motet.tasks.task import MapOutput, Task
from motet.version import __version__

_FORMAT = 1
_TENSORS = "model."
_NETWORK = f"{_TENSORS}network."


class InputDocument(Settings):
    """One input of one data set: its pipeline, what scales and cuts it, and the shape that came out."""

    recording: str = option("signal", "Which recording of an example it reads.")
    content: Content = option("signals", "Whether files are signals or finished maps.")
    pipeline: InputSettings = option(InputSettings(), "From the recording to the map.")
    precision: Precision = option("float32", "How exactly maps were stored.")
    scaling: ScalingSettings = option(StandardSettings(), "What scales the map.")
    channels: int = required("Channels of the map, C.", ge=1)
    bins: int = required("Bins of a frame, F.", ge=1)
    step_s: float = required("Time from one frame to the next; 0 for a single one.", unit="s", ge=0)
    start_s: float = option(0.0, "Time of the first frame.", unit="s")
    rate_hz: float = option(0.0, "Rate of the signals that maps were made of; 0 for finished maps.", unit="Hz", ge=0)


class DataSetDocument(Settings):
    """One data set as the model saw it."""

    inputs: dict[str, InputDocument] = required("By name of the input.")
    segments: SegmentSettings | None = option(None, "How recordings are cut; whole ones without.")
    length_s: float | None = option(None, "The fitted length of a segment.", unit="s", gt=0)
    merge: MergeRule = option("mean", "How the segments of an example become one prediction.")
    tasks: Many[str] = required("Tasks that the data set has targets for.")
    digest: str = option("", "Digest of rows, targets and stored maps.")


class FusedDocument(Settings):
    """One fused task: how it is made, and what decides and scores."""

    fuse: FuseSettings = required("How it is made of other tasks.")
    task: TaskSettings = required("The task that decides and scores.")
    labels: Many[str] = required("Its labels.")


class ModelDocument(Settings):
    """All that a model is beside its tensors."""

    format: int = option(_FORMAT, "Version of this document.")
    motet: str = option(__version__, "Version of the program that wrote it.")
    data_sets: dict[str, DataSetDocument] = required("By name.")
    network: ModelSettings = required("The network.")
    parallel: dict[str, OpenedParallel] = option({}, "What its parallel networks are made of, by name.")
    tasks: dict[str, TaskSettings] = required("By name.")
    labels: dict[str, Many[str]] = required("The labels that stood in the data, by task, which it is built with.")
    fused: dict[str, FusedDocument] = option({}, "Tasks made of others, by name, each after those it is made of.")
    states: dict[str, dict[str, JsonValue]] = option({}, "What was fitted or tuned of every task.")
    notes: dict[str, JsonValue] = option({}, "Seed, fold, epoch and scores, for the reader.")


class Model(nn.Module):
    """Pipelines, scaling, network and tasks of one training.

    Parameters
    ----------
    document
        What the model is made of. Weights are drawn from PyTorch's generator: seed it before.
    """

    def __init__(self, document: ModelDocument) -> None:
        super().__init__()
        self.document = document
        self.tasks: dict[str, Task] = {
            name: catalog.build("task", settings, name, document.labels[name])
            for name, settings in document.tasks.items()
        }
        self.fused = build_all_fused(document.fused, self.tasks)
        scalings = {key: catalog.build("scaling", settings) for key, settings in _scaling_settings(document).items()}
        self.scalings = nn.ModuleDict(scalings)
        self.parallel_scalings = nn.ModuleDict(
            {
                f"{name}:{key}": catalog.build("scaling", settings)
                for name, own in document.parallel.items()
                for key, settings in own.scalings.items()
            }
        )
        outputs = {name: task.output_size for name, task in self.tasks.items()}
        shapes = input_shapes(document)
        self.network: AnyNetwork = build_network(layers_of(document), shapes, outputs)
        read = [name for name in shapes if document.network.reads(name)]
        self._given = {
            name: given_input(output, shapes, read) for name, output in outputs.items() if isinstance(output, MapOutput)
        }
        if isinstance(self.network, Network) and self.network.feeding is not None:
            self.network.feeding.views = {name: task.view for name, task in self.tasks.items()}
        self._pipelines: dict[tuple[str, str], Pipeline] = {}

    @property
    def scored(self) -> dict[str, Task]:
        """All tasks that are decided and scored, by name: those that are learned, then those that are fused."""
        return {**self.tasks, **{name: own.task for name, own in self.fused.items()}}

    def scale(self, batch: Batch, device: torch.device) -> dict[str, Column]:
        """Return the inputs of a batch on the device, each data set's rows scaled by its own scaling; padding is 0.

        A parallel network that reads the input `signal` gets it once more as `NAME.signal`, by the scaling of its run.
        """
        there = {name: column.to(device) for name, column in batch.inputs.items()}
        scaled = {name: self._scale_input(name, column, batch) for name, column in there.items()}
        for parallel, own in self.document.parallel.items():
            for name in own.inputs:
                if name in there:
                    scaled[f"{parallel}.{name}"] = self._scale_input(name, there[name], batch, parallel=parallel)
        return scaled

    def infer(self, inputs: Mapping[str, Column], rows: Rows) -> NetworkOutput:
        """Apply the network, and gather the losses that its layers have of their own."""
        return with_layer_losses(self.network, cast(NetworkOutput, self.network(inputs, rows)))

    def learn(self, inputs: Mapping[str, Column], rows: Rows, targets: Mapping[str, Column]) -> NetworkOutput:
        """Apply the network in training: heads that are fed the labels of other tasks see these."""
        if not isinstance(self.network, Network) or self.network.feeding is None:
            return self.infer(inputs, rows)
        given = {
            name: Column(seen, column.rows)
            for name, column in targets.items()
            if name in self.network.feeding.feeding
            and (seen := self.tasks[name].view_of_targets(column.values)) is not None
        }
        return with_layer_losses(self.network, cast(NetworkOutput, self.network(inputs, rows, given)))

    def targets(self, batch: Batch, device: torch.device) -> dict[str, Column]:
        """Return the targets of a batch on the device; maps are scaled as the input that they are of, [n, T, K]."""
        found = {name: column.to(device) for name, column in batch.targets.items()}
        for name, column in found.items():
            output = self.tasks[name].output_size
            if isinstance(output, MapOutput):
                found[name] = as_frames(self._scale_input(output.of, column, batch, name))
        return found

    def given(self, task: str, inputs: Mapping[str, Column], target: Column) -> Tensor | None:
        """Return what a dense task changes, at the moments of its target [n, T, K]; None where it is nothing alike."""
        name = self._given[task]
        if name is None or name not in inputs:
            return None
        column = rows_of(inputs[name], target.rows)
        alike = column.values.shape[1] * column.values.shape[3] == target.values.shape[2]
        return given_at(column, target) if alike else None

    def restore(self, task: str, predicted: Column, data_set: str) -> Tensor:
        """Return predicted maps of a dense task [n, T, K] as they are before a data set's scaling, [n, C, T, F]."""
        of = self.map_of(task)
        own = self.document.data_sets[data_set].inputs[of]
        values = predicted.values.reshape(*predicted.values.shape[:2], own.channels, own.bins).transpose(1, 2)
        restored: Tensor = self.scaling(data_set, of).restore(values)
        return restored

    def map_of(self, task: str) -> str:
        """Return the input that is the target of a dense task."""
        output = self.tasks[task].output_size
        assert isinstance(output, MapOutput), "only a dense task predicts a map"
        return output.of

    def map_from(self, task: str) -> str | None:
        """Return the input that a dense task changes into its map; None where several could be meant."""
        return self._given[task]

    def read_inputs(self, data_set: str) -> dict[str, InputDocument]:
        """Return the inputs of a data set that the network reads; the others are targets only."""
        inputs = self.document.data_sets[data_set].inputs
        return {name: own for name, own in inputs.items() if self.document.network.reads(name)}

    def pipeline(self, data_set: str, name: str) -> Pipeline:
        """Return the pipeline of an input of a data set, built once."""
        if (data_set, name) not in self._pipelines:
            self._pipelines[data_set, name] = Pipeline(self.document.data_sets[data_set].inputs[name].pipeline)
        return self._pipelines[data_set, name]

    def scaling(self, data_set: str, name: str) -> Any:
        """Return the scaling of an input of a data set; a shared one is the same object for all."""
        return self.scalings[scaling_key(data_set, name, self.document.data_sets[data_set].inputs[name])]

    def _scaling_for(self, parallel: str | None, data_set: str, name: str) -> Any:
        """Return the scaling of an input here, or for a parallel network."""
        if parallel is None:
            return self.scaling(data_set, name)
        return self.parallel_scalings[f"{parallel}:{self.document.parallel[parallel].ways[data_set][name]}"]

    def describe(self) -> ModelDocument:
        """Return the document with the state that the tasks have now."""
        states = {name: task.decision_state() for name, task in self.tasks.items()}
        states |= {name: own.state() for name, own in self.fused.items()}
        return self.document.model_copy(update={"states": states})

    def save(self, path: Path, **notes: JsonValue) -> None:
        """Write the model as one file, atomically.

        Parameters
        ----------
        notes
            What a reader may want to know: seed, fold, epoch.
        """
        write_model(path, *self.to_tensors(**notes))

    def to_tensors(self, **notes: JsonValue) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what a file of this model holds: tensors by name, and the document as JSON."""
        described = self.describe().model_copy(update={"notes": {**self.document.notes, **notes}})
        return {f"{_TENSORS}{name}": tensor for name, tensor in self.state_dict().items()}, dump(described)

    @classmethod
    def load(cls, path: Path | str, *, allow_code: bool = False, experiment: Settings | None = None) -> Self:
        """Read a model.

        Parameters
        ----------
        allow_code
            Whether classes of the user's own (`./mine.py:Name`) may be run.
        experiment
            An experiment that holds the objects in Python that the model was made with, if there were any.

        Raises
        ------
        DataError
            If the file is missing, damaged, or of another format.
        ConfigError
            If it needs user code and may not run it.
        """
        path = Path(path)
        tensors, document = tensor_file.read(path)
        return cls.from_tensors(tensors, document, path, allow_code=allow_code, experiment=experiment)

    @classmethod
    def from_tensors(
        cls,
        tensors: Mapping[str, Tensor],
        document: Mapping[str, Any],
        path: Path,
        *,
        allow_code: bool = False,
        experiment: Settings | None = None,
    ) -> Self:
        """Build a model from the content of a file; other tensors, such as a resume state, are passed over."""
        described = document.get("model", {})
        if described.get("format") != _FORMAT:
            raise DataError(
                f"{path}: holds no model of format {_FORMAT} (found: {described.get('format')}); "
                f"read it with the version of Motet that wrote it ({described.get('motet', 'unknown')})"
            )
        context = Context(allow_code, _folder_of_code(path), given=components_of(experiment))
        model = cls(validate(ModelDocument, described, context))
        model.take(tensors, document)
        return model

    def take(self, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
        """Take weights, fitted buffers and what was tuned from the content of a file of a model made like this one."""
        own = {name.removeprefix(_TENSORS): value for name, value in tensors.items() if name.startswith(_TENSORS)}
        self.load_state_dict(own)
        for name, state in document["model"]["states"].items():
            if name in self.fused:
                self.fused[name].load_state(state)
            else:
                self.tasks[name].load_decision_state(state)

    def _scale_input(
        self, name: str, column: Column, batch: Batch, task: str | None = None, parallel: str | None = None
    ) -> Column:
        spans = _spans_with(name, batch, self.document, task)
        scalings = [self._scaling_for(parallel, data_set, name) for data_set, _, _ in spans]
        if all(scaling is scalings[0] for scaling in scalings):
            return Column(scalings[0](column.values, column.lengths), column.rows, column.lengths, column.grid)
        parts, first = [], 0
        for scaling, (_, start, stop) in zip(scalings, spans, strict=True):
            rows = slice(first, first + stop - start)
            first = rows.stop
            parts.append(scaling(column.values[rows], None if column.lengths is None else column.lengths[rows]))
        return Column(torch.cat(parts), column.rows, column.lengths, column.grid)


def layers_of(document: ModelDocument) -> ModelSettings:
    """Return the settings of the network, with what its parallel networks are made of."""
    return with_opened(document.network, document.parallel)


def build_all_fused(described: Mapping[str, FusedDocument], tasks: Mapping[str, Task]) -> dict[str, Fused]:
    """Build fused tasks, each of the learned ones and of those before it."""
    known, found = dict(tasks), dict[str, Fused]()
    for name, own in described.items():
        bases = bases_of(name, own.fuse, known)
        truth = None if own.fuse.truth is None else known[own.fuse.truth]
        found[name] = build_fused(name, own.fuse, own.task, own.labels, bases, build_task, truth=truth)
        known[name] = found[name].task
    return found


def build_task(settings: Settings, name: str, labels: tuple[str, ...]) -> Task:
    """Build a task of some settings."""
    task: Task = catalog.build("task", settings, name, labels)
    return task


def _folder_of_code(path: Path) -> Path:
    """Return where `code/` lies, the folder of the user's own files: beside the model, or in the folder of its run."""
    near = path.absolute().parents[:3]
    return next((folder for folder in near if (folder / "code").is_dir()), path.parent)


def write_model(path: Path, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
    """Write what `Model.to_tensors` returned, which may have been kept in memory meanwhile."""
    tensor_file.write(path, tensors, {"model": document})


def read_network_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights of a saved model's network by name; nothing is built, and no code of the user's own runs.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    tensors, _ = tensor_file.read(path)
    return {name.removeprefix(_NETWORK): value for name, value in tensors.items() if name.startswith(_NETWORK)}


def read_notes(path: Path) -> dict[str, Any]:
    """Read the notes that a model was saved with.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    _, document = tensor_file.read(path)
    notes: dict[str, Any] = document["model"]["notes"]
    return notes


def scaling_key(data_set: str, name: str, described: InputDocument) -> str:
    """Return the name under which a scaling is kept; a shared one has the same for all data sets."""
    return f"*/{name}" if getattr(described.scaling, "shared", False) else f"{data_set}/{name}"


def _scaling_settings(document: ModelDocument) -> dict[str, ScalingSettings]:
    """Return the settings of every scaling by key; a shared one has the same settings in all data sets."""
    found: dict[str, tuple[str, ScalingSettings]] = {}
    for data_set, described in document.data_sets.items():
        for name, input_ in described.inputs.items():
            first, settings = found.setdefault(scaling_key(data_set, name, input_), (data_set, input_.scaling))
            if settings != input_.scaling:
                raise ConfigError(
                    f"data.{data_set}.scaling: is shared, but differs from the shared scaling of data.{first}; make "
                    "both equal, or set shared: false in one"
                )
    return {key: settings for key, (_, settings) in found.items()}


def input_shapes(document: ModelDocument) -> dict[str, MapShape]:
    """Return the shape of every input of the network.

    Raises
    ------
    DataError
        If two data sets give the same input in different shapes.
    """
    shapes: dict[str, tuple[str, MapShape]] = {}
    for data_set, described in document.data_sets.items():
        for name, input_ in described.inputs.items():
            grid = TimeGrid(input_.start_s, input_.step_s)
            shape = MapShape(input_.channels, _num_frames(described, input_), input_.bins, grid)
            other, before = shapes.setdefault(name, (data_set, shape))
            if (shape.channels, shape.bins) != (before.channels, before.bins):
                raise DataError(
                    f"input {name!r}: data set {other!r} has {before.channels} channels and {before.bins} bins, "
                    f"{data_set!r} has {shape.channels} and {shape.bins}, and one network reads both; "
                    "give them the same signal.channels, signal.rate_hz and features"
                )
            if shape.frames != before.frames:
                shapes[name] = (other, replace(before, frames=None))
    return {name: shape for name, (_, shape) in shapes.items()}


def _num_frames(described: DataSetDocument, input_: InputDocument) -> int | None:
    """Return the frames of a segment; 1 where every map has a single frame, None where rows differ."""
    if input_.step_s == 0:
        return 1
    return None if described.length_s is None else max(1, round(described.length_s / input_.step_s))


def as_frames(column: Column) -> Column:
    """Return a map [n, C, T, F] frame by frame, [n, T, K]."""
    return Column(column.values.transpose(1, 2).flatten(2), column.rows, column.lengths, column.grid)


def _spans_with(
    name: str, batch: Batch, document: ModelDocument, task: str | None = None
) -> list[tuple[str, int, int]]:
    """Return the spans of the data sets that have an input, and where one is named, a task."""
    own = {data_set: described for data_set, described in document.data_sets.items() if name in described.inputs}
    return [span for span in batch.spans if span[0] in own and (task is None or task in own[span[0]].tasks)]
