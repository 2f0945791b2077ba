"""Events with the soft scenes of a teacher, on small trees of the layouts from Tampere."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import motet
from motet.config import Context, load, validate
from motet.experiment.dry_run import dry_run
from motet.experiment.settings import Experiment
from motet.files import JsonLines
from motet.runs.folder import RunFolder

PAPERS = Path(__file__).parents[2] / "examples" / "papers"
KEPT = ("city_center", "home", "office", "residential_area")
OTHERS = (
    "beach", "bus", "cafe/restaurant", "car", "forest_path", "grocery_store", "library", "metro_station", "park",
    "train", "tram",
)  # fmt: skip
HEARD = {
    ("2016", "home"): ("cutlery", "water tap running"),
    ("2016", "residential_area"): ("bird singing", "people walking"),
    ("2017", "street"): ("car", "people walking"),
}


def write(path: Path, seed: int) -> None:
    """Write half a second of a noisy tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(scale=0.05, size=4000)
    soundfile.write(path, 0.2 * np.sin(np.arange(4000) * (0.1 + 0.05 * (seed % 20))) + noise, 8000)


def scenes(folder: Path) -> None:
    """Write two places of every scene, one for either side of the one fold, and two recordings at each."""
    rows: dict[str, list[str]] = {"train": [], "evaluate": []}
    for number, scene in enumerate((*KEPT, *OTHERS)):
        for cut in range(6):
            side = "evaluate" if cut >= 4 else "train"
            name = f"audio/p{number:02d}{cut}_0_30.wav"
            write(folder / name, number)
            rows[side].append(f"{name}\t{scene}\n")
    (folder / "meta.txt").write_text("".join(rows["train"] + rows["evaluate"]))
    (folder / "evaluation_setup").mkdir()
    for side, lines in rows.items():
        (folder / "evaluation_setup" / f"fold1_{side}.txt").write_text("".join(lines))


def events(folder: Path, scene: str, heard: tuple[str, ...], seed: int) -> None:
    """Write eight recordings with two events each, six of which train."""
    rows: dict[str, list[str]] = {"train": [], "evaluate": []}
    for cut in range(8):
        name = f"audio/{scene}/{scene}{cut}.wav"
        write(folder / name, seed)
        for number, label in enumerate(heard):
            line = f"{name}\t{scene}\t{0.2 * number:g}\t{0.2 * number + 0.15:g}\t{label}\n"
            rows["evaluate" if cut >= 6 else "train"].append(line)
    (folder / "evaluation_setup").mkdir(exist_ok=True)
    for side, lines in rows.items():
        (folder / "evaluation_setup" / f"{scene}_fold1_{side}.txt").write_text("".join(lines))


def test_imoto_2020(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes(tmp_path / "TUT-acoustic-scenes-2016-development")
    for seed, ((year, scene), heard) in enumerate(HEARD.items()):
        events(tmp_path / f"TUT-sound-events-{year}-development", scene, heard, seed)
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))
    monkeypatch.setenv("IMOTO_TEACHER", str(tmp_path / "teacher"))
    quick = [
        "training.epochs=2", "evaluation.plots=false", "evaluation.interval.resamples=10", "segments.length_s=0.4",
        "segments.hop_s=0.4", "signal.rate_hz=8000", f"store.path={tmp_path / 'store'}",
    ]  # fmt: skip

    def read(name: str, *more: str) -> Experiment:
        return validate(Experiment, load(PAPERS / name, [*quick, *more]), Context(check_files=True))

    taught = motet.train(read("imoto2020-teacher.yaml"), tmp_path / "teacher")
    assert taught.model().tasks["scene"].labels == KEPT
    small = ["model.encoder.0.channels=[4, 4, 4]", "model.heads.events.layers.0.hidden=4"]
    labels = sorted({label for heard in HEARD.values() for label in heard})
    declared = [f"data.{name}.tasks.events.labels={labels}" for name in ("home", "residential_area", "street")]
    experiment = read("imoto2020.yaml", *small, *declared)
    plan = dry_run(experiment)
    assert [(found.task, found.fold, found.data_sets) for found in plan.teachers] == [
        ("scene", "1", ("home", "residential_area", "street"))
    ]
    assert {row.train for row in plan.rows if row.task == "scene"} == {0}, "no recording has a scene label"
    run = motet.train(experiment, tmp_path / "student")
    assert list(run.result["tasks"]) == ["events"]
    records = JsonLines(RunFolder(run.path).fold(1, 1).metrics).read()
    assert 0 < records[-1]["loss"]["scene"] < records[0]["loss"]["scene"]
    assert run.model().tasks["scene"].labels == KEPT
