"""What a procedure trains beside the network, and how long before: told, or refused, before any recording is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from motet.config import UserComponent
from motet.networks.build import AnyNetwork, Shapes
from motet.networks.plan import LayerPlan, count_parameters, layer_lines
from motet.networks.shape import MapShape
from motet.training.optimizers import AnyOptimizerSettings
from motet.training.procedure_settings import GanSettings, LayerWiseSettings
from motet.training.procedures.build import AnyProcedureSettings
from motet.training.procedures.gan import Discriminator, build_discriminator
from motet.training.procedures.layer_wise import decoders_of, stages_of, weights_at


@dataclass(frozen=True, slots=True, eq=False)
class ProcedurePlan:
    """What a procedure has of its own.

    Parameters
    ----------
    kind
        Its kind.
    layers
        What it trains that is no part of the model; None where only code of the user's own knows.
    epochs_before
        Epochs that come before `training.epochs`; None where only code of the user's own knows.
    optimizer
        The settings of an optimizer of its own.
    shared_parameters
        The number of the network's values that this optimizer moves, too.
    """

    kind: str
    layers: Sequence[LayerPlan] | None = ()
    epochs_before: int | None = 0
    optimizer: AnyOptimizerSettings | None = None
    shared_parameters: int = 0

    @property
    def num_parameters(self) -> int | None:
        """The number of trained values that are no part of the model."""
        return None if self.layers is None else sum(layer.num_parameters for layer in self.layers)


def plan_procedure(
    settings: AnyProcedureSettings,
    network: AnyNetwork,
    inputs: Shapes,
    outputs: Mapping[str, int],
    optimizer: AnyOptimizerSettings,
) -> ProcedurePlan:
    """Return what a procedure has of its own for a network, which may be on no device.

    Parameters
    ----------
    inputs, outputs
        Those of the network.
    optimizer
        The settings of the training's optimizer, for a procedure that takes them for its own.

    Raises
    ------
    ConfigError
        If the network or its tasks do not suit the procedure, saying why.
    """
    match settings:
        case LayerWiseSettings():
            return _plan_layer_wise(settings, network, inputs, settings.optimizer or optimizer)
        case GanSettings():
            judge = build_discriminator(settings, inputs, outputs, read=network.min_frames)
            return ProcedurePlan(settings.kind, _judge_lines(judge), optimizer=settings.optimizer)
        case UserComponent():
            return ProcedurePlan(settings.kind, None, None)
    return ProcedurePlan(settings.kind)


def _plan_layer_wise(
    settings: LayerWiseSettings, network: AnyNetwork, inputs: Shapes, optimizer: AnyOptimizerSettings
) -> ProcedurePlan:
    stages = stages_of(network)
    places = [place for stage in stages for place in stage]
    lines = [
        LayerPlan(f"model.{place}", "decoder", (decoder.after,), decoder.before, count_parameters(decoder))
        for place, decoder in decoders_of(network, places, inputs).items()
    ]
    shared = sum(weight.numel() for place in places for weight in weights_at(network, place))
    return ProcedurePlan(settings.kind, lines, settings.epochs * len(stages), optimizer, shared)


def _judge_lines(judge: Discriminator) -> list[LayerPlan]:
    path = "training.procedure.discriminator"
    lines = list(layer_lines(judge.layers, judge.seen, path))
    judged = lines[-1].out_shape
    verdict = MapShape(1, judged.frames, 1)
    return [*lines, LayerPlan(path, "judge", (judged,), verdict, count_parameters(judge.judge))]
