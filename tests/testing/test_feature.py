import math
from typing import Any

import pytest
import torch
from torch import Tensor

from motet.catalog import CATALOG
from motet.features.feature_map import TimeGrid
from motet.testing import ContractError, check_feature


@pytest.mark.parametrize("kind", CATALOG["feature"])
@pytest.mark.parametrize("rate_hz", [8000.0, 44100.0])
def test_features_of_the_catalog_keep_the_contract(kind: str, rate_hz: float) -> None:
    check_feature({"kind": kind}, rate_hz=rate_hz)


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "logmel", "centred": False},
        {"kind": "logmel", "reference": "peak"},
        {"kind": "spectrogram", "scale": "power"},
        {"kind": "mfcc", "deltas": 2},
    ],
)
def test_their_variants_too(settings: dict[str, Any]) -> None:
    check_feature(settings)


class Energy:
    """The energy of windows of two hops, in dB: a good feature that the others spoil."""

    hop_s = 0.01
    context_s = 0.01
    floor = 1e-10

    def __init__(self, rate_hz: float) -> None:
        self.hop = round(rate_hz * self.hop_s)

    def __call__(self, values: Tensor) -> Tensor:
        padded = torch.nn.functional.pad(values, (self.hop, self.hop))
        frames = padded.unfold(1, 2 * self.hop, self.hop)
        return 10 * torch.log10(frames.square().mean(-1, keepdim=True) + self.floor)


def test_a_good_feature_passes() -> None:
    check_feature(Energy)


class InfiniteOnSilence(Energy):
    floor = 0.0


class WrongFrames(Energy):
    def num_frames(self, num_samples: int) -> int:
        return num_samples // self.hop


class WrongBins(Energy):
    num_bins = 3


class WrongGrid(Energy):
    def grid(self, start_s: float) -> TimeGrid:
        return TimeGrid(start_s + 0.2, 0.01)


class FixedGrid(Energy):
    def grid(self, start_s: float) -> TimeGrid:
        return TimeGrid(0.0, 0.01)


class WrongHop(Energy):
    hop_s = 0.01

    def __init__(self, rate_hz: float) -> None:
        super().__init__(rate_hz)
        self.hop_s = 0.02


class LooksFar(Energy):
    context_s = 0.001


class Normalised(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        map_ = super().__call__(values)
        return map_ - map_.mean(1, keepdim=True)


class Neighbours(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        map_ = super().__call__(values)
        return map_ - map_.mean(0, keepdim=True)


class Random(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        map_ = super().__call__(values)
        return map_ + torch.rand(map_.shape)


class RandomWhenBuilt(Energy):
    def __init__(self, rate_hz: float) -> None:
        super().__init__(rate_hz)
        self.offset = torch.rand(())

    def __call__(self, values: Tensor) -> Tensor:
        return super().__call__(values) + self.offset


class InPlace(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        values -= values.mean()
        return super().__call__(values)


class Deaf(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        return torch.zeros_like(super().__call__(values))


class Failing(Energy):
    def __call__(self, values: Tensor) -> Tensor:
        raise KeyError("window")


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (InfiniteOnSilence, "silence gives NaN or infinity"),
        (WrongFrames, "num_frames\\(800\\) is 5, but there are 6 frames"),
        (WrongBins, "num_bins is 3, but frames have 1 bins"),
        (WrongGrid, "the grid lies"),
        (FixedGrid, "grid\\(5.0\\) starts at 0 s"),
        (WrongHop, "the grid lies|context_s, hop_s or grid are wrong"),
        (LooksFar, "context_s is 0.001 s, but a click changes frames"),
        (Normalised, "frames depend on the whole recording"),
        (Neighbours, "each channel is a row of its own"),
        (Random, "other values for the same samples when called again"),
        (RandomWhenBuilt, "other values when it is built again"),
        (InPlace, "changes the samples that it is given"),
        (Deaf, "does not change when a click is added"),
        (Failing, "a signal of 0.05 s raises KeyError: 'window'"),
    ],
)
def test_usual_mistakes_are_named(feature: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_feature(feature)


def test_a_feature_of_whole_clips_need_not_be_local() -> None:
    class Whole(Normalised):
        context_s = math.inf

    check_feature(Whole)
