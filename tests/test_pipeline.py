from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from motet.config import UserComponent
from motet.errors import DataError
from motet.features import LogMel
from motet.features.extract import extract
from motet.features.feature_map import FeatureMap, TimeGrid
from motet.features.settings import LogMelSettings, WaveformSettings
from motet.files import DigestCache
from motet.pipeline import InputSettings, Pipeline, as_map
from motet.signals.prepare.chain import PreparationChain
from motet.signals.readers.arrays import ArraySignal, NumpyFile
from motet.signals.readers.audio import AudioFile
from motet.signals.recording import Recording
from motet.signals.settings import SignalSettings
from motet.signals.signal import Signal

RATE_HZ = 4000.0
NOISE = np.random.default_rng(0).normal(size=(2, 2000)).astype(np.float32)
CACHE = DigestCache()


def recording(values: Any = NOISE, rate_hz: float = RATE_HZ, **span: float) -> Recording[Signal]:
    return Recording(ArraySignal(values, rate_hz), **span)


def settings(feature: Any = "logmel", **signal: Any) -> InputSettings:
    return InputSettings(signal=SignalSettings(**signal), feature=feature)


@dataclass(frozen=True)
class Finished:
    """A reader of a finished feature map."""

    values: Any

    def read(self, start_s: float, end_s: float | None) -> FeatureMap:
        return FeatureMap(self.values, TimeGrid(0.0, 0.5))

    def digest(self, cache: DigestCache) -> bytes:
        return b"finished"

    def describe(self) -> str:
        return "finished.npy"


def test_the_stages_follow_each_other() -> None:
    made = settings(
        {"kind": "logmel", "bands": 6}, channels="mono", rate_hz=2000, steps=[{"kind": "high_pass", "low_hz": 100}]
    )
    signal = PreparationChain(made.signal)(Signal(NOISE, RATE_HZ))
    assert (signal.values.shape, signal.rate_hz) == ((1, 1000), 2000)
    expected = extract(LogMel(LogMelSettings(bands=6), 2000.0), signal)
    found = Pipeline(made).compute(recording())
    assert np.array_equal(found.values, expected.values)
    assert found.grid == expected.grid


def test_a_span_is_that_part_and_keeps_its_time() -> None:
    found = Pipeline(settings(WaveformSettings())).compute(recording(start_s=0.1, end_s=0.3))
    assert np.array_equal(found.values[:, :, 0], NOISE[:, 400:1200])
    assert found.grid.start_s == pytest.approx(0.1)


def test_before_a_random_step_the_signal_is_stored() -> None:
    pipeline = Pipeline(settings(channels="left", augment=["gain"]))
    assert pipeline.stored == "signal"
    found = pipeline.compute(recording())
    assert np.array_equal(found.values, NOISE[:1, :, None])
    assert found.grid.step_s == 1 / RATE_HZ
    assert np.array_equal(as_map(Signal(NOISE, RATE_HZ, 2.0)).values, NOISE[:, :, None])
    assert as_map(Signal(NOISE, RATE_HZ, 2.0)).grid == TimeGrid(2.0, 1 / RATE_HZ)


def test_a_finished_map_is_taken_as_it_is() -> None:
    values = np.ones((1, 3, 4), np.float32)
    assert Pipeline(settings(rate_hz=9)).compute(Recording(Finished(values))).values is values


@pytest.mark.parametrize(
    ("values", "augment", "message"),
    [
        (
            np.ones((3, 4), np.float32),
            [],
            r"finished\.npy: its feature map has the shape \(3, 4\), wanted is \[C, T, F\]",
        ),
        (np.ones((1, 0, 4), np.float32), [], "with at least one frame"),
        (np.full((1, 3, 4), np.nan, np.float32), [], "holds NaN or infinity"),
        (
            np.ones((1, 3, 4), np.float32),
            ["gain"],
            "is a finished feature map without waveform: remove signal.mix and signal.augment",
        ),
    ],
)
def test_a_finished_map_that_cannot_be_used_is_named(values: Any, augment: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Pipeline(settings(augment=augment)).compute(Recording(Finished(values)))


def test_what_a_stage_refuses_names_the_recording() -> None:
    with pytest.raises(DataError, match=r"array of shape \(2, 2000\): high_hz is 3000 Hz, but a signal at 4000 Hz has"):
        Pipeline(settings({"kind": "logmel", "high_hz": 3000.0})).compute(recording())


def test_a_single_sample_is_no_signal() -> None:
    with pytest.raises(DataError, match=r"array of shape \(2, 1\): holds a single sample, which is no signal"):
        Pipeline(settings()).compute(recording(NOISE[:, :1]))


def keys(pipeline: Pipeline, **other: Any) -> bytes:
    return pipeline.key(recording(**other), CACHE)


CHANGES: list[Callable[[], bytes]] = [
    lambda: keys(Pipeline(settings(channels="mono"))),
    lambda: keys(Pipeline(settings(rate_hz=2000))),
    lambda: keys(Pipeline(settings(steps=["normalise"]))),
    lambda: keys(Pipeline(settings(steps=["normalise", "pre_emphasis"]))),
    lambda: keys(Pipeline(settings(steps=["pre_emphasis", "normalise"]))),
    lambda: keys(Pipeline(settings({"kind": "logmel", "bands": 10}))),
    lambda: keys(Pipeline(settings("spectrogram"))),
    lambda: keys(Pipeline(settings()), values=NOISE + 1e-3),
    lambda: keys(Pipeline(settings()), values=NOISE.T.copy()),
    lambda: keys(Pipeline(settings()), rate_hz=8000.0),
    lambda: keys(Pipeline(settings()), start_s=0.1),
    lambda: keys(Pipeline(settings()), end_s=0.1),
    lambda: keys(Pipeline(settings()), start_s=0.1, end_s=0.2),
    lambda: keys(Pipeline(settings(augment=["gain"]))),
    lambda: Pipeline(settings()).key(recording(), CACHE, "float16"),
]


def test_all_that_changes_a_map_changes_its_key() -> None:
    plain = keys(Pipeline(settings()))
    assert plain == keys(Pipeline(settings()), values=NOISE.copy())
    assert len({plain, *(change() for change in CHANGES)}) == len(CHANGES) + 1


def test_what_changes_no_map_changes_no_key() -> None:
    """Augmentation and the feature lie behind the stored signal; a reader's own settings are in its digest."""
    stored = keys(Pipeline(settings(augment=["gain"])))
    assert stored == keys(Pipeline(settings("spectrogram", augment=["noise", "gain"])))
    assert keys(Pipeline(settings())) == keys(Pipeline(settings(reader={"rate_hz": 9})))


def test_a_newer_version_of_a_stage_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(Pipeline(settings(channels="mono")))
    monkeypatch.setattr(LogMel, "version", LogMel.version + 1)
    newer_feature = keys(Pipeline(settings(channels="mono")))
    monkeypatch.setattr("motet.signals.prepare.chain.Channels.version", 99)
    assert len({before, newer_feature, keys(Pipeline(settings(channels="mono")))}) == 3


def test_equal_content_has_one_key_wherever_it_lies(tmp_path: Path) -> None:
    pipeline = Pipeline(settings())
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / name, NOISE.T, int(RATE_HZ))
    soundfile.write(tmp_path / "other.wav", 0.5 * NOISE.T, int(RATE_HZ))
    found = [pipeline.key(Recording(AudioFile(tmp_path / f"{name}.wav")), CACHE) for name in ("one", "two", "other")]
    assert found[0] == found[1] != found[2]
    np.save(tmp_path / "a.npy", NOISE)
    rows = [pipeline.key(Recording(NumpyFile(tmp_path / "a.npy", RATE_HZ, row=row)), CACHE) for row in (0, 1)]
    assert rows[0] != rows[1]


class Louder:
    def __call__(self, signal: Signal) -> Signal:
        return replace(signal, values=2 * signal.values)


def test_a_python_object_has_keys_of_this_moment_only() -> None:
    made = settings(WaveformSettings(), steps=[UserComponent.of(Louder())])
    first, second = Pipeline(made), Pipeline(made)
    assert not first.identified
    assert Pipeline(settings()).identified
    assert keys(first) == keys(first) != keys(second)
    assert np.array_equal(first.compute(recording()).values[:, :, 0], 2 * NOISE)


def test_a_prepared_signal_comes_with_its_gain_and_a_recording_that_cannot_be_prepared_is_named() -> None:
    pipeline = Pipeline(settings("waveform", channels=[1], rate_hz=2000, steps=["normalise"]))
    signal, gain = pipeline.prepare(recording())
    np.testing.assert_array_equal(signal.values, pipeline.compute(recording()).values[:, :, 0])
    plain = PreparationChain(SignalSettings(channels=(1,), rate_hz=2000))(Signal(NOISE, RATE_HZ))
    np.testing.assert_allclose(signal.values, plain.values * gain, rtol=1e-6)
    with pytest.raises(DataError, match=r"array of shape \(1, 2000\): the recording has 1 channel, and"):
        pipeline.prepare(recording(NOISE[:1]))
