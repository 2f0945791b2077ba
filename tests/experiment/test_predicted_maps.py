"""Maps of new recordings: what evaluation measured, whole, at the level of the file and as long as it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

import motet
from motet.data.batch import Column
from motet.errors import ConfigError, MotetError
from motet.experiment.map_files import MapFile
from motet.model import Model
from motet.signals.readers.arrays import ArraySignal

RATE_HZ = 4000
MASK = {
    "encoder": [{"kind": "spectrum", "window": 64, "hop": 16}, {"kind": "rnn", "hidden": 8}],
    "heads": {"clean": {"decoder": {"kind": "mask", "window": 64, "values": "complex"}}},
}
RMS = {"kind": "normalise", "method": "rms"}


def experiment(store: Path, **changed: Any) -> motet.Experiment:
    source = {"kind": "generated", "content": "speakers", "examples": 16, "duration_s": 0.3, "rate_hz": RATE_HZ}
    given: dict[str, Any] = {
        "data": {"voices": {"source": source, "tasks": {"clean": {"kind": "dense", "loss": ["si_sdr"]}}}},
        "signal": {"rate_hz": RATE_HZ, "channels": "mono"},
        "features": "waveform",
        "scaling": "none",
        "split": {"kind": "holdout", "test": 0.25, "dev": 0},
        "model": MASK,
        "training": {"epochs": 1, "batch_size": 4, "threads": 1},
        "evaluation": {"plots": False, "interval": {"resamples": 0}},
        "store": {"path": str(store)},
    }
    return motet.Experiment(**{**given, **changed})


def trained(folder: Path, **changed: Any) -> motet.Run:
    return motet.train(experiment(folder / "store", **changed), folder / "run", workers=1)


def unchanging(folder: Path, **changed: Any) -> Model:
    """Return a model whose complex mask is 1: its waveforms are what it was given."""
    model = trained(folder, **changed).model()
    for name, weights in model.network.named_parameters():
        if "heads.clean" in name:
            torch.nn.init.zeros_(weights)
    return model


def written(
    path: Path, samples: int, *, channels: int = 1, rate_hz: int = RATE_HZ, seed: int = 0
) -> NDArray[np.float32]:
    """Write a recording with channels at levels of their own, and return it, [C, T]."""
    noise = np.random.default_rng(seed).normal(size=(channels, samples)) * 0.01 * 3.0 ** np.arange(channels)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise.T, rate_hz, subtype="FLOAT")
    return noise.astype(np.float32)


def waveform(model: Model | Path, path: Path, task: str = "clean") -> motet.Signal:
    """Return the one map of the one file."""
    decision = motet.predict(model, [path]).tasks[path.as_posix()][task].decision
    assert isinstance(decision, motet.Signal)
    return decision


def pairs(folder: Path) -> Path:
    """Write tones in noise, the tones alone, and a table of both. Rows 0, 5, 10 and so on last 0.5 s, others longer."""
    lines = ["noisy,clean,pitch"]
    for row in range(20):
        random = np.random.default_rng(row)
        time_s = np.arange(2000 + 77 * (row % 5)) / RATE_HZ
        tone = (0.05 + 0.02 * row) * np.sin(2 * np.pi * (200.0 if row % 2 else 500.0) * time_s)
        for name, values in (("noisy", tone + 0.1 * random.normal(size=len(tone))), ("clean", tone)):
            (folder / name).mkdir(exist_ok=True, parents=True)
            soundfile.write(folder / name / f"{row}.wav", values, RATE_HZ, subtype="FLOAT")
        lines.append(f"noisy/{row}.wav,clean/{row}.wav,{'low' if row % 2 else 'high'}")
    (folder / "pairs.csv").write_text("\n".join(lines))
    return folder


def of_pairs(folder: Path) -> dict[str, Any]:
    """Return an experiment that makes the tones alone of the tones in noise, and hears their pitch."""
    source = {"kind": "table", "path": str(folder / "pairs.csv"), "recording": "noisy", "beside": {"clean": "clean"}}
    dense = {"kind": "dense", "of": "clean", "loss": ["si_sdr", "l1"], "metrics": ["mse", "si_sdr"]}
    tasks = {"clean": dense, "pitch": "multiclass"}
    return {
        "data": {"tones": {"source": {**source, "targets": {"pitch": "pitch"}}, "tasks": tasks}},
        "model": {**MASK, "encoder": {"signal": MASK["encoder"]}},
    }


def gain_of(values: NDArray[np.float32]) -> float:
    return 0.1 / float(np.sqrt(np.square(values.astype(np.float64)).mean()))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="whole"),
        pytest.param({"signal": {"steps": [RMS]}, "scaling": "standard"}, id="normalised and scaled"),
        pytest.param({"segments": {"length_s": 0.1, "hop_s": 0.1}}, id="segments"),
    ],
)
def test_what_is_written_is_what_evaluation_measured(changed: dict[str, Any], tmp_path: Path) -> None:
    """The figures of every test row, computed again from the files, are those of the run."""
    folder = pairs(tmp_path / "pairs")
    run, out = trained(tmp_path, **of_pairs(folder), **changed), tmp_path / "out"
    assert len(motet.predict(run.path, [folder / "noisy"], output=out).tasks) == 20
    with (run.path / "seed-1" / "fold-1" / "predictions" / "clean.csv").open(newline="") as file:
        figures = {Path(row["id"]).name: float(row["value.mse"]) for row in csv.DictReader(file)}
    compared = 0
    for name, figure in figures.items():
        places = (out / "clean", folder / "noisy", folder / "clean")
        found, noisy, clean = (soundfile.read(place / name, dtype="float32")[0] for place in places)
        assert len(found) == len(noisy)
        if "segments" in changed and len(noisy) % 400:
            continue  # its last two segments overlap, and were measured each by itself
        if "signal" in changed:
            scale = run.model().scaling("tones", "clean")
            found, clean = found * gain_of(noisy), clean * gain_of(clean)
            found, clean = ((values - scale.offset.item()) / scale.scale.item() for values in (found, clean))
        assert figure == pytest.approx(np.square(found.astype(np.float64) - clean).mean(), rel=1e-4)
        compared += 1
    assert compared > 0


CASES = [
    pytest.param({}, id="whole"),
    pytest.param({"signal": {"rate_hz": RATE_HZ, "channels": "mono", "steps": [RMS]}}, id="normalised"),
    pytest.param({"scaling": "standard"}, id="scaled"),
    pytest.param({"segments": {"length_s": 0.1}}, id="one segment in evaluation"),
    pytest.param({"segments": {"length_s": 0.1, "hop_s": 0.03}}, id="overlapping segments"),
    pytest.param({"segments": {"length_s": 0.6, "pad": "repeat"}}, id="repeated"),
]


@pytest.mark.parametrize("changed", CASES)
def test_what_changes_nothing_gives_back_the_recording(changed: dict[str, Any], tmp_path: Path) -> None:
    """At its level and as long, mono of stereo, and at the rate of the model."""
    model = unchanging(tmp_path, **changed)
    mono = written(tmp_path / "mono.wav", 1777)
    stereo = written(tmp_path / "stereo.wav", 1501, channels=2, seed=1)
    fast = written(tmp_path / "fast.wav", 11025, rate_hz=22050, seed=2)
    slow = written(tmp_path / "slow.wav", 701, rate_hz=2000, seed=3)
    expected = {
        "mono": mono,
        "stereo": stereo.mean(axis=0, keepdims=True),
        "fast": soxr.resample(fast[0], 22050, RATE_HZ)[None],
        "slow": soxr.resample(slow[0], 2000, RATE_HZ)[None],
    }
    for name, values in expected.items():
        found = waveform(model, tmp_path / f"{name}.wav")
        assert (found.rate_hz, found.start_s) == (RATE_HZ, 0.0)
        assert found.values.shape == values.shape
        np.testing.assert_allclose(found.values, values, atol=2e-6)


def test_all_channels_come_out_each_at_its_level(tmp_path: Path) -> None:
    def stereo() -> Iterator[motet.Example]:
        for row in range(8):
            values = np.random.default_rng(row).normal(size=(2, 1000))
            yield motet.Example(f"{row}", {"signal": motet.Recording(ArraySignal(values, float(RATE_HZ)))}, {})

    data = {"voices": {"source": stereo, "tasks": {"clean": {"kind": "dense"}}}}
    given = experiment(tmp_path / "store", data=data, signal={"steps": [RMS]})
    model = motet.train(given, tmp_path / "run", workers=1).model()
    for name, weights in model.network.named_parameters():
        if "heads.clean" in name:
            torch.nn.init.zeros_(weights)
    values = written(tmp_path / "new.wav", 1200, channels=2)
    (found,) = motet.predict(model, [tmp_path / "new.wav"], output=tmp_path / "out").tasks.values()
    assert found["clean"].decision == MapFile(tmp_path / "out" / "clean" / "new.wav", (2, 1200), RATE_HZ, 0.0)
    assert found["clean"].probabilities == {}
    read, rate_hz = soundfile.read(tmp_path / "out" / "clean" / "new.wav")
    assert rate_hz == RATE_HZ
    np.testing.assert_allclose(read.T, values, atol=2e-6)


@pytest.mark.parametrize("segments", [None, {"length_s": 0.1, "hop_s": 0.1}, {"length_s": 0.6, "pad": "wrap"}])
@pytest.mark.parametrize(("loss", "level"), [("si_sdr", 1.0), ("mse", -3.0)])
def test_a_level_that_no_loss_taught_is_that_of_the_file(
    loss: str, level: float, segments: dict[str, Any] | None, tmp_path: Path
) -> None:
    """Whatever the network makes of it, upside down too; what a loss taught is left alone."""
    source = {"kind": "generated", "content": "speakers", "examples": 12, "duration_s": 0.3, "rate_hz": RATE_HZ}
    data = {"voices": {"source": source, "tasks": {"clean": {"kind": "dense", "loss": [loss]}}}}
    changed = {} if segments is None else {"segments": segments}
    signal = {"rate_hz": RATE_HZ, "steps": [RMS]}
    model = unchanging(tmp_path, data=data, signal=signal, scaling="standard", **changed)
    values = written(tmp_path / "new.wav", 1601)
    for name, weights in model.network.named_parameters():
        if "heads.clean" in name and weights.ndim == 1:
            weights.data[: len(weights) // 2] = -4.0  # the real part of the mask is 1 more than that
    model.scaling("voices", "signal").offset.fill_(0.5)  # what a loss taught is a share of what lies beside this
    found = waveform(model, tmp_path / "new.wav").values
    offset = 0.5 / gain_of(values)
    np.testing.assert_allclose(found - offset, level * (values - offset), atol=4e-6)


def test_a_silent_recording_stays_silent(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(1000), RATE_HZ)
    found = waveform(trained(tmp_path).path, tmp_path / "silent.wav")
    assert found.values.shape == (1, 1000)
    assert not found.values.any()


def test_noise_that_training_mixes_in_is_not_mixed_into_new_recordings(tmp_path: Path) -> None:
    noise = {"source": {"kind": "generated", "examples": 8, "duration_s": 0.3, "rate_hz": RATE_HZ}}
    mix = [{"data": "scenes", "snr_db": 0, "evaluation": True}]
    changed = {"noise": {"scenes": noise}, "signal": {"rate_hz": RATE_HZ, "steps": [RMS], "mix": mix}}
    values = written(tmp_path / "new.wav", 1500)
    np.testing.assert_allclose(
        waveform(unchanging(tmp_path, **changed), tmp_path / "new.wav").values, values, atol=2e-6
    )


def test_a_waveform_begins_where_preparation_lets_it_begin(tmp_path: Path) -> None:
    signal = {"rate_hz": RATE_HZ, "steps": [{"kind": "cut", "start_s": 0.05, "length_s": 0.2}, RMS]}
    values = written(tmp_path / "new.wav", 1500)
    found = waveform(unchanging(tmp_path, signal=signal), tmp_path / "new.wav")
    assert found.start_s == pytest.approx(0.05)
    np.testing.assert_allclose(found.values, values[:, 200:1000], atol=2e-6)


@pytest.mark.parametrize(
    ("segments", "error"),
    [(None, 4e-4), ({"length_s": 0.1}, 4e-4), ({"length_s": 0.1, "hop_s": 0.1}, 2e-3)],
    ids=["whole", "fading", "one behind the other"],
)
def test_a_target_at_a_higher_rate_lasts_as_long_as_the_file(
    segments: dict[str, Any] | None, error: float, tmp_path: Path
) -> None:
    """Also where it has one sample more or less than a whole multiple, and where the file itself has the lower rate."""
    source = {"kind": "generated", "content": "speakers", "examples": 12, "duration_s": 0.3, "rate_hz": RATE_HZ}
    decoder = {"kind": "subpixel", "factor": 2, "residual": True}
    run = trained(
        tmp_path,
        data={"voices": {"source": source, "tasks": {"whole": {"kind": "dense", "of": "high"}}}},
        signal={"rate_hz": RATE_HZ, "steps": [RMS], "inputs": {"low": {"rate_hz": RATE_HZ // 2}}},
        features={"low": "waveform", "high": "waveform"},
        model={"encoder": {"low": []}, "heads": {"whole": {"decoder": decoder}}},
        **({} if segments is None else {"segments": segments}),
    )
    model = run.model()
    for weights in model.network.parameters():
        torch.nn.init.zeros_(weights)
    time_s = np.arange(1501) / RATE_HZ
    tone = 0.02 * np.sin(2 * np.pi * 50 * time_s)
    soundfile.write(tmp_path / "high.wav", tone, RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "low.wav", tone[::2], RATE_HZ // 2, subtype="FLOAT")
    for name, size in (("high", 1501), ("low", 1502)):
        found = waveform(model, tmp_path / f"{name}.wav", "whole")
        assert (found.values.shape, found.rate_hz) == ((1, size), RATE_HZ)
        # Halved and interpolated again, a slow tone is nearly itself, at its own level; at the end of a segment it is
        # the sample before.
        np.testing.assert_allclose(found.values[0, 50:1450], tone[50:1450], atol=error)


@pytest.mark.parametrize("shift", [0, 2])
def test_a_feature_map_has_the_unit_of_its_feature_and_its_time(shift: int, tmp_path: Path) -> None:
    source = {"kind": "generated", "content": "speakers", "examples": 16, "duration_s": 0.3, "rate_hz": RATE_HZ}
    task = {"kind": "dense", "metrics": ["mse"], "shift": shift}
    run = trained(
        tmp_path,
        data={"voices": {"source": source, "tasks": {"again": task, "digit": "multiclass"}}},
        features={"kind": "logmel", "bands": 6, "hop_s": 0.02},
        scaling="standard",
        model={"encoder": [{"kind": "rnn", "hidden": 8}]},
    )
    model = run.model()
    written(tmp_path / "new.wav", 1500)
    (found,) = motet.predict(model, [tmp_path / "new.wav"]).tasks.values()
    assert list(found) == ["again", "digit"]
    map_ = found["again"].decision
    assert isinstance(map_, motet.FeatureMap)
    features = model.pipeline("voices", "signal").compute(motet.Recording.of(tmp_path / "new.wav"))
    assert map_.values.shape == features.values.shape
    assert map_.grid.step_s == features.grid.step_s
    assert map_.grid.start_s == pytest.approx(features.grid.start_s + shift * 0.02)
    scaling = model.scaling("voices", "signal")
    given = scaling(torch.from_numpy(features.values)[None])
    column = model.eval().network({"signal": Column(given, grid=features.grid)}, {"again": None}).predictions["again"]
    scaled = scaling(torch.from_numpy(map_.values)[None])[0].detach()
    np.testing.assert_allclose(scaled.numpy()[0], column.values[0].detach().numpy(), atol=1e-5)
    (found,) = motet.predict(model, [tmp_path / "new.wav"], output=tmp_path / "out").tasks.values()
    file = found["again"].decision
    assert file == MapFile(tmp_path / "out" / "again" / "new.npz", map_.values.shape, 50.0, map_.grid.start_s)
    with np.load(tmp_path / "out" / "again" / "new.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["values"], map_.values)
        assert (archive["rate_hz"].item(), archive["start_s"].item()) == (50.0, map_.grid.start_s)


@pytest.mark.parametrize("segments", [None, {"length_s": 0.2}, {"length_s": 0.2, "hop_s": 0.1}])
def test_other_tasks_are_predicted_as_without_maps(segments: dict[str, Any] | None, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "pairs")
    run = trained(tmp_path, **of_pairs(folder), **({} if segments is None else {"segments": segments}))
    both, labels = (motet.predict(run.path, [folder / "noisy"], maps=maps).tasks for maps in (True, False))
    written_too = motet.predict(run.path, [folder / "noisy"], output=tmp_path / "out").tasks
    assert both.keys() == labels.keys() == written_too.keys()
    for path, found in labels.items():
        assert list(found) == ["pitch"]
        assert list(both[path]) == ["clean", "pitch"]
        assert both[path]["pitch"] == found["pitch"] == written_too[path]["pitch"]
        file, signal = written_too[path]["clean"].decision, both[path]["clean"].decision
        assert isinstance(file, MapFile)
        assert isinstance(signal, motet.Signal)
        np.testing.assert_array_equal(soundfile.read(file.path, dtype="float32")[0], signal.values[0])


def test_groups_of_files_change_no_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tmp_path, segments={"length_s": 0.1})
    for number in range(7):
        written(tmp_path / "new" / f"{number}.wav", 900 + 100 * number, seed=number)
    whole = motet.predict(run.path, [tmp_path / "new"]).tasks
    monkeypatch.setattr("motet.experiment.predict._GROUP_FILES", 3)
    for path, found in motet.predict(run.path, [tmp_path / "new"], batch_size=2).tasks.items():
        one, other = found["clean"].decision, whole[path]["clean"].decision
        assert isinstance(one, motet.Signal)
        assert isinstance(other, motet.Signal)
        np.testing.assert_allclose(one.values, other.values, atol=1e-6)


def test_the_way_must_have_the_target(tmp_path: Path) -> None:
    source = {"kind": "generated", "content": "speakers", "examples": 12, "duration_s": 0.3, "rate_hz": RATE_HZ}
    both = {"mel": {"kind": "logmel", "bands": 6}, "wave": "waveform"}
    run = trained(
        tmp_path,
        data={
            "few": {"source": source, "tasks": {"digit": "multiclass"}, "features": {"mel": both["mel"]}},
            "voices": {"source": source, "tasks": {"digit": "multiclass", "shape": {"kind": "dense", "of": "wave"}}},
        },
        features=both,
        scaling={"kind": "standard", "shared": True},
        model={"encoder": {"mel": [{"kind": "rnn", "hidden": 4}]}},
    )
    written(tmp_path / "new.wav", 1500)
    with pytest.raises(
        ConfigError, match=r"task 'shape' makes the input 'wave', which 'few' does not have; say with --like"
    ):
        motet.predict(run.path, [tmp_path / "new.wav"])
    (labels,) = motet.predict(run.path, [tmp_path / "new.wav"], maps=False).tasks.values()
    assert list(labels) == ["digit"]
    (found,) = motet.predict(run.path, [tmp_path / "new.wav"], like="voices").tasks.values()
    assert isinstance(found["shape"].decision, motet.Signal)
    assert found["shape"].decision.values.shape == (1, 1500)


def test_a_map_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    model = unchanging(tmp_path)
    with torch.no_grad():
        next(model.network.parameters()).fill_(torch.nan)
        for name, weights in model.network.named_parameters():
            if "heads.clean" in name:
                weights.fill_(torch.nan)
    written(tmp_path / "new.wav", 1000)
    with pytest.raises(MotetError, match=r"new\.wav: the model predicts values of 'clean' that are not finite"):
        motet.predict(model, [tmp_path / "new.wav"])
