"""Greedy layer-wise pre-training: layer after layer learns to restore what enters it, then all layers learn the tasks.

Bengio, Lamblin, Popovici and Larochelle, "Greedy layer-wise training of deep networks", NIPS 2006, section 4, where a
layer and a temporary decoder are an autoencoder of what the layers before, which stay as they are, make of the input;
with `noise`, a denoising one (Vincent et al., "Stacked denoising autoencoders", JMLR 2010, section 3.3: masking noise).
A layer is what the file calls one. Axes: n rows, C channels, T frames, F bins, K = C*F values of a frame.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from motet.data.batch import Batch, Column
from motet.errors import ConfigError
from motet.model import as_frames, input_shapes
from motet.networks.branches import Branched
from motet.networks.build import AnyNetwork
from motet.networks.cnn import Cnn
from motet.networks.layer import Layer
from motet.networks.mlp import Mlp
from motet.networks.names import named
from motet.networks.network import Network, at_least, layers_of
from motet.networks.pool import Pool
from motet.networks.rnn import Rnn
from motet.networks.shape import MapShape
from motet.networks.sharing import shape_at
from motet.networks.spectrum import Spectrum
from motet.tasks.map_losses import squared_error
from motet.training.devices import autocast
from motet.training.loop import Training, descend, note_losses, parts_of
from motet.training.mixing import Prepared
from motet.training.optimizers import AnyOptimizerSettings, build_optimizer
from motet.training.procedure_settings import LayerWiseSettings

Stage = tuple[str, ...]
"""The places of layers that learn side by side: one of each input's encoder, or one of the trunk."""


class LayerWise(nn.Module):
    """Pre-training of every layer in turn, `epochs` each, before the joint updates begin.

    Its state are the decoders, which are no part of the model, and their optimizer, which also has the layers' moments.

    Parameters
    ----------
    settings
        Epochs of a layer, share of noise, optimizer.
    optimizer
        The settings of the training's optimizer.

    Attributes
    ----------
    epochs_before
        The epochs of all layers together.
    """

    optimizer: torch.optim.Optimizer

    def __init__(self, settings: LayerWiseSettings, optimizer: AnyOptimizerSettings) -> None:
        super().__init__()
        self.settings, self.optimizer_settings = settings, settings.optimizer or optimizer
        self.stages: tuple[Stage, ...] = ()
        self.epochs_before = 0

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """What trains layers and decoders."""
        return {"layers": self.optimizer}

    def begin(self, training: Training) -> None:
        """Build the decoders of a training's layers.

        Raises
        ------
        ConfigError
            If some layer cannot be pre-trained.
        """
        network, shapes = training.model.network, input_shapes(training.model.document)
        self.stages = stages_of(network)
        self.epochs_before = self.settings.epochs * len(self.stages)
        places = [place for stage in self.stages for place in stage]
        decoders = decoders_of(network, places, shapes)
        self.decoders = named({place.replace(".", "/"): decoder for place, decoder in decoders.items()})
        self.to(training.device)
        layers = [weight for place in places for weight in weights_at(network, place)]
        self.optimizer = build_optimizer(self.optimizer_settings, [*layers, *self.parameters()])

    def forward(self, training: Training, batch: Batch) -> None:
        """Make one update: of the layers whose turn it is, or of all."""
        number = training.position.epoch // self.settings.epochs
        if number < len(self.stages):
            self._pretrain(training, batch, self.stages[number])
        else:
            descend(training, batch)

    def _pretrain(self, training: Training, batch: Batch, stage: Stage) -> None:
        network = _shared(training.model.network)
        training.model.network.eval()
        for place in stage:
            _module_at(network, place).train()
        self.optimizer.zero_grad(set_to_none=True)
        for part in parts_of(training, batch):
            with autocast(training.device, training.settings.precision):
                entering = _entering(network, stage, part)
                losses = {place: self._lost(network, place, column) for place, column in entering.items()}
            note_losses(training, losses)
            means = [loss.sum() / _count(batch, place) for place, loss in losses.items()]
            if means:
                torch.stack(means).sum().backward()  # type: ignore[no-untyped-call]
        if training.settings.clip_norm is not None:
            learning = [weight for group in self.optimizer.param_groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(learning, training.settings.clip_norm)
        self.optimizer.step()
        training.model.network.train()

    def _lost(self, network: Network, place: str, entering: Column) -> Tensor:
        """Return the squared error of every row [n] with which a layer's output restores what entered it."""
        values = entering.values
        if self.settings.noise:
            values = values * (torch.rand_like(values) >= self.settings.noise)
        code = _layer_at(network, place)(Column(values, entering.rows, entering.lengths, entering.grid))
        decoder = self.decoders.of(place.replace(".", "/"))
        restored, target = decoder(code.values).float(), as_frames(entering).values.float()
        frames, lengths = min(restored.shape[1], target.shape[1]), entering.lengths
        if lengths is not None and code.lengths is not None:
            lengths = torch.minimum(lengths, decoder.ratio * code.lengths)
        return squared_error(restored[:, :frames], target[:, :frames], lengths)


class Decoder(nn.Module):
    """A linear layer from every frame of a code to the frames that it stands for: [n, C', T', F'] to [n, T, K].

    Parameters
    ----------
    before, after
        The maps that enter and leave the layer.
    ratio
        How many frames of the one a frame of the other stands for.
    """

    def __init__(self, before: MapShape, after: MapShape, ratio: int) -> None:
        super().__init__()
        self.before, self.after, self.ratio = before, after, ratio
        self.frames = nn.Linear(after.values_per_frame, ratio * before.values_per_frame)

    def forward(self, code: Tensor) -> Tensor:
        """Return the restored frames."""
        made: Tensor = self.frames(code.transpose(1, 2).flatten(2))
        return made.reshape(len(made), made.shape[1] * self.ratio, -1)


def stages_of(network: AnyNetwork) -> tuple[Stage, ...]:
    """Return the layers that are pre-trained one after the other; a spectrum and pooling are passed over.

    Raises
    ------
    ConfigError
        If the network has other than built layers that tasks share, or nothing to pre-train.
    """
    shared = _shared(network)
    encoders = shared.encoders.named()
    deepest = max((len(layers) for layers in encoders.values()), default=0)
    found = [
        tuple(f"encoder.{name}.{number}" for name, layers in encoders.items() if number < len(layers))
        for number in range(deepest)
    ]
    found += [(f"trunk.{number}",) for number in range(len(shared.trunk))]
    stages = [tuple(place for place in stage if _learns(shared, place)) for stage in found]
    if not any(stages):
        raise ConfigError("training.procedure: there is no layer to pre-train; give model.encoder one, or use joint")
    return tuple(stage for stage in stages if stage)


def decoders_of(network: AnyNetwork, places: Sequence[str], inputs: Mapping[str, MapShape]) -> dict[str, Decoder]:
    """Return a new decoder for the layer at each place."""
    return {place: _decoder(_shared(network), place, inputs) for place in places}


def weights_at(network: AnyNetwork, place: str) -> list[Parameter]:
    """Return the weights of the layer at a place."""
    return list(_module_at(_shared(network), place).parameters())


def _shared(network: AnyNetwork) -> Network:
    """Return the network of the layers that all tasks share."""
    if isinstance(network, Branched):
        network = network.network
    if isinstance(network, Network):
        return network
    raise ConfigError(
        "training.procedure: layer_wise pre-trains built layers that all tasks share; use sharing: hard, mmoe or ple, "
        "and no network of your own"
    )


def _learns(network: Network, place: str) -> bool:
    """Tell whether a layer is pre-trained: mlp, cnn and rnn are, a spectrum and pooling are passed over."""
    layer = _layer_at(network, place)
    if isinstance(layer, Pool | Spectrum):
        return False
    if isinstance(layer, Mlp | Cnn | Rnn):
        return True
    raise ConfigError(
        f"training.procedure: layer_wise pre-trains mlp, cnn and rnn, but model.{place} is {type(layer).__name__}, of "
        "which nobody knows how to restore its input; take it out, or use another procedure"
    )


def _decoder(network: Network, place: str, inputs: Mapping[str, MapShape]) -> Decoder:
    kind, *name, number = place.split(".")
    before = _shape_before(network, kind, name, int(number), inputs)
    layer = _layer_at(network, place)
    ratio = 1
    if isinstance(layer, Cnn):
        ratio = layer.stride
    elif isinstance(layer, Mlp) and layer.per_clip:
        ratio = before.frames or 1
    return Decoder(before, layer.shape, ratio)


def _shape_before(
    network: Network, kind: str, name: list[str], number: int, inputs: Mapping[str, MapShape]
) -> MapShape:
    if number > 0:
        return shape_at(network, ".".join([kind, *name, str(number - 1)]), inputs)
    if kind == "encoder":
        return inputs[name[0]]
    if network.fusion is not None:
        return network.fusion.shape
    only, layers = next(iter(network.encoders.named().items()))
    return layers_of(layers)[-1].shape if len(layers) else inputs[only]


@torch.no_grad()
def _entering(network: Network, stage: Stage, part: Prepared) -> dict[str, Column]:
    """Return what enters each layer of a stage, of those rows that have it."""
    found: dict[str, Column] = {}
    encoded: dict[str, Column] = {}
    for name, given in part.inputs.items():
        if not len(given.values) or name not in network.min_frames:
            continue
        column = at_least(given, network.min_frames[name])
        for number, layer in enumerate(layers_of(network.encoders.of(name))):
            if f"encoder.{name}.{number}" in stage:
                found[f"encoder.{name}.{number}"] = column
                break
            column = layer(column)
        encoded[name] = column
    if not stage[0].startswith("trunk."):
        return found
    column = network.joined(encoded)
    for layer in layers_of(network.trunk)[: int(stage[0].removeprefix("trunk."))]:
        column = layer(column)
    return {stage[0]: column}


def _count(batch: Batch, place: str) -> int:
    """Return the rows of the whole batch that go through a layer."""
    return batch.size if place.startswith("trunk.") else len(batch.inputs[place.split(".")[1]].values)


def _layer_at(network: Network, place: str) -> Layer:
    kind, *name, number = place.split(".")
    layers = network.encoders.of(name[0]) if kind == "encoder" else network.trunk
    return layers_of(layers)[int(number)]


def _module_at(network: Network, place: str) -> nn.Module:
    layer = _layer_at(network, place)
    assert isinstance(layer, nn.Module)
    return layer
