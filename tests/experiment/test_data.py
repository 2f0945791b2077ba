"""Opening the data of an experiment."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from motet.errors import DataError
from motet.experiment.data import open_data
from motet.experiment.settings import Experiment


@pytest.mark.parametrize("rate_hz", [None, 8000])
def test_one_input_of_signals_at_several_rates_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rate_hz: int | None
) -> None:
    for own_hz in (8000, 16000):
        for label in ("loud", "soft"):
            (tmp_path / f"{own_hz}" / label).mkdir(parents=True)
            noise = np.random.default_rng(own_hz).standard_normal(own_hz // 4) * (0.1 if label == "loud" else 0.01)
            soundfile.write(tmp_path / f"{own_hz}" / label / "1.wav", noise, own_hz)
    experiment = Experiment(
        data={name: {"source": {"kind": "folders", "path": str(tmp_path / name)}} for name in ("8000", "16000")},
        signal={"rate_hz": rate_hz},
        store={"path": str(tmp_path / "store")},
    )
    with caplog.at_level(logging.WARNING, "motet"), open_data(experiment):
        pass
    told = "input 'signal' is made of signals of several rates ('8000' at 8000 Hz, '16000' at 16000 Hz)"
    assert any(told in message for message in caplog.messages) == (rate_hz is None)


def test_what_all_recordings_fail_for_is_told_once(tmp_path: Path) -> None:
    scenes = {"kind": "generated", "examples": 24, "classes": 2, "duration_s": 0.2}
    experiment = Experiment(
        data={"scenes": {"source": scenes}}, signal={"channels": [5]}, store={"path": str(tmp_path / "store")}
    )
    with pytest.raises(DataError, match=r"SyntheticScene 0 .* and 23 more: the recording has 1 channel") as caught:
        open_data(experiment)
    assert caught.value.problems[1].startswith("data set 'scenes': 24 of 24 recordings cannot be used")
    assert len(caught.value.problems) == 2
