"""A task of frames on the whole way: cut with its recordings, laid out on the network's frames, put together again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tests.experiment.presence import RATE_HZ, events, experiment, signal

import motet
from motet.data.splits import split_corpus
from motet.experiment.data import open_data
from motet.experiment.predict import predict
from motet.experiment.preparation import prepare_fold
from motet.model import Model
from motet.runs.folder import RunFolder, read_json
from motet.tasks import FrameValues

SEGMENTS = {"length_s": 0.8, "crop": "random", "hop_s": 0.4}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[motet.Experiment, motet.Run]:
    folder = tmp_path_factory.mktemp("frames")
    made = experiment(folder / "store", segments=SEGMENTS, training={"epochs": 15, "micro_batches": 2, "keep": "last"})
    return made, motet.train(made, folder / "run")


def test_it_learns_when_something_sounds(trained: tuple[motet.Experiment, motet.Run]) -> None:
    _, run = trained
    [predictions] = (run.path / "seed-1" / "fold-1" / "predictions").glob("sounds.csv")
    lines = predictions.read_text().splitlines()[1:]
    assert len(lines) == 10
    for line in lines:
        row = int(line.split(",")[1].removeprefix("mix-"))
        found = json.loads(line.rsplit(',"', 1)[1].removesuffix('"').replace('""', '"'))
        inside = [any(e.onset_s - 0.1 <= time <= e.offset_s + 0.1 and e.label == label for e in events(row))
                  for time, label in found]  # fmt: skip
        assert len(inside) > 3
        assert np.mean(inside) > 0.9


def test_the_scores_are_those_of_the_saved_frames(trained: tuple[motet.Experiment, motet.Run]) -> None:
    given, run = trained
    again = motet.evaluate(run.path, experiment=given)
    assert again["tasks"] == run.result["tasks"]
    assert read_json(RunFolder(run.path).fold(1, 1).scores)["tasks"]["sounds"]["per_frame"] is True


def test_segments_are_put_together_over_the_whole_recording(trained: tuple[motet.Experiment, motet.Run]) -> None:
    from motet.evaluation.frame_file import read_frames

    _, run = trained
    for row in read_frames(run.path / "seed-1" / "fold-1" / "predictions" / "sounds.frames.safetensors"):
        assert isinstance(row, FrameValues)
        assert row.grid.step_s == pytest.approx(0.032)
        assert 1.7 < len(row.values) * row.grid.step_s < 2.1
        assert ((row.values >= 0) & (row.values <= 1)).all()


def test_files_are_predicted_as_the_run_did(trained: tuple[motet.Experiment, motet.Run], tmp_path: Path) -> None:
    given, run = trained
    model = Model.load(run.path / "seed-1" / "fold-1" / "last.safetensors", experiment=given)
    lines = (run.path / "seed-1" / "fold-1" / "predictions" / "sounds.csv").read_text().splitlines()[1:]
    row = int(lines[0].split(",")[1].removeprefix("mix-"))
    soundfile.write(tmp_path / "one.wav", signal(row), int(RATE_HZ), subtype="FLOAT")
    found = predict(model, [tmp_path / "one.wav"]).tasks[f"{tmp_path.as_posix()}/one.wav"]["sounds"]
    told = json.loads(lines[0].rsplit(',"', 1)[1].removesuffix('"').replace('""', '"'))
    assert isinstance(found.decision, tuple)
    assert [list(entry) for entry in found.decision] == told
    assert found.probabilities.keys() == {"low", "high"}


def test_targets_are_cut_with_their_segments(tmp_path: Path) -> None:
    made = experiment(tmp_path / "store", segments=SEGMENTS)
    with open_data(made) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        [fold] = split_corpus(data.corpus, settings, seed=1)
        loader = prepare_fold(made, data, fold, 1).loader
        batch = loader.draw(fold.train, epoch=0, training=True)
    column = batch.targets["sounds"]
    assert batch.starts_s is not None
    assert column.lengths is not None
    for place, row in enumerate(batch.row_ids.tolist()):
        start_s = float(batch.starts_s[place])
        wanted = [event for event in events(row) if event.onset_s < start_s + 0.8 and event.offset_s > start_s]
        found = column.values[place, : int(column.lengths[place])].numpy()
        np.testing.assert_allclose(found[:, 0], [event.onset_s - start_s for event in wanted], atol=0.02)
        np.testing.assert_allclose(found[:, 1], [event.offset_s - start_s for event in wanted], atol=0.02)


def test_micro_batches_change_nothing(tmp_path: Path) -> None:
    weights = []
    for parts in (1, 3):
        made = experiment(tmp_path / "store", mixup={"alpha": 0.5}, training={"epochs": 1, "micro_batches": parts})
        model = motet.train(made, tmp_path / f"run-{parts}").model()
        weights.append({name: value.numpy() for name, value in model.network.heads.state_dict().items()})  # type: ignore[union-attr]
    for name, value in weights[0].items():
        np.testing.assert_allclose(value, weights[1][name], atol=2e-3)


def test_a_stopped_run_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal as signals

    from tests.reliability.small import differences
    from tests.reliability.test_resuming import train_with_stop

    made = experiment(tmp_path / "store", segments=SEGMENTS, mixup={"alpha": 0.5}, training={"epochs": 2})
    motet.train(made, tmp_path / "expected")
    assert train_with_stop(made, tmp_path / "run", monkeypatch, 3, signals.SIGINT)
    motet.train(made, tmp_path / "run")
    assert differences(tmp_path / "expected", tmp_path / "run") == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"segments": {"length_s": 1.0, "pad": "wrap"}}, r"segments\.pad: wrap repeats the recordings of data\.mixes"),
        ({"segments": {"length_s": 1.0}}, r"segments\.hop_s: is not set, .* lie all over; set it to 1 or less"),
        ({"segments": {"length_s": 1.0, "hop_s": 1.5}}, r"segments\.hop_s: is 1\.5, more than length_s 1, so frames"),
        ({"augment": ["gain", "time_shift"]}, r"augment\.1: time_shift moves the recordings of data\.mixes"),
        ({"signal": {"rate_hz": 2000, "steps": ["trim_silence"]}}, r"signal\.steps\.0: trim_silence moves"),
        ({"signal": {"steps": [{"kind": "cut", "start_s": 0.1, "length_s": 1.0}]}}, r"signal\.steps\.0: cut moves"),
        (
            {"segments": {"length_s": 1.0, "hop_s": 0.5, "merge": "vote"}},
            r"merge: the task 'sounds' .* by vote",
        ),
        ({"model": {"encoder": [{"kind": "pool"}]}}, r"model\.heads\.sounds: predicts every frame, but the layers"),
    ],
)
def test_what_would_part_targets_from_their_sounds_is_refused(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(motet.ConfigError, match=message):
        motet.train(experiment(tmp_path / "store", **changed), tmp_path / "run")
