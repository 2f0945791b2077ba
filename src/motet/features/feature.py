"""What every feature offers, and how seconds become samples.

A feature is an `nn.Module` built from its settings and a sampling rate. It maps samples [..., C, T] to a feature
map [..., C, frames, F], each channel on its own, and each row of a batch as if it were alone. It is differentiable,
so that a network may be trained end to end through it.

Frames are rounded to whole samples once, when the feature is built. Frame i stands at `grid(start_s)`:
`start_s + offset_s + i * step_s`, where the offset is 0 for centred frames and half a window otherwise.
"""

import math
from typing import Any, ClassVar, Protocol

from torch import Tensor

from motet.errors import ConfigError
from motet.features.feature_map import TimeGrid


class Feature(Protocol):
    """What every feature offers; a user's own feature is an `nn.Module` with these members.

    Attributes
    ----------
    version
        Part of the key under which maps are stored: raise it whenever the values change.
    rate_hz
        The sampling rate that the feature was built for.
    num_bins
        Bins of a frame, F.
    context_s
        A frame at time t depends on the samples in [t - context_s, t + context_s] and on no others; infinite for a
        whole-clip feature. Who computes a part of a recording reads that much more on either side and drops the
        extra frames, so that it equals the same part of the stored map: see `live_span`.
    whole_clip
        Whether a frame depends on the whole recording: then there is no map of a part.
    """

    version: ClassVar[int]
    rate_hz: float
    num_bins: int
    context_s: float
    whole_clip: bool

    def num_frames(self, num_samples: int) -> int:
        """Return the number of frames of a signal, at least one."""
        ...

    def grid(self, start_s: float) -> TimeGrid:
        """Return the time of the frames of a signal that starts at `start_s` seconds."""
        ...

    def __call__(self, values: Tensor) -> Tensor:
        """Map samples [..., C, T] to features [..., C, frames, F]."""
        ...


def to_samples(seconds: float, rate_hz: float, *, name: str) -> int:
    """Return a length in whole samples, at least one.

    Raises
    ------
    ConfigError
        If the length rounds to no sample at all.

    Examples
    --------
    >>> to_samples(0.025, 16000.0, name="window_s")
    400
    """
    samples = round(seconds * rate_hz)
    if samples < 1:
        raise ConfigError(
            f"{name} is {seconds:g} s, less than one sample at {rate_hz:g} Hz: raise {name} to {1 / rate_hz:g} or more"
        )
    return samples


def upper_frequency(high_hz: float | None, low_hz: float, rate_hz: float) -> float:
    """Return the highest frequency of a feature: what is set, or half the sampling rate.

    Raises
    ------
    ConfigError
        If a limit lies where a signal of this rate has nothing.
    """
    nyquist_hz = rate_hz / 2
    for name, value in {"high_hz": high_hz or 0.0, "low_hz": low_hz}.items():
        if value > nyquist_hz or (name == "low_hz" and value == nyquist_hz):
            raise ConfigError(
                f"{name} is {value:g} Hz, but a signal at {rate_hz:g} Hz has frequencies up to {nyquist_hz:g} Hz: "
                f"lower {name}, or raise the signal's rate_hz above {2 * value:g}"
            )
    return nyquist_hz if high_hz is None else high_hz


def power_of_two(minimum: int) -> int:
    """Return the smallest power of two that is at least `minimum`."""
    return 1 << math.ceil(math.log2(minimum))


def constant(module: Any, name: str, values: Tensor) -> None:
    """Register a tensor that moves with a module but is computed from its settings, so it is not saved."""
    module.register_buffer(name, values, persistent=False)
