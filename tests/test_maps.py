from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.draws import Occasion
from motet.errors import ConfigError
from motet.extraction import extract_recordings
from motet.features.extract import extract
from motet.files import DigestCache
from motet.maps import LiveMaps, StoredMaps, misfits
from motet.pipeline import InputSettings, Pipeline
from motet.signals.augment import AugmentationChain
from motet.signals.readers.arrays import ArraySignal
from motet.signals.recording import Recording
from motet.signals.settings import SignalSettings
from motet.signals.signal import Signal
from motet.store import Store

RATE_HZ = 2000.0
LENGTHS = (700, 1000, 433)
SIGNALS = [np.random.default_rng(row).normal(size=(2, count)).astype(np.float32) for row, count in enumerate(LENGTHS)]
SHIFT: dict[str, Any] = {"kind": "time_shift", "max_s": 0.2, "probability": 1.0}
LOGMEL = {"kind": "logmel", "bands": 5, "window_s": 0.032, "hop_s": 0.016}

Rows = NDArray[np.int64]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened


def stored_maps(store: Store, feature: Any, signals: list[Any] = SIGNALS, **signal: Any) -> StoredMaps:
    pipeline = Pipeline(InputSettings(signal=SignalSettings(**signal), feature=feature))
    recordings = [Recording(ArraySignal(values, RATE_HZ)) for values in signals]
    found = extract_recordings(pipeline, recordings, store, DigestCache(), workers=1)
    return StoredMaps(store, store.find(found.keys), pipeline=pipeline, recordings=recordings)


def live_maps(store: Store, feature: Any, augment: Any = (SHIFT,), seed: int = 1, stage: str = "here") -> LiveMaps:
    signals = stored_maps(store, feature, augment=list(augment))
    made = InputSettings(signal=SignalSettings(augment=tuple(augment)), feature=feature)
    chain = AugmentationChain(made.signal.augment)
    return LiveMaps(signals, Pipeline(made).feature(RATE_HZ), chain, seed=seed, stage=stage)


def read(maps: Any, rows: list[int], starts: list[int], stops: list[int], occasion: Occasion | None = None) -> Any:
    """Read ranges; what lies behind a row's frames stays -1."""
    most = max(stop - start for start, stop in zip(starts, stops, strict=True))
    out = np.full((len(rows), most, maps.channels, maps.bins), -1, np.float32)
    maps.read_many(np.array(rows), np.array(starts), np.array(stops), out, occasion)
    return out


def occasion(epoch: int, *row_ids: int) -> Occasion:
    return Occasion(epoch, np.array(row_ids))


def test_stored_maps_are_read_by_range(store: Store) -> None:
    maps = stored_maps(store, LOGMEL)
    assert (maps.channels, maps.bins) == (2, 5)
    assert (maps.grid.start_s, maps.grid.step_s) == (0.0, 0.016)
    assert maps.frames(np.array([2, 0])).tolist() == [433 // 32 + 1, 700 // 32 + 1]
    assert maps.num_bytes == 4 * 2 * 5 * sum(count // 32 + 1 for count in LENGTHS)
    feature = Pipeline(InputSettings(feature=LOGMEL)).feature(RATE_HZ)
    whole = [extract(feature, Signal(signal, RATE_HZ)).values.transpose(1, 0, 2) for signal in SIGNALS]
    found = read(maps, [1, 2], [3, 0], [9, 2])
    assert np.array_equal(found[0], whole[1][3:9])
    assert np.array_equal(found[1, :2], whole[2][:2])
    assert (found[1, 2:] == -1).all()
    assert np.array_equal(read(maps, [1], [3], [9], occasion(4, 1)), found[:1]), "nothing random precedes"


def test_a_damaged_map_is_computed_again(store: Store) -> None:
    maps = stored_maps(store, LOGMEL, [*SIGNALS, SIGNALS[1]])
    store.close()
    data = store.directory / "maps.v1.data"
    content = bytearray(data.read_bytes())
    place = int(maps._entries.field("offset")[1]) + 10
    content[place] ^= 0x40
    data.write_bytes(content)
    with Store(store.directory) as reopened:
        maps = stored_maps(reopened, LOGMEL, [*SIGNALS, SIGNALS[1]])
        feature = Pipeline(InputSettings(feature=LOGMEL)).feature(RATE_HZ)
        expected = extract(feature, Signal(SIGNALS[1], RATE_HZ)).values.transpose(1, 0, 2)
        assert np.array_equal(read(maps, [0, 1, 3], [0, 2, 2], [1, 8, 8])[1:], np.stack([expected[2:8]] * 2))
        assert "do not fit their checksum" in reopened.problems()[0]
    with Store(store.directory) as again:
        assert again.verify(again.find(maps._entries.keys)) == []


def test_identity_is_that_of_the_content(store: Store) -> None:
    first = stored_maps(store, LOGMEL).identity()
    assert first == stored_maps(store, LOGMEL).identity()
    assert first != stored_maps(store, LOGMEL, SIGNALS[::-1]).identity()
    assert first != stored_maps(store, "waveform").identity()


LIVE: list[Any] = [
    "waveform",
    LOGMEL,
    {**LOGMEL, "centred": False},
    {"kind": "spectrogram", "scale": "magnitude", "window_s": 0.03, "hop_s": 0.011},
    {"kind": "mfcc", "bands": 8, "coefficients": 5, "deltas": 2, "window_s": 0.032, "hop_s": 0.016},
]


@pytest.mark.parametrize("feature", LIVE)
def test_without_an_occasion_live_maps_are_stored_maps(store: Store, feature: Any) -> None:
    live, stored = live_maps(store, feature), stored_maps(store, feature)
    assert (live.channels, live.bins, live.grid) == (stored.channels, stored.bins, stored.grid)
    rows = np.arange(3)
    counts = stored.frames(rows)
    assert live.frames(rows).tolist() == counts.tolist()
    for starts, stops in [
        (counts * 0, counts),
        (counts // 3, counts // 2),
        (counts - 1, counts),
        (counts * 0, counts // 5),
    ]:
        found = read(live, [0, 1, 2], starts.tolist(), stops.tolist())
        assert np.allclose(found, read(stored, [0, 1, 2], starts.tolist(), stops.tolist()), rtol=1e-4, atol=2e-4)


def test_the_waveform_is_changed_before_the_feature(store: Store) -> None:
    """A gain of 20 dB adds 20 dB to a log-mel."""
    gain = {"kind": "gain", "low_db": 19.999, "high_db": 20.0, "probability": 1.0}
    live = live_maps(store, LOGMEL, [gain])
    plain, louder = read(live, [0], [2], [9]), read(live, [0], [2], [9], occasion(0, 0))
    assert np.allclose(louder - plain, 20, atol=0.01)


def test_changes_are_keyed_by_seed_stage_epoch_and_row_number(store: Store) -> None:
    live = live_maps(store, LOGMEL)
    first = read(live, [0, 0], [0, 0], [9, 9], occasion(3, 0, 40))
    assert np.array_equal(first, read(live, [0, 0], [0, 0], [9, 9], occasion(3, 0, 40)))
    assert np.array_equal(first[1:], read(live, [0], [0], [9], occasion(3, 40))), "in any company"
    assert not np.array_equal(first[0], first[1]), "a row that comes again sounds different"
    others = [
        read(live, [0], [0], [9], occasion(4, 0)),
        read(live_maps(store, LOGMEL, seed=2), [0], [0], [9], occasion(3, 0)),
        read(live_maps(store, LOGMEL, stage="elsewhere"), [0], [0], [9], occasion(3, 0)),
    ]
    assert not any(np.array_equal(first[:1], other) for other in others)


def test_a_feature_of_the_whole_clip_is_computed_of_whole_clips_only(store: Store) -> None:
    live = live_maps(store, {**LOGMEL, "reference": "peak"})
    stored = stored_maps(store, {**LOGMEL, "reference": "peak"})
    count = int(stored.frames(np.array([0]))[0])
    assert np.allclose(read(live, [0], [0], [count]), read(stored, [0], [0], [count]), atol=1e-4)
    with pytest.raises(ConfigError, match="LogMel needs the whole recording and cannot be computed on segments"):
        read(live, [0], [0], [count - 1])


def test_misfits_are_those_that_differ_from_most(store: Store) -> None:
    signals = [SIGNALS[0], SIGNALS[1][:1], SIGNALS[2]]
    pipeline = Pipeline(InputSettings(feature=LOGMEL))
    recordings = [
        *(Recording(ArraySignal(values, RATE_HZ)) for values in signals),
        Recording(ArraySignal(SIGNALS[0], 1500.0)),
    ]
    found = extract_recordings(pipeline, recordings, store, DigestCache(), workers=1)
    wrong = misfits(store.find(found.keys))
    assert list(wrong) == [1, 3]
    usual = "2 channels, 5 bins, a frame every 0.016 s, made at 2000 Hz"
    assert wrong[1].startswith(f"its map has {usual.replace('2 channels', '1 channel')}, where most have {usual}; ")
    assert wrong[3].startswith(f"its map has {usual.replace('2000', '1500')}, where most have {usual}; ")
    assert "signal.channels (such as mono) and signal.rate_hz" in wrong[3]
    assert misfits(store.find([found.keys[0], found.keys[2]])) == {}
    assert misfits(store.find([])) == {}
