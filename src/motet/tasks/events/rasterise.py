"""Events laid out on the frames of a prediction, on its device. Axes: n rows, E events, T frames, K classes.

A frame stands for its time (see `TimeGrid`): it is active where an event covers that time, from the onset up to but not
including the offset. So both ends of an event are rounded to the nearest frame edge, half a step from the times, and
neither is favoured. An event that is too short to cover any frame's time activates the frame nearest to its middle: it
does not vanish. Events lie in the same seconds as the grid; what lies beyond the valid frames is left out.
"""

import torch
from torch import Tensor

from motet.features.feature_map import TimeGrid

_SLACK = 1e-3
"""The share of a step by which a time may miss a frame: float32 holds seconds no better."""


def rasterise(
    events: Tensor, counts: Tensor, grid: TimeGrid, *, num_frames: int, num_classes: int, lengths: Tensor | None = None
) -> Tensor:
    """Return which frames are active, float32 [n, T, K].

    Parameters
    ----------
    events
        Onset, offset and code, shape [n, E, 3]; entries beyond the row's count, and those with a code below 0 or
        without times, say nothing.
    counts
        Events of each row, shape [n].
    grid
        The time of the frames.
    num_frames, num_classes
        T and K.
    lengths
        Valid frames of each row, shape [n]; by default all.
    """
    onsets, offsets, codes, there = _parts(events, counts)
    first, end = ((times - grid.start_s) / grid.step_s for times in (onsets, offsets))
    middle = torch.floor((first + end) / 2 + 0.5).long()
    first, end = torch.ceil(first - _SLACK).long(), torch.ceil(end - _SLACK).long()
    vanishing = end <= first
    first, end = torch.where(vanishing, middle, first), torch.where(vanishing, middle + 1, end)
    limits = _limits(events, num_frames, lengths)
    first, end = first.clamp(min=0).minimum(limits), end.clamp(min=0).minimum(limits)
    changes = torch.zeros(len(events), num_frames + 1, num_classes, device=events.device)
    rows = torch.arange(len(events), device=events.device)[:, None].expand_as(codes)
    step = there.to(changes.dtype)
    changes.index_put_((rows, first, codes), step, accumulate=True)
    changes.index_put_((rows, end, codes), -step, accumulate=True)
    return (changes.cumsum(dim=1)[:, :num_frames] > 0.5).to(changes.dtype)


def rasterise_onsets(
    events: Tensor,
    counts: Tensor,
    grid: TimeGrid,
    *,
    num_frames: int,
    num_classes: int,
    lengths: Tensor | None = None,
    width: int = 0,
) -> Tensor:
    """Return 1 for the frame nearest to each onset, float32 [n, T, K].

    Parameters
    ----------
    width
        How many frames on either side have a share of the onset: it falls linearly, so that one neighbour has 1/2, two
        have 2/3 and 1/3.
    events, counts, grid, num_frames, num_classes, lengths
        As for `rasterise`.
    """
    onsets, _, codes, there = _parts(events, counts)
    nearest = torch.floor((onsets - grid.start_s) / grid.step_s + 0.5).long()
    limits = _limits(events, num_frames, lengths)
    values = torch.zeros(len(events), num_frames * num_classes, device=events.device)
    for offset in range(-width, width + 1):
        frames = nearest + offset
        inside = there & (frames >= 0) & (frames < limits)
        cells = torch.where(inside, frames * num_classes + codes, 0)
        share = (1 - abs(offset) / (width + 1)) * inside
        values.scatter_reduce_(1, cells, share.to(values.dtype), reduce="amax")
    return values.view(len(events), num_frames, num_classes)


def clip_labels(events: Tensor, counts: Tensor, num_classes: int) -> Tensor:
    """Return which classes occur anywhere in a row, float32 [n, K]; labels without times count."""
    codes = events[..., 2].nan_to_num(nan=-1.0).long()
    there = _present(events, counts) & (codes >= 0)
    flags = torch.zeros(len(events), num_classes, device=events.device)
    return flags.scatter_reduce_(1, codes.clamp(min=0), there.to(flags.dtype), reduce="amax")


def weak_rows(events: Tensor, counts: Tensor) -> Tensor:
    """Return which rows have labels without times, bool [n]."""
    return (events[..., 0].isnan() & _present(events, counts)).any(dim=1)


def _present(events: Tensor, counts: Tensor) -> Tensor:
    return torch.arange(events.shape[1], device=events.device) < counts[:, None]


def _parts(events: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return onsets, offsets, codes and which entries are events; the rest has the time and the code 0."""
    there = _present(events, counts) & ~events.isnan().any(dim=2) & (events[..., 2] >= 0)
    onsets, offsets, codes = torch.where(there[..., None], events, torch.zeros_like(events)).unbind(dim=2)
    return onsets, offsets, codes.long(), there


def _limits(events: Tensor, num_frames: int, lengths: Tensor | None) -> Tensor:
    """Return the valid frames of every row, [n, 1]."""
    if lengths is None:
        return torch.full((len(events), 1), num_frames, device=events.device)
    return lengths.to(events.device)[:, None]
