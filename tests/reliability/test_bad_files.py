"""A folder with every kind of bad file: one error that lists them all, or a run that lists what it skipped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import motet
from motet.cli import main
from motet.runs.folder import RunFolder, read_json
from tests.reliability.small import small_experiment, write_experiment

RATE_HZ = 2000
REASONS = {
    "high/empty.wav": "the file is empty (0 bytes); replace it or leave it out",
    "high/text.wav": "no sound that libsndfile can decode (Format not recognised); convert it to WAV or FLAC",
    "high/truncated.wav": "the file is truncated (its header gives 1600 bytes but 778 are there); replace it with",
    "low/nan.npy": "1 of 800 values are NaN, infinite or beyond float32, the first (nan) in channel 0 at sample 3; all",
    "low/one.wav": "holds a single sample, which is no signal; replace it or leave it out",
    "low/stereo.wav": "its map has 2 channels, 6 bins, a frame every 0.016 s, made at 2000 Hz, where most have 1",
    "low/zero.wav": "holds no samples; remove it from the data or record it again",
}
TOTAL = 24 + len(REASONS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones of two heights, and among them seven files that cannot be used."""
    root = tmp_path_factory.mktemp("recordings")
    generator, time_s = np.random.default_rng(0), np.arange(800) / RATE_HZ
    for label, frequency_hz in (("high", 700), ("low", 200)):
        (root / label).mkdir()
        for number in range(12):
            tone = 0.3 * np.sin(2 * np.pi * frequency_hz * time_s) + 0.1 * generator.normal(size=800)
            soundfile.write(root / label / f"{number}.wav", tone, RATE_HZ)
    whole = (root / "high" / "0.wav").read_bytes()
    (root / "high" / "empty.wav").write_bytes(b"")
    (root / "high" / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    (root / "high" / "text.wav").write_text("This is no sound.\n" * 20)
    values = np.zeros(800, np.float32)
    values[3] = np.nan
    np.save(root / "low" / "nan.npy", values)
    soundfile.write(root / "low" / "zero.wav", np.zeros(0), RATE_HZ)
    soundfile.write(root / "low" / "one.wav", np.full(1, 0.5), RATE_HZ)
    soundfile.write(root / "low" / "stereo.wav", generator.normal(size=(800, 2)), RATE_HZ)
    return root


def tones(folder: Path, store: Path, **of_data: Any) -> motet.Experiment:
    source = {"kind": "folders", "path": str(folder), "extensions": [".wav", ".npy"]}
    return small_experiment(
        store,
        signal={"reader": {"rate_hz": RATE_HZ}},
        sampling="mixed",
        data={"tones": {"source": source, **of_data}},
        split={"kind": "holdout", "test": 0.3, "dev": 0.3},
        training={"epochs": 1},
    )


def listed(folder: Path) -> list[str]:
    return [f"{folder / name}: {reason}" for name, reason in REASONS.items()]


@pytest.mark.parametrize("verb", ["extract", "train"])
def test_one_error_lists_every_bad_file_with_reason_and_remedy(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_experiment(tmp_path / "tones.yaml", tones(folder, tmp_path / "store"))
    assert main([verb, str(file), "--json"]) == 3
    output, errors = capsys.readouterr()
    found = json.loads(output)["error"]["problems"]
    assert len(found) == len(REASONS) + 1
    assert all(line.startswith(reason) for line, reason in zip(found, listed(folder), strict=False))
    summary = f"data set 'tones': {len(REASONS)} of {TOTAL} recordings cannot be used; "
    assert found[-1] == f"{summary}repair or remove them, or set data.tones.on_error: skip"
    assert all(line in errors for line in found)
    assert "Traceback" not in errors
    assert main([verb, str(file)]) == 3, "what is good was stored, and what is bad is told again"
    again = capsys.readouterr().err
    assert again.startswith("error: ")
    assert again.count("\nerror: ") == 0


def test_within_a_budget_they_are_skipped_and_listed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = tones(folder, tmp_path / "store", on_error="skip", max_skipped=0.25)
    file, run = write_experiment(tmp_path / "tones.yaml", experiment), RunFolder(tmp_path / "run")
    assert main(["extract", str(file), "--json"]) == 0
    extracted = json.loads(capsys.readouterr().out)["data"]["tones"]["signal"]
    assert (extracted["computed"], list(extracted["skipped"])) == (TOTAL - len(REASONS) + 1, list(REASONS))
    assert main(["train", str(file), "-o", str(run.path)]) == 0
    capsys.readouterr()
    described = read_json(run.data)["tones"]
    assert list(described["skipped"]) == list(REASONS)
    told = zip(described["skipped"].values(), listed(folder), strict=True)
    assert all(line.startswith(reason) for line, reason in told)
    log = run.log.read_text()
    assert all(f"WARNING data tones: skipped {reason}" in log for reason in listed(folder))
    rows = read_json(run.fold(1, 1).scores)["rows"]
    assert sum(rows[part]["tones"]["rows"] for part in ("train", "dev", "test")) == TOTAL - len(REASONS)
    predicted = (run.fold(1, 1).predictions / "label.csv").read_text()
    assert not any(name in predicted for name in REASONS)


def test_beyond_the_budget_it_is_an_error_again(folder: Path, tmp_path: Path) -> None:
    experiment = tones(folder, tmp_path / "store", on_error="skip", max_skipped=0.2)
    message = rf"{len(REASONS)} of {TOTAL} recordings cannot be used; that is more than data\.tones\.max_skipped, 0\.2"
    with pytest.raises(motet.DataError, match=message) as error:
        motet.extract(experiment, workers=1)
    assert error.value.exit_code == 3
    assert len(error.value.problems) == len(REASONS) + 1


def test_a_data_set_of_bad_files_alone_is_an_error_with_any_budget(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    for label, name in (("high", "empty.wav"), ("low", "zero.wav")):
        (alone / label).mkdir(parents=True)
        (alone / label / name).write_bytes((folder / label / name).read_bytes())
    experiment = tones(alone, tmp_path / "store", on_error="skip", max_skipped=1.0)
    with pytest.raises(motet.DataError, match=r"2 of 2 recordings cannot be used; repair or remove them"):
        motet.extract(experiment, workers=1)


def test_two_channels_are_no_misfit_where_they_become_one(folder: Path, tmp_path: Path) -> None:
    experiment = tones(folder, tmp_path / "store", on_error="skip", max_skipped=0.25)
    mono = experiment.model_copy(update={"signal": experiment.signal.model_copy(update={"channels": "mono"})})
    skipped = motet.extract(mono, workers=1)["data"]["tones"]["signal"]["skipped"]
    assert list(skipped) == [name for name in REASONS if name != "low/stereo.wav"]
