"""A part of a recording's map from a part of its samples, equal to the same part of the whole map.

Who computes features live, because something random precedes them, reads the frames' own samples and a margin of
`context_s` to either side, starting on a whole hop so that the frames fall on the same samples, and drops the
frames of the margin.
"""

import math
from dataclasses import dataclass

from motet.errors import ConfigError
from motet.features.feature import Feature


@dataclass(frozen=True, slots=True)
class Span:
    """What to read, and what to keep of its map.

    Parameters
    ----------
    first_sample, end_sample
        The samples to read, the end excluded.
    first_frame, end_frame
        The frames to keep of the map of these samples, the end excluded.
    """

    first_sample: int
    end_sample: int
    first_frame: int
    end_frame: int


def live_span(feature: Feature, *, start: int, stop: int, num_samples: int) -> Span:
    """Return what to read for the frames from `start` to `stop` of a recording of `num_samples`.

    Parameters
    ----------
    feature
        Any feature whose frames depend on a part of the recording only.
    start, stop
        Frames of the whole recording's map, `stop` excluded; at least one, and no more than there are.
    num_samples
        Samples of the whole recording.

    Raises
    ------
    ConfigError
        If every frame of the feature depends on the whole recording.

    Examples
    --------
    >>> from motet.features import LogMel
    >>> from motet.features.settings import LogMelSettings
    >>> live_span(LogMel(LogMelSettings(), 16000.0), start=100, stop=200, num_samples=80000)
    Span(first_sample=15680, end_sample=32041, first_frame=2, end_frame=102)
    """
    if feature.whole_clip:
        own = getattr(feature, "place", None)
        remedy = "use reference: absolute where only the peak asks for the whole"
        raise ConfigError(
            f"{own or type(feature).__name__} needs the whole recording and cannot be computed on segments: remove "
            "signal.augment (it is then stored once), or "
            + (remedy if own is None else "say in its attribute context_s how far from its own time a frame looks")
        )
    assert 0 <= start < stop <= feature.num_frames(num_samples)
    grid = feature.grid(0.0)
    hop = round(grid.step_s * feature.rate_hz)
    offset, context = grid.start_s * feature.rate_hz, feature.context_s * feature.rate_hz
    skipped = max(0, math.floor(start + (offset - context) / hop))
    end_sample = min(num_samples, math.ceil((stop - 1) * hop + offset + context) + 1)
    return Span(skipped * hop, end_sample, start - skipped, stop - skipped)
