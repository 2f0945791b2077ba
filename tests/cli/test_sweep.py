import json
from pathlib import Path

import pytest
from tests.cli.conftest import Motet

from motet.cli.sweep import tables

VARIED = "sweep={training.epochs: [0, 1], features.bands: [12]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps") / "tones"


def test_points_are_run_and_their_figures_printed_best_first(motet: Motet, experiment: Path, folder: Path) -> None:
    said = motet("sweep", experiment, VARIED, "-o", folder)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "pitch"
    assert lines[1].split() == ["training.epochs", "features.bands", "uar", "low", "high"]
    values = [float(line.split()[2]) for line in lines[3:5]]
    assert values == sorted(values, reverse=True)
    assert lines[-1] == str(folder)
    assert "point 2 of 2: epochs=1,bands=12" in said.err


def test_a_dry_run_tells_what_becomes_of_every_point(motet: Motet, experiment: Path, folder: Path) -> None:
    motet("sweep", experiment, VARIED, "-o", folder)
    said = motet("sweep", experiment, VARIED.replace("[0, 1]", "[1, 2]"), "-o", folder, "--dry-run")
    assert said.code == 0
    rows = [line.split(maxsplit=2) for line in said.out.splitlines()[2:4]]
    assert rows == [["1", "epochs=1,bands=12", "kept"], ["2", "epochs=2,bands=12", "runs"]]
    assert said.out.splitlines()[-1] == "2 points: 1 kept, 1 runs"
    assert not (folder / "epochs=2,bands=12").exists()


def test_why_runs_and_features_are_reused_or_not(motet: Motet, experiment: Path, folder: Path) -> None:
    motet("sweep", experiment, VARIED, "-o", folder)
    said = motet("sweep", experiment, VARIED, "training.batch_size=4", "features.hop_s=0.02", "-o", folder, "--explain")
    assert said.code == 0
    for line in (
        "  run: runs anew, because of what changed since:",
        "    training.batch_size: 8 there, 4 here",
        "    features.hop_s: 0.016 there, 0.02 here",
    ):
        assert line in said.out.splitlines()
    assert "  data tones, input signal: 0 of 32 maps are stored; 32 " in said.out  # young files may be read again
    document = json.loads(motet("sweep", experiment, VARIED, "-o", folder, "--explain", "--json").out)
    assert document["schema"] == 1
    assert [(point["state"], point["features"]) for point in document["points"]] == [
        ("finished", ["data tones, input signal: 32 of 32 maps are stored"])
    ] * 2


def test_a_failed_point_is_exit_code_1(motet: Motet, experiment: Path, tmp_path: Path) -> None:
    varied = "sweep={model.encoder.0.channels: [[4], [4, 4, 4, 4, 4]], training.epochs: [0]}"
    said = motet("sweep", experiment, varied, "-o", tmp_path / "sweep", "--json")
    assert said.code == 1
    points = json.loads(said.out)["points"]
    assert [point["status"] for point in points] == ["finished", "failed"]
    said = motet("sweep", experiment, varied, "-o", tmp_path / "sweep")
    assert "FAILED: 1 of 2" in said.out


def test_long_tables_are_cut() -> None:
    points = [
        {"name": f"seed={n}", "choices": {"seed": str(n)}, "status": "finished", "error": None,
         "tasks": {"level": {"mae": {"value": value, "low": None, "high": None}}}}
        for n, value in enumerate([*map(float, range(24, 0, -1)), None])
    ]  # fmt: skip
    text = tables({"axes": ["seed"], "points": points})
    assert text.splitlines()[3].split() == ["23", "1.0000", "-", "-"]  # the smallest error first
    assert text.splitlines()[-1] == "(5 more in sweep.csv)"
