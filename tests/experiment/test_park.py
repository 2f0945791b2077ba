"""Contexts of Park et al. 2020 on a small tree of the published layout, from stored vectors."""

from pathlib import Path

import numpy as np
import pytest

import motet
from motet.experiment.dry_run import dry_run

PAPER = Path(__file__).parents[2] / "examples" / "papers" / "park2020.yaml"
SOUNDS = ("Crowd", "Applause", "Laughter", "Typing", "Door", "Silence", "Television", "Walk, footsteps", "Speech")
SEGMENTS, SECONDS = 8, 3


def contexts(folder: Path) -> None:
    """Write seconds of every context and many of none, with a vector for each."""
    (folder / "vectors").mkdir(parents=True)
    sounds = [*SOUNDS, "None of the above", "Cough"]
    centres = np.random.default_rng(0).normal(scale=2.0, size=(len(sounds), 128))
    for number, sound in enumerate(sounds):
        for segment in range(SEGMENTS):
            name = f"id_video{number:02d}_{segment:03d}_30_40"
            (folder / "audioset_1sec" / name).mkdir(parents=True)
            for second in range(SECONDS):
                own = f"{name}_{second:02d}"
                (folder / "audioset_1sec" / name / f"{own}.wav").touch()
                rows = [f'{number},/m/{number},"{sound}"\n']
                if sound == "Crowd" and second == 0:
                    rows.append('0,/m/09x0r,"Speech"\n')
                (folder / "audioset_1sec" / name / f"{own}_labels.txt").write_text("".join(rows))
                noise = np.random.default_rng([number, segment, second]).normal(size=128)
                np.save(folder / "vectors" / f"{own}.npy", (centres[number] + noise).astype(np.float32))


def test_park_2020(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts(tmp_path)
    monkeypatch.setenv("MOTET_DATA", str(tmp_path))
    overrides = [
        "training.epochs=3", "training.batch_size=16", "evaluation.plots=false", "evaluation.interval.resamples=10",
        f"store.path={tmp_path / 'store'}", f"data.contexts.source.vectors={tmp_path / 'vectors'}",
        "split.folds=2", "data.contexts.limit_labels.contexts.leftover=9",
    ]  # fmt: skip
    grid = motet.load_sweep(PAPER, overrides)
    assert [point.name for point in grid.points] == ["drop_labels=with-speech", "drop_labels=without-speech"]
    plan = dry_run(grid.points[0].experiment)
    assert len(plan.tasks["contexts"].labels) == 10
    assert plan.layers is not None
    assert str(plan.layers[0].in_shapes[0]) == "[C=1, T=?, F=128]"
    assert dry_run(grid.points[1].experiment).tasks["contexts"].labels == tuple(
        label for label in plan.tasks["contexts"].labels if label != "speech"
    )
    found = motet.sweep(grid, tmp_path / "sweep")
    assert found.failed == []
    tested = [
        sum(
            len((tmp_path / "sweep" / point.name / f"seed-1/fold-{fold}/predictions/contexts.csv").read_text().split())
            for fold in (1, 2)
        )
        for point in grid.points
    ]
    rows = len(SOUNDS) * SEGMENTS * SECONDS + 9
    assert tested == [rows + 2, rows + 2 - SEGMENTS * SECONDS]  # a header a fold
    assert found.result["points"][1]["tasks"]["contexts"]["map"]["value"] > 0.5
