"""Rows of different lengths in one batch: what lies beyond a row's length is padding, and stays zero.

Axes: n rows, then any number of axes, of which time is the last but one: [n, K, T, F] or [n, 1, C, T, F]. Lengths
[n] are valid frames; None means that all frames of all rows are valid, and then nothing here costs anything.
"""

import torch
from torch import Tensor


def frame_mask(values: Tensor, lengths: Tensor) -> Tensor:
    """Return which frames are valid, bool, of as many axes as the values: [n, 1, ..., T, 1]."""
    num_frames = values.shape[-2]
    valid = torch.arange(num_frames, device=lengths.device) < lengths[:, None]
    return valid.view(len(lengths), *[1] * (values.dim() - 3), num_frames, 1)


def zero_padding(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Set what lies beyond the lengths to zero."""
    return values if lengths is None else values.masked_fill(~frame_mask(values, lengths), 0.0)
