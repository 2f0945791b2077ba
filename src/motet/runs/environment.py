"""What a run ran on: versions and machine, for `environment.json` and `motet doctor`."""

import os
import platform
import sys
from importlib import metadata
from typing import Any

PACKAGES = ("motet", "torch", "numpy", "scipy", "soundfile", "soxr", "safetensors", "pydantic", "ruamel.yaml")
EXTRAS = {
    "parquet": ("pyarrow",),
    "tensorboard": ("tensorboardX",),
    "plots": ("matplotlib",),
    "edf": ("edfio",),
    "huggingface": ("datasets",),
    "balancing": ("torchjd", "cvxpy"),
}


def describe_environment() -> dict[str, Any]:
    """Return Python, packages, platform, processors and devices, as JSON."""
    import torch

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "packages": {name: version(name) for name in PACKAGES},
        "command": sys.argv[1:],
    }


def version(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
