"""The probabilities of every frame of many recordings, as one file of tensors."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motet import tensor_file
from motet.features.feature_map import TimeGrid
from motet.tasks.frames import FrameValues, as_objects


def frames_beside(path: Path) -> Path:
    """Return where the frames of predictions lie that have a CSV file."""
    return path.with_suffix(".frames.safetensors")


def write_frames(path: Path, frames: NDArray[Any]) -> None:
    """Write `FrameValues` of n recordings: all values [sum of T, K], the frames of each, and their grids."""
    values = np.concatenate([each.values for each in frames]) if len(frames) else np.zeros((0, 0), np.float32)
    tensors = {
        "values": torch.from_numpy(values),
        "lengths": torch.tensor([len(each.values) for each in frames], dtype=torch.int64),
        "start_s": torch.tensor([each.grid.start_s for each in frames], dtype=torch.float64),
        "step_s": torch.tensor([each.grid.step_s for each in frames], dtype=torch.float64),
    }
    tensor_file.write(path, tensors, {"frames": len(frames)})


def read_frames(path: Path) -> NDArray[Any]:
    """Read what `write_frames` wrote.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    tensors, _ = tensor_file.read(path)
    values = tensors["values"].numpy()
    edges = [0, *tensors["lengths"].cumsum(0).tolist()]
    grids = zip(tensors["start_s"].tolist(), tensors["step_s"].tolist(), strict=True)
    return as_objects(
        FrameValues(values[start:stop], TimeGrid(*grid))
        for (start, stop), grid in zip(pairwise(edges), grids, strict=True)
    )
