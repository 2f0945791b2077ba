"""Networks: layers that know their output shape beforehand and respect the lengths of padded rows."""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.networks.build import AnyNetwork, build_network
    from motet.networks.cnn import Cnn
    from motet.networks.fusion import Fusion
    from motet.networks.head import Head
    from motet.networks.layer import Layer
    from motet.networks.mlp import Mlp
    from motet.networks.network import Network
    from motet.networks.output import NetworkOutput
    from motet.networks.plan import LayerPlan, min_frames, plan_network
    from motet.networks.pool import Pool
    from motet.networks.rnn import Rnn
    from motet.networks.shape import MapShape
    from motet.networks.user_network import UserNetwork

__all__ = [
    "AnyNetwork",
    "Cnn",
    "Fusion",
    "Head",
    "Layer",
    "LayerPlan",
    "MapShape",
    "Mlp",
    "Network",
    "NetworkOutput",
    "Pool",
    "Rnn",
    "UserNetwork",
    "build_network",
    "min_frames",
    "plan_network",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "AnyNetwork": "build",
        "Cnn": "cnn",
        "Fusion": "fusion",
        "Head": "head",
        "Layer": "layer",
        "LayerPlan": "plan",
        "MapShape": "shape",
        "Mlp": "mlp",
        "Network": "network",
        "NetworkOutput": "output",
        "Pool": "pool",
        "Rnn": "rnn",
        "UserNetwork": "user_network",
        "build_network": "build",
        "min_frames": "plan",
        "plan_network": "plan",
    },
)
