"""A loss that a second network learns: it tells true maps from predicted ones, given the input; the first misleads it.

Goodfellow et al., "Generative adversarial nets", NIPS 2014; given the input as in Isola et al., "Image-to-image
translation with conditional adversarial networks", CVPR 2017, equations 1 and 4. Either network has an optimizer of its
own, and both step from the same weights, so that micro-batches change nothing and a batch is predicted once. Axes: n
rows, C channels, T frames, F bins, K = C*F values of a frame.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motet.data.batch import Batch, Column, entries
from motet.errors import ConfigError
from motet.model import input_shapes
from motet.networks.build import Shapes, build_layers
from motet.networks.layer import Layer
from motet.networks.network import at_least, layers_of
from motet.networks.shape import MapShape
from motet.networks.targets import given_input
from motet.tasks.dense import Dense
from motet.tasks.map_losses import as_long_as
from motet.tasks.task import MapOutput
from motet.training.loop import Training, descend, note_losses
from motet.training.mixing import Prepared
from motet.training.optimizers import build_optimizer
from motet.training.procedure_settings import GanSettings

_OF_WAVEFORMS = (
    "training.procedure.discriminator: a waveform has a single bin; let the layers begin with its spectrum, as in "
    "[{kind: spectrum, window: 512, hop: 128}, {kind: cnn, channels: [16, 32], normalisation: none, activation: "
    "leaky_relu}], or give the cnn dims: 1"
)


class Gan(nn.Module):
    """The task's own loss, and `weight` times that of not being taken for true.

    Its state are the second network and its optimizer. Its rate follows `training.schedule`. Both losses are told: as
    TASK.adversarial that of the first network, as TASK.discriminator that of the second.

    Parameters
    ----------
    settings
        Task, weight, layers of the second network, its loss and optimizer.
    """

    optimizer: torch.optim.Optimizer
    discriminator: "Discriminator"

    def __init__(self, settings: GanSettings) -> None:
        super().__init__()
        self.settings = settings
        self._rate = 0.0

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """What trains the second network."""
        return {"discriminator": self.optimizer}

    def begin(self, training: Training) -> None:
        """Build the second network.

        Raises
        ------
        ConfigError
            If the task predicts no map, or the layers cannot take it.
        """
        model = training.model
        outputs = {name: task.output_size for name, task in model.tasks.items()}
        shapes = input_shapes(model.document)
        self.discriminator = build_discriminator(self.settings, shapes, outputs, read=model.network.min_frames)
        self.to(training.device)
        self.optimizer = build_optimizer(self.settings.optimizer, self.parameters())
        self._rate = self.optimizer.param_groups[0]["lr"]

    def forward(self, training: Training, batch: Batch) -> None:
        """Make an update of either network; a batch without the task is a plain step."""
        task = self.settings.task
        if task not in batch.targets:
            descend(training, batch)
            return
        count = len(batch.targets[task].values)
        self.optimizer.zero_grad(set_to_none=True)
        factors = {**dict.fromkeys(batch.counts, 1.0), self.settings.adversarial: self.settings.weight}

        def judge(part: Prepared, predictions: Mapping[str, Column]) -> dict[str, Tensor]:
            return self._judge(training, part, predictions, count)

        descend(training, batch, factors=factors, beside=judge, counts={self.settings.adversarial: count})
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate * training.schedule.factor(training.schedule_step)
        self.optimizer.step()

    def _judge(
        self, training: Training, part: Prepared, predictions: Mapping[str, Column], count: int
    ) -> dict[str, Tensor]:
        """Take the gradient of the second network, and return the loss of the first for every row with a map [n]."""
        task = self.settings.task
        if task not in part.targets:
            return {}
        true = part.targets[task]
        given = training.model.given(task, part.inputs, true) if self.discriminator.sees_input else None
        pair = _aligned(training.model.tasks[task], entries(predictions[task], true.rows), true, given)
        lost = self._lost(pair, pair.true, wanted=True) + self._lost(pair, pair.made.detach(), wanted=False)
        (lost.sum() / count).backward()  # type: ignore[no-untyped-call]
        note_losses(training, {self.settings.judged: lost})
        self.discriminator.requires_grad_(requires_grad=False)
        adversarial = self._lost(pair, pair.made, wanted=True)
        self.discriminator.requires_grad_(requires_grad=True)
        return {self.settings.adversarial: adversarial}

    def _lost(self, pair: "_Pair", maps: Tensor, *, wanted: bool) -> Tensor:
        """Return how far maps [n, T, K] are judged from true, or where that is not wanted from false; [n].

        Least squares: Mao et al., "Least squares generative adversarial networks", ICCV 2017, equation 9.
        """
        judged = self.discriminator(maps, pair.given, pair.lengths)
        values = judged.values[:, :, 0]
        losses: Tensor
        if self.settings.loss == "bce":
            losses = F.softplus(-values if wanted else values)
        else:
            losses = 0.5 * torch.square(values - float(wanted))
        if judged.lengths is None:
            return losses.mean(1)
        valid = torch.arange(losses.shape[1], device=losses.device) < judged.lengths[:, None]
        mean: Tensor = (losses * valid).sum(1) / judged.lengths
        return mean


class Discriminator(nn.Module):
    """Layers that see a map, and beside it as channels what the map was made from; a linear layer judges every frame.

    Parameters
    ----------
    settings
        The layers.
    shape
        The map.
    sees_input
        Whether what it was made from is seen, which has as many values a frame.

    Raises
    ------
    ConfigError
        If a layer cannot take what reaches it.
    """

    def __init__(self, settings: GanSettings, shape: MapShape, *, sees_input: bool = True) -> None:
        super().__init__()
        self.shape, self.sees_input = shape, sees_input
        self.seen = MapShape((2 if sees_input else 1) * shape.channels, shape.frames, shape.bins, shape.grid)
        layers = _layers(settings, self.seen)
        self.layers = nn.ModuleList(layers)  # type: ignore[arg-type]
        self.judge = nn.Linear(layers[-1].shape.values_per_frame, 1)
        self.min_frames = 1
        for layer in reversed(layers):
            self.min_frames = layer.frames_needed(self.min_frames) if hasattr(layer, "frames_needed") else 1

    def forward(self, maps: Tensor, given: Tensor | None, lengths: Tensor | None) -> Column:
        """Return the judgement of every frame [n, T', 1] of maps [n, T, K], beside what was given [n, T, K]."""
        shown = [maps] if given is None else [given, maps]
        cells = [one.reshape(*one.shape[:2], self.shape.channels, self.shape.bins).transpose(1, 2) for one in shown]
        column = at_least(Column(torch.cat(cells, dim=1), None, lengths), self.min_frames)
        for layer in layers_of(self.layers):
            column = layer(column)
        return Column(self.judge(column.values.transpose(1, 2).flatten(2)), None, column.lengths)


def _layers(settings: GanSettings, seen: MapShape) -> list[Layer]:
    try:
        return build_layers(settings.discriminator, seen, "training.procedure.discriminator")
    except ConfigError as error:
        raise ConfigError(*error.problems, *([_OF_WAVEFORMS] if seen.bins == 1 else [])) from error


def build_discriminator(
    settings: GanSettings, inputs: Shapes, outputs: Mapping[str, int], *, read: Collection[str]
) -> Discriminator:
    """Return the second network for the maps of a task; it sees what a map is made from where that is alike.

    Parameters
    ----------
    inputs
        The shapes of all inputs, also of those that are targets only.
    read
        The names of the inputs that the first network reads.

    Raises
    ------
    ConfigError
        If there is no such task, it predicts no map, or the layers cannot take it.
    """
    path = "training.procedure.task"
    if settings.task not in outputs:
        raise ConfigError(f"{path}: there is no task {settings.task!r}; tasks are {', '.join(outputs)}")
    output = outputs[settings.task]
    if not isinstance(output, MapOutput):
        dense = [name for name, other in outputs.items() if isinstance(other, MapOutput)]
        raise ConfigError(
            f"{path}: {settings.task!r} predicts no map, and maps are what is judged; name a dense task"
            + (f": {', '.join(dense)}" if dense else "")
        )
    given, shape = given_input(output, inputs, read), inputs[output.of]
    alike = given is not None and inputs[given].values_per_frame == shape.values_per_frame
    return Discriminator(settings, shape, sees_input=alike)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The true and the predicted map of some rows, frame beside frame, and what they were made from; [n, T, K]."""

    true: Tensor
    made: Tensor
    given: Tensor | None
    lengths: Tensor | None


def _aligned(task: object, made: Column, true: Column, given: Tensor | None) -> _Pair:
    assert isinstance(task, Dense)
    shift, found = task.settings.shift, as_long_as(made, true)
    if not shift:
        return _Pair(true.values, found, given, true.lengths)
    lengths = None if true.lengths is None else (true.lengths - shift).clamp(min=1)
    seen = None if given is None else given[:, :-shift]
    return _Pair(true.values[:, shift:], found[:, :-shift], seen, lengths)
