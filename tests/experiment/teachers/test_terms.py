"""What teachers give in the terms of their students: order of labels, scale of maps."""

from typing import Any

import numpy as np
import pytest
import torch

from motet.data.batch import Batch, Column
from motet.experiment.teachers.terms import lessons_of, terms_of, translation
from motet.features.feature_map import TimeGrid
from motet.model import DataSetDocument, InputDocument, Model, ModelDocument
from motet.networks.settings import ModelSettings
from motet.tasks.classification import Binary, Multiclass
from motet.tasks.frames import FrameValues, as_objects
from motet.tasks.map_settings import DenseSettings
from motet.tasks.sequence import Sequence
from motet.tasks.settings import BinarySettings, MulticlassSettings, SequenceSettings
from motet.tasks.traces.settings import TimeRegressionSettings
from motet.tasks.traces.task import TimeRegression

GRID = TimeGrid(0.0, 0.5)


def test_labels_are_put_in_the_order_of_the_student() -> None:
    student = Multiclass(MulticlassSettings(labels=("a", "b", "c")), "letter")
    teacher = Multiclass(MulticlassSettings(labels=("c", "a", "b")), "letter")
    terms = translation(student, teacher)
    assert terms.of(torch.tensor([[3.0, 1.0, 2.0]])).tolist() == [[1.0, 2.0, 3.0]]
    assert terms.of_array(np.array([[3.0, 1.0, 2.0]], dtype=np.float32)).tolist() == [[1.0, 2.0, 3.0]]
    same = torch.zeros(1, 3)
    assert translation(student, student).of(same) is same


def test_a_binary_task_may_be_told_from_its_other_label() -> None:
    student = Binary(BinarySettings(positive="yes"), "answer", ("no", "yes"))
    teacher = Binary(BinarySettings(positive="no"), "answer", ("no", "yes"))
    assert translation(student, teacher).of(torch.tensor([[2.0]])).tolist() == [[-2.0]]


def test_texts_have_the_codes_of_the_student() -> None:
    student = Sequence(SequenceSettings(labels=("a", "b", "c")), "letters")
    teacher = Sequence(SequenceSettings(labels=("c", "a", "b")), "letters")
    heard = np.eye(4, dtype=np.float32)[[0, 3, 0, 1, 2, 2]]
    (text,) = lessons_of(student, teacher, as_objects([FrameValues(heard, GRID)]))
    assert student.to_plain(text) == ["c", "c", "a", "b"]


def test_values_over_time_stand_in_the_columns_of_the_student() -> None:
    student = TimeRegression(TimeRegressionSettings(labels=("arousal", "valence")), "affect")
    teacher = TimeRegression(TimeRegressionSettings(labels=("valence", "arousal")), "affect")
    heard = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    (moments,) = lessons_of(student, teacher, as_objects([FrameValues(heard, GRID)]))
    assert moments.tolist() == [[0.0, 2.0, 1.0], [0.5, 4.0, 3.0]]


def maps_of(scalings: dict[str, tuple[Any, list[float]]], having: tuple[str, ...]) -> Model:
    """A model that makes `clean` from `noisy`; maps of two bins of some data sets have been seen with these values."""
    given = {
        name: {
            own: InputDocument(scaling=kind, channels=1, bins=2, step_s=0.5)
            for own in ("noisy", *(["clean"] if name in having else []))
        }
        for name, (kind, _) in scalings.items()
    }
    model = Model(
        ModelDocument(
            data_sets={name: DataSetDocument(inputs=own, tasks=("clean",)) for name, own in given.items()},
            network=ModelSettings.model_validate({"encoder": {"noisy": []}}),
            tasks={"clean": DenseSettings(of="clean")},
            labels={"clean": ("clean",)},
        )
    )
    for name, (kind, values) in scalings.items():
        if name in having and kind != "none":
            scaling = model.scaling(name, "clean")
            scaling.update(np.array(values, dtype=np.float32)[:, None, None] * np.ones((1, 1, 2), dtype=np.float32))
            scaling.finish()
    return model


def test_maps_come_to_the_scale_of_the_student() -> None:
    """Of data sets whose rows have maps, to their own; of the third, to that of all others, which is one."""
    teacher = maps_of({"all": ({"kind": "standard"}, [8.0, 12.0])}, ("all",))
    kind = {"kind": "min_max", "shared": True}
    student = maps_of({"here": (kind, [0.0, 4.0]), "bare": (kind, [])}, ("here",))
    terms = terms_of(student, "clean", teacher, "clean", {"here": "all", "bare": "all"})
    said = torch.tensor([[[0.0, 1.0], [2.0, -1.0]], [[5.0, 0.5], [9.0, 9.0]]])
    batch = Batch(2, {}, {}, torch.arange(2), {}, spans=(("here", 0, 1), ("bare", 1, 2)))
    lesson = terms(batch, Column(said, None, torch.tensor([2, 1]), GRID))
    expected = (said * 2 + 10) / 4
    expected[1, 1] = 0.0
    torch.testing.assert_close(lesson.values, expected)
    assert lesson.lengths is not None
    assert (lesson.lengths.tolist(), lesson.grid) == ([2, 1], GRID)


@pytest.mark.parametrize("kind", ["none", {"kind": "standard"}])
def test_maps_of_one_scale_stay_as_they_are(kind: Any) -> None:
    teacher, student = (maps_of({"all": (kind, [1.0, 5.0, 6.0])}, ("all",)) for _ in range(2))
    terms = terms_of(student, "clean", teacher, "clean", {"all": "all"})
    said = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(1))
    batch = Batch(3, {}, {}, torch.arange(3), {}, spans=(("all", 0, 3),))
    torch.testing.assert_close(terms(batch, Column(said, grid=GRID)).values, said)
