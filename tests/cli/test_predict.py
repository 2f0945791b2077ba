import csv
import io
import json
from pathlib import Path

import pytest
import soundfile
from tests.cli.conftest import RATE_HZ, Motet, tone

from motet.cli import main
from motet.cli.predict import as_json, as_rows
from motet.experiment.predict import FilePredictions
from motet.experiment.predict_group import TaskPrediction


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV by column."""
    return list(csv.DictReader(io.StringIO(text)))


def test_every_file_has_a_row_with_label_and_probabilities(motet: Motet, finished: Path, tones: Path) -> None:
    said = motet("predict", finished, tones)
    assert said.code == 0
    found = rows(said.out)
    assert list(found[0]) == ["path", "pitch", "pitch.high", "pitch.low"]
    names = [f"{folder}/{number:02d}.wav" for folder in ("high", "low") for number in range(16)]
    assert [row["path"] for row in found] == [f"{tones.as_posix()}/{name}" for name in names]
    for row in found:
        high, low = float(row["pitch.high"]), float(row["pitch.low"])
        assert high + low == pytest.approx(1.0, abs=2e-6)
        assert row["pitch"] == ("high" if high > low else "low")


def test_predictions_of_test_files_are_those_of_the_run(motet: Motet, finished: Path, tones: Path) -> None:
    found = {row["path"]: row for row in rows(motet("predict", finished, tones).out)}
    with (finished / "seed-1" / "fold-1" / "predictions" / "pitch.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == 8
    for row in expected:
        predicted = found[f"{tones.as_posix()}/{row['id']}"]
        assert predicted["pitch"] == row["decision"]
        for label in ("high", "low"):
            assert float(predicted[f"pitch.{label}"]) == pytest.approx(float(row[f"probability.{label}"]), abs=1e-6)


def test_json_has_the_same(motet: Motet, finished: Path, tones: Path) -> None:
    file = tones / "low" / "03.wav"
    document = json.loads(motet("predict", finished, file, "--json").out)
    assert list(document) == ["schema", "predictions", "skipped"]
    (found,) = document["predictions"]
    assert found["path"] == file.as_posix()
    (row,) = rows(motet("predict", finished, file).out)
    assert found["tasks"]["pitch"]["label"] == row["pitch"]
    assert {name: round(value, 6) for name, value in found["tasks"]["pitch"]["probabilities"].items()} == {
        label: float(row[f"pitch.{label}"]) for label in ("high", "low")
    }


@pytest.mark.parametrize("place", ["", "seed-1/fold-1", "seed-1/fold-1/best.safetensors"])
def test_a_model_is_named_by_its_run_its_fold_or_its_file(
    place: str, motet: Motet, finished: Path, tones: Path
) -> None:
    expected = motet("predict", finished, tones / "low", "--fold", "1/1").out
    assert motet("predict", finished / place, tones / "low").out == expected


def test_a_file_that_is_named_twice_is_predicted_once(motet: Motet, finished: Path, tones: Path) -> None:
    file = tones / "low" / "00.wav"
    assert len(rows(motet("predict", finished, file, tones / "low", file).out)) == 16


def test_all_files_that_cannot_be_used_are_listed(motet: Motet, finished: Path, tmp_path: Path) -> None:
    tone(tmp_path / "good.wav", 300)
    tone(tmp_path / "two.wav", 300, channels=2)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.txt").write_text("not looked at")
    said = motet("predict", finished, tmp_path, tmp_path / "gone.wav", "--json")
    assert said.code == 3
    problems = json.loads(said.out)["error"]["problems"]
    assert problems[0] == f"{tmp_path}/gone.wav: there is no such file or folder"
    assert problems[1] == f"{tmp_path}/empty.wav: the file is empty (0 bytes); replace it or leave it out"
    assert problems[2].startswith(f"{tmp_path}/two.wav: its map has 2 channels, 12 bins, a frame every 0.016 s")
    assert "and the model wants 1 channel, 12 bins" in problems[2]
    assert problems[3].startswith("3 recordings cannot be used; repair them or leave them out, or")


def test_what_cannot_be_used_is_skipped_and_listed_where_one_says_so(
    motet: Motet, finished: Path, tmp_path: Path
) -> None:
    good = tone(tmp_path / "good.wav", 300)
    (tmp_path / "empty.wav").touch()
    said = motet("predict", finished, tmp_path, "--on-error", "skip", "--json")
    document = json.loads(said.out)
    assert said.code == 0
    assert [found["path"] for found in document["predictions"]] == [good.as_posix()]
    reason = f"{tmp_path}/empty.wav: the file is empty (0 bytes); replace it or leave it out"
    assert document["skipped"] == [{"path": f"{tmp_path}/empty.wav", "reason": reason}]
    assert said.err == f"warning: skipped {reason}\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["{run}/gone", "{tones}"], 3, "gone: cannot be read"),
        (["{tones}", "{tones}"], 2, "holds no model; name the folder of a run, or a .safetensors file"),
        (["{run}", "{tones}", "--fold", "1/7"], 2, "--fold 1/7: {run} has no such model; there is 1/1"),
        (["{run}", "{tones}", "--like", "tonse"], 2, "--like tonse: there is no such data set; did you mean 'tones'?"),
        (["{run}", "{run}"], 3, "no recordings (looked for .aif, "),
        (["{run}", "{run}/gone", "--on-error", "skip"], 3, "gone: there is no such file or folder"),
    ],
)
def test_what_cannot_be_predicted_is_told(
    words: list[str], code: int, message: str, motet: Motet, finished: Path, tones: Path
) -> None:
    said = motet("predict", *(word.format(run=finished, tones=tones) for word in words))
    assert said.code == code
    assert message.format(run=finished) in said.err


def test_every_kind_of_task_has_its_columns() -> None:
    predicted = FilePredictions(
        {
            "a.wav": {
                "sound": TaskPrediction("dog", {"cat": 0.25, "dog": 0.75}),
                "tags": TaskPrediction(["loud", "near"], {"far": 0.1, "loud": 0.9, "near": 0.6}),
                "level": TaskPrediction({"value": -12.5}, {"value": -12.5}),
                "affect": TaskPrediction({"valence": 0.1, "arousal": 0.2}, {"valence": 0.1, "arousal": 0.2}),
            }
        },
        {"b.wav": "b.wav: is empty"},
    )
    header, row = as_rows(predicted)
    assert dict(zip(header, row, strict=True)) == {
        "path": "a.wav",
        "sound": "dog", "sound.cat": "0.250000", "sound.dog": "0.750000",
        "tags": "loud|near", "tags.far": "0.100000", "tags.loud": "0.900000", "tags.near": "0.600000",
        "level": -12.5,
        "affect.valence": 0.1, "affect.arousal": 0.2,
    }  # fmt: skip
    assert as_json(predicted) == {
        "predictions": [
            {
                "path": "a.wav",
                "tasks": {
                    "sound": {"label": "dog", "probabilities": {"cat": 0.25, "dog": 0.75}},
                    "tags": {"labels": ["loud", "near"], "probabilities": {"far": 0.1, "loud": 0.9, "near": 0.6}},
                    "level": {"values": {"value": -12.5}},
                    "affect": {"values": {"valence": 0.1, "arousal": 0.2}},
                },
            }
        ],
        "skipped": [{"path": "b.wav", "reason": "b.wav: is empty"}],
    }


@pytest.fixture(scope="module")
def cleaning(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that hears the pitch and makes the tone again."""
    folder = tmp_path_factory.mktemp("cleaning")
    (folder / "again.yaml").write_text(f"""\
data:
  tones:
    source: {{kind: folders, path: "{tones.as_posix()}", task: pitch}}
    tasks: {{pitch: multiclass, again: {{kind: dense, loss: [si_sdr]}}}}
signal: {{steps: [{{kind: normalise, method: rms}}]}}
features: waveform
scaling: none
split: {{kind: holdout, test: 0.25, dev: 0}}
model:
  encoder: [{{kind: spectrum, window: 64, hop: 16}}, {{kind: rnn, hidden: 4}}]
  heads: {{again: {{decoder: {{kind: mask, window: 64}}}}}}
training: {{epochs: 1, threads: 1}}
evaluation: {{plots: false, interval: {{resamples: 0}}}}
store: {{path: "{(folder / "store").as_posix()}"}}
""")
    assert main(["train", str(folder / "again.yaml"), "-o", str(folder / "run")]) == 0
    assert (
        main(
            ["train", str(folder / "again.yaml"), "data.tones.tasks={again: {kind: dense}}", "-o", str(folder / "maps")]
        )
        == 0
    )
    return folder


def test_maps_are_written_and_the_table_names_them(motet: Motet, cleaning: Path, tones: Path, tmp_path: Path) -> None:
    said = motet("predict", cleaning / "run", tones, tones / "low" / "03.wav", "-o", tmp_path / "out")
    assert said.code == 0
    found = rows(said.out)
    assert list(found[0]) == ["path", "pitch", "pitch.high", "pitch.low", "again"]
    assert len(found) == 32
    for row in found:
        name = Path(row["path"]).relative_to(tones).as_posix()
        assert row["again"] == f"{tmp_path.as_posix()}/out/again/{name}"
        assert soundfile.info(row["again"]).frames == soundfile.info(row["path"]).frames
        assert soundfile.info(row["again"]).samplerate == RATE_HZ
    assert len([*(tmp_path / "out").rglob("*.*")]) == 32


def test_json_tells_what_was_written(motet: Motet, cleaning: Path, tones: Path, tmp_path: Path) -> None:
    file = tones / "low" / "03.wav"
    (found,) = json.loads(motet("predict", cleaning / "run", file, "-o", tmp_path, "--json").out)["predictions"]
    assert list(found["tasks"]) == ["pitch", "again"]
    frames = soundfile.info(file).frames
    expected = {"file": f"{tmp_path.as_posix()}/again/03.wav", "shape": [1, frames], "rate_hz": 4000.0, "start_s": 0.0}
    assert found["tasks"]["again"] == expected


def test_without_a_folder_maps_are_left_out_and_that_is_told(motet: Motet, cleaning: Path, tones: Path) -> None:
    said = motet("predict", cleaning / "run", tones / "low")
    assert list(rows(said.out)[0]) == ["path", "pitch", "pitch.high", "pitch.low"]
    assert "maps of again are not written; -o DIR writes them" in said.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ["{cleaning}/maps", "{tones}"],
            2,
            "the model predicts maps only (again); name the folder that they are written",
        ),
        (["{cleaning}/run", "{tones}", "-o", "{tones}/low/out"], 2, "low/out: lies in {tones}, where what is written"),
        (
            ["{finished}", "{tones}", "-o", "{cleaning}/new"],
            2,
            "new: is for maps of dense tasks, and the model predicts pitch",
        ),
        (
            ["{cleaning}/run", "{tones}/low", "{tones}/high", "-o", "{cleaning}/new"],
            2,
            "would both be written to 00.wav",
        ),
        (
            ["{cleaning}/run", "{tones}/low/00.wav", "-o", "{cleaning}/again.yaml"],
            2,
            "is a file, but maps are written into",
        ),
    ],
)
def test_where_maps_cannot_go_is_told_before_anything_is_predicted(
    words: list[str], code: int, message: str, motet: Motet, finished: Path, cleaning: Path, tones: Path
) -> None:
    places = {"finished": finished, "cleaning": cleaning, "tones": tones}
    said = motet("predict", *(word.format(**places) for word in words))
    assert said.code == code
    assert message.format(**places) in said.err
    assert not (cleaning / "new").exists()
