"""What extraction relies on of a feature: shapes as announced, times that are true, rows that do not see each other.

Axes: C channel, T time, F bin. A click in noise tells where the frames of a map really lie, and how far they look.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from motet import catalog
from motet.config import Context, Settings, UserComponent, required, validate
from motet.features.feature import Feature
from motet.features.live import live_span
from motet.features.settings import FeatureSettings
from motet.features.user_feature import UserFeature
from motet.testing.findings import Findings

_SECONDS = (0.05, 0.5, 1.0, 1.37)
_TOLERANCE = 1e-4  # of the values' range: what float32 sums over windows may differ by when cut elsewhere


class _Subject(Settings):
    feature: FeatureSettings = required("What is checked.")


def check_feature(feature: Any, *, rate_hz: float = 16000.0, channels: int = 2) -> None:
    """Check that a feature does what extraction relies on.

    Parameters
    ----------
    feature
        What may stand behind `features`: settings, a class with its options, an object, a function.
    rate_hz
        Sampling rate that it is built for.
    channels
        Channels of the signals that it is tried on.

    Raises
    ------
    ContractError
        With every mistake and its remedy.
    ConfigError
        If the settings cannot be understood.

    Examples
    --------
    >>> check_feature({"kind": "logmel", "bands": 24})
    """
    settings = validate(_Subject, {"feature": feature}, Context(allow_code=True, check_files=True)).feature
    name = settings.place if isinstance(settings, UserComponent) else settings.kind
    with Findings(f"feature {name}") as found, torch.inference_mode():
        built: Feature | None = None
        with found.attempt(f"building it for {rate_hz:g} Hz"):
            built = catalog.build("feature", settings, rate_hz)
        if built is None:
            return
        for seconds in _SECONDS:
            with found.attempt(f"a signal of {seconds:g} s"):
                _check_shape(found, built, _noise(channels, round(seconds * rate_hz)))
        for what, values in _extremes(channels, round(rate_hz)).items():
            with found.attempt(what):
                map_ = built(values)
                found.expect(
                    bool(torch.isfinite(map_).all()),
                    f"{what} gives NaN or infinity: values are finite; add a small number before a logarithm or a "
                    "division",
                )
        if found.problems:
            return
        _check_calls(found, built, catalog.build("feature", settings, rate_hz), channels)
        _check_grid(found, built)
        if not built.whole_clip:
            _check_click(found, built)
            _check_parts(found, built)


def _noise(channels: int, samples: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(channels, samples, generator=generator)


def _extremes(channels: int, samples: int) -> dict[str, Tensor]:
    """Return signals that formulas often forget."""
    square = torch.ones(channels, samples)
    square[:, ::2] = -1.0
    return {
        "silence": torch.zeros(channels, samples),
        "a constant": torch.full((channels, samples), 0.5),
        "full scale at the highest frequency": square,
    }


def _check_shape(found: Findings, feature: Feature, values: Tensor) -> None:
    before = values.clone()
    map_ = feature(values)
    found.expect(
        torch.equal(values, before),
        "changes the samples that it is given: work on a copy (an operation that ends in _ changes in place)",
    )
    size, samples = tuple(map_.shape), values.shape[1]
    if not found.expect(
        map_.dim() == 3 and size[0] == len(values),
        f"returns the shape {list(size)} for samples {list(values.shape)}: a map is [C, frames, F], with the channels "
        "of the signal",
    ):
        return
    found.expect(
        feature.num_frames(samples) == size[1],
        f"num_frames({samples}) is {feature.num_frames(samples)}, but there are {size[1]} frames: correct num_frames, "
        "or leave it out",
    )
    found.expect(
        feature.num_bins == size[2],
        f"num_bins is {feature.num_bins}, but frames have {size[2]} bins: correct num_bins, or leave it out",
    )


def _check_calls(found: Findings, feature: Feature, again: Feature, channels: int) -> None:
    """Call it with the same samples at another time, built anew, and beside other rows."""
    samples = round(feature.rate_hz)
    values, other = _noise(channels, samples), _noise(channels, samples, seed=1)
    first = feature(values).clone()
    feature(other)
    found.expect(
        torch.equal(first, feature(values)),
        "gives other values for the same samples when called again: it is deterministic and keeps nothing between "
        "calls; seed what is random when it is built, and keep it in eval()",
    )
    found.expect(
        torch.equal(first, again(values)),
        "gives other values when it is built again: a saved model builds it anew; seed what is drawn at random",
    )
    if not feature.whole_clip:  # what looks at the whole recording may also look at all its channels, for its peak
        alone = torch.cat([feature(values[channel : channel + 1]) for channel in range(channels)])
        found.expect(
            _alike(first, alone),
            f"gives a channel other values alone than beside others (by {_apart(first, alone)}): each channel is a row "
            "of its own; do not mix or normalise over the first axis",
        )
    if not isinstance(feature, UserFeature):
        beside = feature(torch.stack([values, other]))[0]
        found.expect(
            _alike(first, beside),
            f"gives a recording other values in a batch than alone (by {_apart(first, beside)}): work on the last axes",
        )


def _check_grid(found: Findings, feature: Feature) -> None:
    near, far = feature.grid(0.0), feature.grid(5.0)
    found.expect(
        abs(far.start_s - near.start_s - 5.0) < 1e-6 and far.step_s == near.step_s,
        f"grid(5.0) starts at {far.start_s:g} s and grid(0.0) at {near.start_s:g} s: a signal that starts later has "
        "its frames later by as much, at the same step; add start_s",
    )
    frames = feature.num_frames(round(feature.rate_hz))
    found.expect(
        frames <= 1 or near.step_s > 0,
        f"has {frames} frames a second but no time between them: give hop_s, in seconds, or grid",
    )


def _check_click(found: Findings, feature: Feature) -> None:
    """Compare a map with that of the same noise and a click: only frames that look there may differ."""
    samples = round(1.2 * feature.rate_hz)
    quiet = _noise(1, samples)
    at = samples // 2
    loud = quiet.clone()
    loud[:, at] += 1.0
    first, second = feature(quiet), feature(loud)
    if first.shape[1] < 3:
        return
    changed = (first - second).abs().amax(dim=(0, 2)) > _TOLERANCE * _range(first)
    grid, click_s = feature.grid(0.0), at / feature.rate_hz
    times = grid.start_s + grid.step_s * np.flatnonzero(changed.numpy())
    if not found.expect(len(times) > 0, "does not change when a click is added: frames leave samples out"):
        return
    found.expect(
        times[0] - grid.step_s <= click_s <= times[-1] + grid.step_s,
        f"a click at {click_s:.3f} s changes the frames from {times[0]:.3f} to {times[-1]:.3f} s by its grid: the grid "
        "lies; frame i stands at grid.start_s + i * grid.step_s, the centre of its window (hop_s is step_s)",
    )
    reach = float(np.abs(times - click_s).max())
    found.expect(
        reach <= feature.context_s + 1.5 / feature.rate_hz,
        f"context_s is {feature.context_s:g} s, but a click changes frames {reach:.4f} s away: frames would differ "
        "where only a part of a recording is read; raise context_s",
    )


def _check_parts(found: Findings, feature: Feature) -> None:
    """Compute some frames from their own samples alone, as live features and long recordings are."""
    samples = round(1.5 * feature.rate_hz)
    values = _noise(1, samples)
    frames = feature.num_frames(samples)
    if frames < 6:
        return
    start, stop = frames // 3, 2 * frames // 3
    span = live_span(feature, start=start, stop=stop, num_samples=samples)
    part = feature(values[:, span.first_sample : span.end_sample])[:, span.first_frame : span.end_frame]
    whole = feature(values)[:, start:stop]
    found.expect(
        part.shape == whole.shape and _alike(whole, part),
        f"frames {start} to {stop} differ when they are computed from their own samples (by {_apart(whole, part)}): "
        "context_s, hop_s or grid are wrong, or frames depend on the whole recording (then set whole_clip = True)",
    )


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() <= _TOLERANCE * _range(one))


def _apart(one: Tensor, other: Tensor) -> str:
    if one.shape != other.shape:
        return f"shape {list(one.shape)} and {list(other.shape)}"
    return f"{float((one - other).abs().max()):.3g}"


def _range(values: Tensor) -> float:
    """Return the spread of the values, never 0."""
    return max(1e-12, float(values.max() - values.min()), float(values.abs().max()))
