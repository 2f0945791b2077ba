"""The set-ups of the literature run on small corpora of the layouts that their publishers chose."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from motet.config import Context, load, validate
from motet.experiment.dry_run import dry_run
from motet.experiment.run import train
from motet.experiment.settings import Experiment

PAPERS = Path(__file__).parents[2] / "examples" / "papers"


def write(path: Path, pitch_hz: float) -> None:
    """Write a fifth of a second of a noisy tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(int(pitch_hz)).normal(scale=0.05, size=1600)
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * pitch_hz * np.arange(1600) / 8000) + noise, 8000)


def georgiev(folder: Path) -> None:
    """Six actors, four speakers with as much spoofed speech, three scenes at five places each."""
    for actor in range(1, 7):
        for emotion in range(1, 9):
            for repetition in (1, 2):
                name = f"03-01-{emotion:02d}-01-01-{repetition:02d}-{actor:02d}.wav"
                write(folder / "ravdess" / f"Actor_{actor:02d}" / name, 200 + 100 * emotion + actor)
    protocol = []
    for speaker in ("T1", "T2", "T3", "T4"):
        for number in range(12):
            file, system, key = f"{speaker}_{number}", *(("human", "human") if number < 6 else ("S1", "spoof"))
            write(folder / "ASVspoof2015" / "wav" / speaker / f"{file}.wav", 300 + 50 * int(speaker[1]) + number)
            protocol.append(f"{speaker} {file} {system} {key}\n")
    (folder / "ASVspoof2015" / "CM_protocol").mkdir()
    (folder / "ASVspoof2015" / "CM_protocol" / "cm_train.trn").write_text("".join(protocol))
    scenes, meta = folder / "TUT-acoustic-scenes-2017-development", []
    for number in range(45):
        scene, place = ("beach", "bus", "home")[number % 3], f"b{number // 3 % 5 + 10 * (number % 3):03d}"
        name = f"audio/{place}_{number}_{number + 10}.wav"
        write(scenes / name, 500 + 400 * (number % 3) + number)
        meta.append(f"{name}\t{scene}\t{place}\n")
    (scenes / "meta.txt").write_text("".join(meta))
    (scenes / "evaluation_setup").mkdir()
    (scenes / "evaluation_setup" / "fold1_train.txt").write_text(
        "".join(line.rsplit("\t", 1)[0] + "\n" for line in meta)
    )


def test_georgiev_2017(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    georgiev(tmp_path)
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))
    overrides = ["training.epochs=2", f"store.path={tmp_path / 'store'}", "evaluation.plots=false"]
    experiment = validate(Experiment, load(PAPERS / "georgiev2017.yaml", overrides), Context(check_files=True))
    plan = dry_run(experiment)
    assert list(plan.tasks) == ["speaker", "emotion", "stress", "scene"]
    assert plan.tasks["speaker"].labels == ("T1", "T2", "T3", "T4", "unknown")
    assert plan.layers is not None
    assert str(plan.layers[0].in_shapes[0]) == "[C=1, T=1, F=216]"
    result = train(experiment, tmp_path / "run").result
    assert set(result["tasks"]) == {"speaker", "emotion", "stress", "scene"}
    assert all(0 <= figures["uar"]["value"] <= 1 for figures in result["tasks"].values())
