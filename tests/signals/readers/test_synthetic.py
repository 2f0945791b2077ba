from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.errors import DataError
from motet.files.digest_cache import DigestCache
from motet.signals.readers.synthetic.base import Synthetic, levelled, with_noise
from motet.signals.readers.synthetic.events import SyntheticEvents
from motet.signals.readers.synthetic.scenes import SceneTruth, SyntheticScene
from motet.signals.readers.synthetic.sensors import SyntheticSensors
from motet.signals.readers.synthetic.speakers import SpeakerTruth, SyntheticSpeaker
from motet.signals.readers.synthetic.textures import FAMILIES, texture_name

SENSORS: dict[str, Any] = {"rate_hz": 50.0, "duration_s": 2.5}
KINDS: list[tuple[type[Synthetic], dict[str, Any], int]] = [
    (SyntheticScene, {"classes": 8}, 1),
    (SyntheticEvents, {"classes": 8}, 1),
    (SyntheticSpeaker, {"classes": 10, "rate_hz": 8000.0}, 1),
    (SyntheticSensors, {"classes": 4, **SENSORS}, 3),
]


@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS)
def test_a_recording_depends_on_its_fields_alone(kind: Any, fields: dict[str, Any], num_channels: int) -> None:
    first, again = kind(index=5, **fields).read(), kind(index=5, **fields).read()
    others = [kind(index=6, **fields), kind(index=5, seed=1, **fields)]

    assert first.values.dtype == np.float32
    assert first.num_channels == num_channels
    assert first.rate_hz == fields.get("rate_hz", 16_000.0)
    np.testing.assert_array_equal(first.values, again.values)
    for other in others:
        shortest = min(first.num_samples, other.num_samples)
        assert not np.allclose(other.read().values[:, :shortest], first.values[:, :shortest])


@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS)
def test_durations_vary_around_the_mean(kind: Any, fields: dict[str, Any], num_channels: int) -> None:
    readers = [kind(index=index, **fields) for index in range(200)]
    durations = np.array([reader.num_samples / reader.rate_hz for reader in readers]) / readers[0].duration_s

    assert durations.min() < 0.65
    assert durations.max() > 1.35
    assert durations.mean() == pytest.approx(1.0, abs=0.05)
    assert readers[7].read().num_samples == readers[7].num_samples


@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS)
def test_a_span_is_a_part_of_the_whole(kind: Any, fields: dict[str, Any], num_channels: int) -> None:
    reader = kind(index=3, **fields)
    whole, part = reader.read(), reader.read(0.1, 0.3)

    start, stop = round(0.1 * reader.rate_hz), round(0.3 * reader.rate_hz)
    np.testing.assert_array_equal(part.values, whole.values[:, start:stop])
    assert part.start_s == pytest.approx(0.1)
    with pytest.raises(DataError, match=rf"{kind.__name__} 3 \(seed 0\): the span from 0 s to 99 s does not lie"):
        reader.read(0.0, 99.0)


@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS)
def test_the_digest_covers_every_field(
    kind: Any, fields: dict[str, Any], num_channels: int, cache: DigestCache
) -> None:
    reader = kind(index=3, **fields)
    changes: list[dict[str, Any]] = [
        {"index": 4},
        {"classes": 5},
        {"groups": 3},
        {"rate_hz": 999.0},
        {"duration_s": 1.5},
        {"noise_db": -3.0},
        {"seed": 9},
    ]
    digests = {replace(reader, **change).digest(cache) for change in [{}, *changes]}

    assert len(digests) == 8
    assert {len(digest) for digest in digests} == {16}


@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS[:3])
def test_sound_stays_within_full_scale(kind: Any, fields: dict[str, Any], num_channels: int) -> None:
    peaks = [np.abs(kind(index=index, **fields).read().values).max() for index in range(40)]

    assert min(peaks) > 0.05
    assert max(peaks) <= 1.0


@pytest.mark.parametrize("rate_hz", [40.0, 173.61, 8000.0, 44_100.0])
@pytest.mark.parametrize(("kind", "fields", "num_channels"), KINDS)
def test_any_rate_and_any_number_of_classes(
    kind: Any, fields: dict[str, Any], num_channels: int, rate_hz: float
) -> None:
    for index in (0, 13, 63):
        reader = kind(index=index, classes=64, rate_hz=rate_hz, duration_s=0.3)
        values = reader.read().values
        assert values.shape == (num_channels, reader.num_samples)
        assert np.isfinite(values).all()


def test_classes_and_groups_are_balanced() -> None:
    truths = [SyntheticScene(index=index, classes=4, groups=3).truth() for index in range(24)]

    assert set(Counter((truth.scene, truth.place) for truth in truths).values()) == {2}
    assert truths[5] == SceneTruth(scene="chirp", place="place_2")


def test_texture_names_are_distinct() -> None:
    names = [texture_name(number) for number in range(64)]

    assert len(set(names)) == 64
    assert names[: len(FAMILIES)] == [family.name for family in FAMILIES]


def test_events_lie_in_the_recording_and_no_class_occurs_twice() -> None:
    for index in range(60):
        reader = SyntheticEvents(index=index, classes=5)
        events = reader.truth().events
        duration_s = reader.num_samples / reader.rate_hz
        assert 1 <= len(events) <= 3
        assert len(reader.truth().labels) == len(events)
        assert texture_name(index % 5) in reader.truth().labels
        assert [event.onset_s for event in events] == sorted(event.onset_s for event in events)
        assert all(0.0 <= event.onset_s < event.offset_s <= duration_s for event in events)


def test_there_are_no_more_events_than_classes() -> None:
    assert all(len(SyntheticEvents(index=index, classes=2).truth().events) <= 2 for index in range(20))


def test_sound_is_where_the_events_are() -> None:
    for index in range(10):
        reader = SyntheticEvents(index=index, classes=5, noise_db=-60.0)
        values = reader.read().values[0]
        inside = np.zeros(len(values), dtype=bool)
        for event in reader.truth().events:
            inside[round(event.onset_s * 16_000) : round(event.offset_s * 16_000)] = True
        assert np.sqrt(np.mean(values[inside] ** 2)) > 50 * np.sqrt(np.mean(values[~inside] ** 2))


def test_speakers_say_digits() -> None:
    assert SyntheticSpeaker(index=25, classes=10, groups=6).truth() == SpeakerTruth(digit="5", speaker="speaker_3")


def test_intensity_is_uniform_and_moves_the_sensor() -> None:
    readers = [SyntheticSensors(index=index, noise_db=-60.0, **SENSORS) for index in range(0, 800, 4)]
    intensities = np.array([reader.truth().intensity for reader in readers])
    movement = np.array([reader.read().values.std(axis=1).mean() for reader in readers])

    assert intensities.min() < 0.05
    assert intensities.max() > 0.95
    assert {reader.truth().activity for reader in readers} == {"walk"}
    assert np.corrcoef(intensities, movement)[0, 1] > 0.98


@pytest.mark.parametrize("noise_db", [-20.0, 0.0])
def test_noise_has_its_level(noise_db: float) -> None:
    sound = np.sin(np.arange(50_000, dtype=np.float32))
    added = with_noise(sound, noise_db, np.random.default_rng(0)) - sound

    assert 20 * np.log10(np.std(added) / np.sqrt(0.5)) == pytest.approx(noise_db, abs=0.1)


@pytest.mark.parametrize(("draw", "level_db"), [(0.0, -26.0), (0.5, -20.0), (0.999999, -14.0)])
def test_the_level_is_drawn_within_6_db(draw: float, level_db: float) -> None:
    sound = levelled(np.sin(np.arange(50_000, dtype=np.float32)), draw)

    assert 20 * np.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(level_db, abs=0.01)


def test_a_peaked_sound_stays_below_its_limit() -> None:
    click = np.zeros(1000, dtype=np.float32)
    click[10] = 7.0

    assert levelled(click, 0.9).max() == pytest.approx(0.3)


def spectrum_features(reader: Synthetic) -> NDArray[np.float64]:
    """Return the log of the mean power in 32 bands, relative to the whole."""
    values = reader.read().values[0]
    power = np.abs(np.fft.rfft(values * np.hanning(len(values)), 16_384)) ** 2
    bands = np.add.reduceat(power, np.unique(np.geomspace(8, 8000, 33).astype(int)))
    features: NDArray[np.float64] = np.log(bands / power.sum() + 1e-6)
    return features


@pytest.mark.parametrize(
    ("kind", "classes", "of_group"),
    [(SyntheticScene, 16, False), (SyntheticSpeaker, 6, False), (SyntheticSpeaker, 6, True)],
)
def test_the_classes_can_be_learnt_but_not_at_once(kind: Any, classes: int, of_group: bool) -> None:
    readers = [kind(index=index, classes=classes) for index in range(2 * 6 * classes)]
    features = np.array([spectrum_features(reader) for reader in readers])
    labels = np.array([reader.group_number if of_group else reader.class_number for reader in readers])
    half = len(readers) // 2

    centres = np.array([features[:half][labels[:half] == label].mean(axis=0) for label in range(labels.max() + 1)])
    distances = np.square(features[half:, None] - centres).sum(axis=2)
    accuracy = np.mean(distances.argmin(axis=1) == labels[half:])

    assert 2.5 / len(centres) < accuracy < 0.98
