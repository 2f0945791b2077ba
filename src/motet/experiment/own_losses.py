"""Which losses a network has of its own: found by trying it, before any recording is read, where settings ask for some.

Only a forward pass tells, as they are what code of the user's returns. It is tried on two rows of noise, in training
and in evaluation; a network that only copes with real rows tells nothing, and is asked again when it trains.
"""

import torch

from motet.config.wording import did_you_mean
from motet.data.batch import Column
from motet.errors import ConfigError, MotetError
from motet.experiment.settings import Experiment
from motet.experiment.settings.own_loss_checks import may_have_losses
from motet.experiment.shapes import Outputs
from motet.networks.build import Shapes, build_network
from motet.networks.own_losses import with_layer_losses
from motet.networks.settings import LOSSES
from motet.training.settings import PlateauSettings

_ROWS, _FREE_FRAMES = 2, 48

Names = tuple[str, ...]


def try_losses(experiment: Experiment, shapes: Shapes, outputs: Outputs) -> Names | None:
    """Return the names of the losses that the network has of its own; None where nobody asks, or only real rows tell.

    Raises
    ------
    ConfigError
        If it lacks a loss that the settings name, or has none where there is nothing else to learn from.
    """
    settings = experiment.training
    monitored = settings.monitor is not None and settings.monitor.startswith(f"{LOSSES}.")
    if not may_have_losses(experiment.model) or not (settings.losses or monitored or not outputs):
        return None
    found = _tried(experiment, shapes, outputs)
    if found is None:
        return None
    learned, told = found
    problems = [
        f"training.losses.{name}: the network returns no loss {name!r}{_instead(name, learned)}"
        for name in settings.losses
        if name not in learned
    ]
    if monitored and (name := str(settings.monitor).partition(".")[2]) not in told:
        problems.append(
            f"training.monitor: is '{LOSSES}.{name}', but in evaluation the network returns no loss "
            f"{name!r}{_instead(name, told)}"
        )
    if not outputs and not learned and settings.epochs:
        problems.append(
            "data: there is no task, and the network returns no loss of its own; let it return (outputs, losses) with "
            "losses {name: [n]}, or name tasks"
        )
    if not outputs and not told:
        looking = {
            "training.stopping": settings.stopping is not None,
            "training.schedule": isinstance(settings.schedule, PlateauSettings),
        }
        problems += [
            f"{path}: looks at development rows, but there is no task, and in evaluation the network returns no loss "
            "of its own; let it do so, or leave this out"
            for path, looks in looking.items()
            if looks
        ]
    if problems:
        raise ConfigError(*problems)
    return learned


def _tried(experiment: Experiment, shapes: Shapes, outputs: Outputs) -> tuple[Names, Names] | None:
    """Return what is returned in training and in evaluation."""
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            network = build_network(experiment.model, shapes, outputs)
            inputs = {
                name: Column(
                    torch.randn(
                        _ROWS, shape.channels, shape.frames or network.min_frames[name] + _FREE_FRAMES, shape.bins
                    )
                )
                for name, shape in shapes.items()
            }
            rows = dict.fromkeys(outputs)
            learned, told = (
                tuple(with_layer_losses(network, network.train(training)(inputs, rows)).losses)
                for training in (True, False)
            )
    except MotetError:
        raise
    except Exception:  # code of the user's own may want what only real rows have
        return None
    return learned, told


def _instead(name: str, known: Names) -> str:
    return did_you_mean(name, known) or (f"; it returns {', '.join(known)}" if known else "; it returns none")
