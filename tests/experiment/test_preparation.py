"""What a fold is fitted to: its training rows, whole and without augmentation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment.memory import in_memory
from tests.reliability.small import LIVELY, MIXED, small_experiment

from motet.data.splits import split_corpus
from motet.experiment.data import OpenData, open_data
from motet.experiment.preparation import FoldData, build_model, prepare_fold
from motet.experiment.settings import Experiment


def prepared(experiment: Experiment, data: OpenData) -> FoldData:
    settings = {name: part.settings.split for name, part in data.listed.items()}
    return prepare_fold(experiment, data, split_corpus(data.corpus, settings, seed=1)[0], seed=1)


def training_values(data: OpenData, fold: FoldData, name: str) -> list[Any]:
    """The maps of the training rows of a data set, [T, F] each, read one by one."""
    rows = np.intersect1d(fold.fold.train, data.corpus.rows_of(name)) - data.corpus.rows_of(name)[0]
    maps, found = fold.maps[name]["signal"], []
    for row in rows.tolist():
        count = int(maps.frames(np.array([row]))[0])
        out = np.empty((1, count, maps.channels, maps.bins), np.float32)
        maps.read_many(np.array([row]), np.array([0]), np.array([count]), out)
        found.append(out[0, :, 0])
    return found


@pytest.mark.parametrize("way", [MIXED, LIVELY])
def test_scaling_is_fitted_to_training_rows_alone(tmp_path: Path, way: dict[str, Any]) -> None:
    experiment = small_experiment(tmp_path / "store", way)
    with open_data(experiment, workers=1) as data:
        fold = prepared(experiment, data)
        model = build_model(experiment, data, fold, seed=1)
        for name in ("speakers", "scenes"):
            values = np.concatenate(training_values(data, fold, name)).astype(np.float64)
            scaling = model.scaling(name, "signal")
            assert scaling.offset.flatten().tolist() == pytest.approx(values.mean(0).tolist(), rel=1e-5)
            assert scaling.scale.flatten().tolist() == pytest.approx(values.std(0).tolist(), rel=1e-5)


def test_a_shared_scaling_is_fitted_to_all_data_sets(tmp_path: Path) -> None:
    scaling = {"kind": "min_max", "per": "global", "shared": True}
    experiment = small_experiment(tmp_path / "store", MIXED, scaling=scaling)
    with open_data(experiment, workers=1) as data:
        fold = prepared(experiment, data)
        model = build_model(experiment, data, fold, seed=1)
        values = np.concatenate([np.concatenate(training_values(data, fold, name)) for name in ("speakers", "scenes")])
        fitted = model.scaling("scenes", "signal")
        assert fitted is model.scaling("speakers", "signal")
        low, high = float(fitted.offset), float(fitted.offset + fitted.scale)
        assert low == pytest.approx(values.min(), rel=1e-4)
        assert high == pytest.approx(values.max(), rel=1e-4)


def test_a_scaling_of_cells_is_fitted_to_segments(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path / "store", MIXED, scaling={"kind": "standard", "per": "cell"})
    with open_data(experiment, workers=1) as data:
        fold = prepared(experiment, data)
        model = build_model(experiment, data, fold, seed=1)
        segments = fold.segments["scenes"]
        assert segments is not None
        frames = segments.num_frames(fold.maps["scenes"]["signal"].grid.step_s)
        assert model.scaling("scenes", "signal").offset.shape == (1, frames, 6)


@pytest.mark.parametrize(
    ("length", "reduce"), [("mean", np.mean), ("max", np.max), ("median", np.median), ("min", np.min)]
)
def test_the_length_of_segments_is_that_of_training_rows(tmp_path: Path, length: str, reduce: Any) -> None:
    experiment = in_memory(tmp_path / "store", segments={"length_s": length})
    with open_data(experiment, workers=1) as data:
        fold = prepared(experiment, data)
        durations = [len(values) * 0.016 for values in training_values(data, fold, "memory")]
        found = fold.segments["memory"]
        assert found is not None
        assert found.length_s == pytest.approx(reduce(durations))
        assert len(set(durations)) > 1


def test_whole_rows_and_vectors_are_not_cut(tmp_path: Path) -> None:
    summary = {"features": {"kind": "logbank_summary", "bands": 4}, "model": {"encoder": ["mlp"]}}
    for changed in ({"segments": None}, summary):
        experiment = small_experiment(tmp_path / "store", MIXED, **changed)
        with open_data(experiment, workers=1) as data:
            fold = prepared(experiment, data)
            assert fold.segments == {"speakers": None, "scenes": None}
            lengths = {own.length_s for own in build_model(experiment, data, fold, seed=1).document.data_sets.values()}
            assert lengths == {None}


def test_weights_are_drawn_by_seed_and_fold(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path / "store", MIXED)
    with open_data(experiment, workers=1) as data:
        settings = {name: part.settings.split for name, part in data.listed.items()}
        folds = split_corpus(data.corpus, settings, seed=1)

        def first_weight(fold: int, seed: int) -> list[float]:
            model = build_model(experiment, data, prepare_fold(experiment, data, folds[fold], seed), seed)
            return next(iter(model.network.parameters())).flatten().tolist()

        assert first_weight(0, 1) == first_weight(0, 1)
        assert first_weight(0, 1) != first_weight(1, 1) != first_weight(0, 2)
