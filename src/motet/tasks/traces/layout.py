"""Annotated values at the moments of frames, and predicted values at the moments of annotations.

A target is a list of moments, float64 [E, 1 + K]: the time, then the values, NaN where nothing is known. Between two
moments the line from one to the other holds. The first value holds before it and the last behind it as long as it is
from there to the next moment; further away, beside NaN, and in gaps that are too long, nothing is known. A moment
counts where all K values are known. Axes: n rows, T frames, E moments, K values.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motet.features.feature_map import TimeGrid
from motet.tasks.counting import Values

_SLACK_S = 1e-4
"""What float32 may miss of a time of many minutes."""


def lay_out(
    moments: Tensor, counts: Tensor, grid: TimeGrid, *, num_frames: int, max_gap_s: float | None = None
) -> tuple[Tensor, Tensor]:
    """Return the values of frames [n, T, K], 0 where unknown, and which frames are known, bool [n, T].

    Parameters
    ----------
    moments
        Shape [n, E, 1 + K]; entries beyond a row's count say nothing.
    counts
        Moments of each row, shape [n].
    grid
        The time of the frames, in the same seconds.
    """
    device = moments.device
    frames = grid.start_s + grid.step_s * torch.arange(num_frames, device=device, dtype=torch.float64)
    frames = frames.to(moments.dtype).expand(len(moments), -1).contiguous()
    if moments.shape[1] == 0:
        return moments.new_zeros(len(moments), num_frames, moments.shape[2] - 1), torch.zeros_like(frames).bool()
    there = torch.arange(moments.shape[1], device=device) < counts[:, None]
    times = torch.where(there, moments[..., 0], torch.inf).contiguous()
    last = (counts - 1).clamp(min=0)[:, None]
    after = torch.searchsorted(times, frames).minimum(last)
    before = (after - 1).clamp(min=0)
    start, stop = times.gather(1, before), times.gather(1, after)
    gap = stop - start
    share = torch.where(gap > 0, (frames - start) / gap.clamp(min=1e-12), 0.0).clamp(0, 1)
    low, high = (_values_at(moments, place) for place in (before, after))
    mixed = torch.lerp(low.nan_to_num(), high.nan_to_num(), share[..., None])
    unsure = (low.isnan().any(2) & (share < 1)) | (high.isnan().any(2) & (share > 0))
    first_gap, last_gap = _gap(times, torch.zeros_like(last)), _gap(times, (last - 1).clamp(min=0))
    near = (frames >= times[:, :1] - first_gap - _SLACK_S) & (frames <= times.gather(1, last) + last_gap + _SLACK_S)
    known = near & ~unsure & (counts > 0)[:, None]
    if max_gap_s is not None:
        known &= (gap <= max_gap_s + _SLACK_S) | (share == 0) | (share == 1)
    return torch.where(known[..., None], mixed, 0.0), known


def moments_of(values: Tensor, lengths: Tensor | None, grid: TimeGrid) -> tuple[Tensor, Tensor]:
    """Return the values of frames [n, T, K] as moments [n, T, 1 + K], and how many each row has [n].

    Examples
    --------
    >>> moments_of(torch.tensor([[[3.0], [5.0]]]), None, TimeGrid(0.25, 0.5))[0].tolist()
    [[[0.25, 3.0], [0.75, 5.0]]]
    """
    num_rows, num_frames, _ = values.shape
    times = grid.start_s + grid.step_s * torch.arange(num_frames, device=values.device, dtype=torch.float64)
    moments = torch.cat([times.to(values.dtype).expand(num_rows, -1)[..., None], values], dim=2)
    return moments, torch.full((num_rows,), num_frames, device=values.device) if lengths is None else lengths


def _values_at(moments: Tensor, places: Tensor) -> Tensor:
    size = moments.shape[2] - 1
    return moments[..., 1:].gather(1, places[..., None].expand(-1, -1, size))


def _gap(times: Tensor, first: Tensor) -> Tensor:
    """Return the time from a moment to the next [n, 1]; any time where there is a single one."""
    following = (first + 1).clamp(max=times.shape[1] - 1)
    gap = times.gather(1, following) - times.gather(1, first)
    return torch.where((following > first) & gap.isfinite(), gap, torch.inf)


def within(moments: Values, start_s: float, stop_s: float) -> Values:
    """Return the moments of a segment and one more on either side, in seconds from its start."""
    times = moments[:, 0]
    first = max(0, int(np.searchsorted(times, start_s, side="right")) - 2)
    stop = min(len(times), int(np.searchsorted(times, stop_s, side="left")) + 2)
    shifted = moments[first:stop].copy()
    shifted[:, 0] -= start_s
    return shifted


def paired(predicted: Values, target: Values) -> tuple[Values, Values]:
    """Return predicted and true values [m, K] at those annotated moments that are known and lie in the recording.

    Parameters
    ----------
    predicted
        Predicted moments [T, 1 + K]: the time of each frame, then its values.
    target
        Annotated moments [E, 1 + K].
    """
    nothing = np.zeros((0, target.shape[1] - 1))
    if not len(predicted):
        return nothing, nothing
    frames, times = predicted[:, 0], target[:, 0]
    step_s = float(frames[1] - frames[0]) if len(frames) > 1 else 0.0
    known = ~np.isnan(target).any(axis=1) & (times >= frames[0] - step_s) & (times <= frames[-1] + step_s)
    kept = target[known]
    columns = [np.interp(kept[:, 0], frames, predicted[:, 1 + value]) for value in range(target.shape[1] - 1)]
    return np.stack(columns, axis=1), kept[:, 1:]


def smoothed(values: NDArray[np.float32], width: int) -> Values:
    """Return the mean of every frame [T, K] and its neighbours, an odd number of frames in all; fewer at the ends."""
    found = values.astype(np.float64)
    if width <= 1 or not len(found):
        return found
    reach = width // 2
    sums = np.concatenate([np.zeros((1, found.shape[1])), found.cumsum(axis=0)])
    frames = np.arange(len(found))
    first, stop = np.maximum(frames - reach, 0), np.minimum(frames + reach + 1, len(found))
    means: Values = (sums[stop] - sums[first]) / (stop - first)[:, None]
    return means
