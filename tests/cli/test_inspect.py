import json
import sys
from pathlib import Path

import pytest
import soundfile
from tests.cli.conftest import Motet


def test_a_folder(tones: Path, motet: Motet) -> None:
    said = motet("inspect", tones)
    assert said.code == 0
    assert "32 rows" in said.out
    assert "4,000 Hz" in said.out
    assert "No problems were found." in said.out


def test_an_experiment_as_json(experiment: Path, motet: Motet) -> None:
    said = motet("inspect", experiment, "--json")
    found = json.loads(said.out)
    assert found["schema"] == 1
    tones = found["data"]["tones"]
    assert tones["targets"]["pitch"]["labels"] == {"high": 16, "low": 16}
    assert tones["inputs"]["signal"]["read"] == 32
    assert tones["problems"] == found["shared"] == []


def test_problems_are_told_with_their_remedy(tones: Path, tmp_path: Path, motet: Motet) -> None:
    samples, rate_hz = soundfile.read(tones / "low" / "00.wav")
    for name, part in {"a/1.wav": samples, "b/2.wav": samples, "b/3.wav": samples[::-1]}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, part, rate_hz)
    (tmp_path / "a" / "broken.wav").write_bytes(b"RIFF")
    said = motet("inspect", tmp_path)
    assert said.code == 0
    lines = said.out[said.out.index("PROBLEMS") :]
    assert lines.index("equal content") < lines.index("repeat the content")
    assert "cannot be read" in lines
    assert "on_error: skip" in lines


def test_settings_of_a_plain_folder(tmp_path: Path, motet: Motet) -> None:
    for name in ("a/1.txt", "b/1.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("\n".join(str(n % 7) for n in range(50)))
    assert "carries no sampling rate" in motet("inspect", tmp_path).err
    said = motet("inspect", tmp_path, "source.rate_hz=25")
    assert "25 Hz" in said.out
    assert "2 s" in said.out
    refused = motet("inspect", tmp_path, "training.epochs=3")
    assert (refused.code, "only signal and source" in refused.err) == (2, True)


def test_pictures(tones: Path, tmp_path: Path, motet: Motet) -> None:
    pytest.importorskip("matplotlib")
    said = motet("inspect", tones, "--most", "8", "-o", tmp_path / "pictures")
    assert said.code == 0, said.err
    drawn = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert [name.split("-")[-1] for name in drawn] == ["durations.png", "examples.png"]
    assert all(str(tmp_path / "pictures" / name) in said.out for name in drawn)


def test_pictures_need_matplotlib(tones: Path, tmp_path: Path, motet: Motet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet.runs.plots.can_draw", lambda: False)
    said = motet("inspect", tones, "-o", tmp_path)
    assert (said.code, "motet[plots]" in said.err) == (4, True)


def test_nothing_there(motet: Motet) -> None:
    said = motet("inspect", "missing")
    assert (said.code, "there is no such file or folder" in said.err) == (3, True)


def test_inspecting_is_light(tones: Path) -> None:
    import subprocess

    code = f"from motet.cli import main; main(['inspect', {str(tones)!r}]); import sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "False"
