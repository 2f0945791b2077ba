"""Noise of an experiment: the same mixtures again, another one in every epoch, and nothing of test rows in training."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from motet.data.splits import split_corpus
from motet.draws import Occasion
from motet.errors import ConfigError, DataError, MotetError
from motet.experiment.data import OpenData, open_data
from motet.experiment.dry_run import dry_run
from motet.experiment.run import train
from motet.experiment.settings import Experiment

_SOURCE = {"kind": "generated", "content": "speakers", "examples": 12, "duration_s": 0.2, "rate_hz": 8000}
_NOISE = {"kind": "generated", "content": "scenes", "examples": 10, "duration_s": 0.5, "rate_hz": 8000}


def _experiment(tmp_path: Any, noise: Any = None, signal: Any = None, **mix: Any) -> Experiment:
    return Experiment(
        data={"voices": {"source": _SOURCE}},
        noise={"scenes": noise or {"source": _NOISE}},
        signal={"rate_hz": 8000, "mix": [{"data": "scenes", "snr_db": 0, **mix}], **(signal or {})},
        features="waveform",
        scaling="none",
        split={"kind": "holdout", "test": 0.25},
        model={"encoder": [{"kind": "cnn", "dims": 1, "channels": [4], "kernel": 9, "stride": 4}]},
        training={"epochs": 1, "batch_size": 4},
        evaluation={"interval": {"resamples": 0}, "plots": False},
        store={"path": str(tmp_path / "store")},
    )


def _read(data: OpenData, occasion: Occasion | None, seed: int = 1) -> NDArray[np.float32]:
    settings = {name: part.settings.split for name, part in data.listed.items()}
    (fold,) = split_corpus(data.corpus, settings, seed=1)
    maps = data.maps(seed, fold)["voices"]["signal"]
    rows = np.arange(12)
    out = np.zeros((12, int(maps.frames(rows).max()), 1, 1), np.float32)
    maps.read_many(rows, np.zeros_like(rows), maps.frames(rows), out, occasion)
    return out[:, :, 0, 0]


def test_training_is_mixed_anew_in_every_epoch_and_the_same_again(tmp_path: Any) -> None:
    with open_data(_experiment(tmp_path), workers=1) as data:
        clean = _read(data, None)
        first, again, second = (_read(data, Occasion(epoch, np.arange(12))) for epoch in (0, 0, 1))
        other = _read(data, Occasion(0, np.arange(12)), seed=2)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, second)
    assert not np.allclose(first, other)
    ratios = 10 * np.log10((clean**2).sum(1) / ((first - clean) ** 2).sum(1))
    np.testing.assert_allclose(ratios, 0.0, atol=0.2)


def test_a_share_is_a_share(tmp_path: Any) -> None:
    with open_data(_experiment(tmp_path, probability=0.5), workers=1) as data:
        clean = _read(data, None)
        changed = [(_read(data, Occasion(epoch, np.arange(12))) != clean).any(axis=1).mean() for epoch in range(20)]
    assert 0.4 < np.mean(changed) < 0.6


def test_evaluation_is_mixed_where_it_is_asked_for_and_always_alike(tmp_path: Any) -> None:
    with open_data(_experiment(tmp_path), workers=1) as data:
        clean = _read(data, None)
    with open_data(_experiment(tmp_path, evaluation=True), workers=1) as data:
        mixed, again = _read(data, None), _read(data, None)
    assert (mixed != clean).any(axis=1).all()
    np.testing.assert_array_equal(mixed, again)


def test_rows_are_mixed_with_noise_of_their_own_part(tmp_path: Any) -> None:
    experiment = _experiment(tmp_path, evaluation=True)
    with open_data(experiment, workers=1) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        (fold,) = split_corpus(data.corpus, settings, seed=1)
        (mix,) = data._mixes(data.listed["voices"], fold, 1, "signal").values()
        (noise,) = data.noise["scenes"].folds(1)
    parts = [set(pool._rows.tolist()) for pool in mix.pools]
    assert parts == [set(noise.train), set(noise.dev), set(noise.test)]
    assert not parts[0] & parts[2]
    for number, rows in enumerate((fold.train, fold.dev, fold.test)):
        assert (mix.pool_of_row[rows] == number).all()


def test_two_inputs_of_one_recording_hear_the_same_mixture(tmp_path: Any) -> None:
    plain = _experiment(tmp_path)
    experiment = plain.model_copy(
        update={"features": {"one": plain.features, "two": plain.features}, "training": plain.training}
    )
    with open_data(experiment, workers=1) as data:
        (fold,) = split_corpus(data.corpus, {"voices": data.listed["voices"].settings.split}, seed=1)
        rows, outs = np.arange(3), []
        for maps in data.maps(1, fold)["voices"].values():
            outs.append(np.zeros((3, int(maps.frames(rows).max()), 1, 1), np.float32))
            maps.read_many(rows, np.zeros_like(rows), maps.frames(rows), outs[-1], Occasion(3, rows))
    np.testing.assert_array_equal(outs[0], outs[1])


def test_a_run_with_noise_trains_and_knows_its_noise(tmp_path: Any) -> None:
    run = train(_experiment(tmp_path, evaluation=True), tmp_path / "run", workers=1)
    assert 0 <= run.result["tasks"]["digit"]["uar"]["value"] <= 1
    other = _experiment(tmp_path, evaluation=True, noise={"source": {**_NOISE, "seed": 5}})
    with pytest.raises(MotetError, match="other settings"):
        train(other, tmp_path / "run", workers=1)


def test_labels_choose_the_recordings(tmp_path: Any) -> None:
    experiment = _experiment(tmp_path, noise={"source": _NOISE, "labels": {"scene": ["hiss"]}, "use": "train"})
    with open_data(experiment, workers=1) as data:
        assert set(data.noise["scenes"].data_set.targets("scene")) == {"hiss"}
    with pytest.raises(ConfigError, match=r"noise.scenes.labels.scene: no recording is labelled rain; there is"):
        dry_run(_experiment(tmp_path, noise={"source": _NOISE, "labels": {"scene": ["rain"]}}))


def test_what_does_not_fit_is_told_before_anything_is_read(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"signal.mix.0.data: there is no noise 'scene'; did you mean 'scenes'"):
        _experiment(tmp_path, data="scene")
    with pytest.raises(ConfigError, match=r"signal.mix: recordings can only be mixed at one rate; set signal.rate_hz"):
        _experiment(tmp_path, signal={"rate_hz": None})
    with pytest.raises(ConfigError, match=r"signal.mix.0.snr_db: .nan is not a finite number"):
        _experiment(tmp_path, snr_db=float("nan"))


def test_a_part_without_noise_is_refused(tmp_path: Any) -> None:
    noise = {"source": _NOISE, "split": {"kind": "holdout", "test": 0.9, "dev": 0}}
    with open_data(_experiment(tmp_path, noise=noise, evaluation=True), workers=1) as data:
        _read(data, None)
    whole = {"source": {**_NOISE, "examples": 1}}
    wrong = r"^noise 'scenes', fold '1': no row of 1 is left .* in noise\.scenes\.split\n.*noise\.scenes\.use: train"
    for evaluation in (False, True):
        experiment = _experiment(tmp_path, noise=whole, evaluation=evaluation)
        with pytest.raises(DataError, match=wrong):
            dry_run(experiment)
        with pytest.raises(DataError, match=wrong), open_data(experiment, workers=1):
            pass


def test_noise_may_be_for_training_only(tmp_path: Any) -> None:
    whole = {"source": {**_NOISE, "examples": 3}, "use": "train"}
    with open_data(_experiment(tmp_path, noise=whole), workers=1) as data:
        (fold,) = data.noise["scenes"].folds(seed=1)
        assert (fold.train.tolist(), len(fold.dev), len(fold.test)) == ([0, 1, 2], 0, 0)
    with pytest.raises(ConfigError, match=r"signal\.mix\.0\.evaluation: is true, but noise\.scenes\.use is train"):
        _experiment(tmp_path, noise=whole, evaluation=True)
