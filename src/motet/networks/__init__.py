"""Networks: layers that know their output shape beforehand and respect the lengths of padded rows."""

from motet.lazy import exports

__all__ = [
    "Cnn",
    "MapShape",
    "Mlp",
    "Network",
    "NetworkOutput",
    "Pool",
    "Rnn",
    "build_network",
    "min_frames",
    "plan_network",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Cnn": "cnn",
        "MapShape": "shape",
        "Mlp": "mlp",
        "Network": "network",
        "NetworkOutput": "network",
        "Pool": "pool",
        "Rnn": "rnn",
        "build_network": "build",
        "min_frames": "build",
        "plan_network": "build",
    },
)
