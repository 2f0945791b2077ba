"""Pictures of runs that were never run; what they look like was looked at, what they show is asked here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runs.run_folders import labelled, make_run, regressed

from motet.runs import plots

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

SOUND = labelled(["dog", "cat", "owl"], [[8, 1, 1], [0, 5, 5], [2, 0, 0]])
TAGS = labelled(["speech", "music"], [[[9, 1], [2, 3]], [[4, 4], [0, 6]]])


@pytest.fixture(autouse=True)
def _coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "_DPI", 40)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is drawn, in place of writing it."""
    drawn: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **options: drawn.append(figure))
    return drawn


def is_picture(path: Path) -> bool:
    """Tell whether a file is a PNG of some size."""
    content = path.read_bytes()
    return content.startswith(b"\x89PNG") and content.endswith(b"IEND\xaeB`\x82") and len(content) > 2000


def texts(axes: Any) -> list[str]:
    """Return what is written into the cells of a matrix."""
    return [text.get_text() for text in axes.texts]


def test_a_fold_has_a_learning_curve_and_a_picture_of_every_task(tmp_path: Path) -> None:
    folder = make_run(tmp_path, {"sound": SOUND, "affect": regressed(), "tags": TAGS}).fold(1, 1)
    drawn = plots.draw_fold(folder)
    names = ["learning-curve.png", "confusion-sound.png", "values-affect.png", "confusion-tags.png"]
    assert drawn == [folder.path / name for name in names]
    assert all(is_picture(path) for path in drawn)


def test_curves_are_the_recorded_values(tmp_path: Path, figures: list[Any]) -> None:
    folder = make_run(tmp_path, {"sound": SOUND, "tags": TAGS}, epochs=4).fold(1, 1)
    plots.draw_fold(folder)
    losses, metrics = figures[0].axes
    assert [line.get_label() for line in losses.lines] == ["sound", "tags"]
    assert losses.lines[0].get_xdata().tolist() == [1, 2, 3, 4]
    assert losses.lines[1].get_ydata().tolist() == [2 / epoch + 1 for epoch in (1, 2, 3, 4)]
    assert metrics.get_title("left") == "uar on development rows"
    np.testing.assert_allclose(metrics.lines[0].get_ydata(), [1 / 4, 2 / 5, 3 / 6, 4 / 7])
    assert metrics.lines[2].get_xdata() == [4, 4], "the epoch that predicts is marked"


def test_without_development_rows_training_rows_are_shown(tmp_path: Path, figures: list[Any]) -> None:
    plots.draw_fold(make_run(tmp_path, {"sound": SOUND}, dev=False).fold(1, 1))
    assert figures[0].axes[1].get_title("left") == "uar on training rows"


def test_a_matrix_holds_the_counts_and_is_coloured_by_true_label(tmp_path: Path, figures: list[Any]) -> None:
    plots.draw_fold(make_run(tmp_path, {"sound": SOUND}).fold(1, 1))
    axes = figures[1].axes[0]
    assert texts(axes) == ["8", "1", "1", "5", "5", "2"]
    shares = np.asarray(axes.collections[0].get_array()).reshape(3, 3)
    np.testing.assert_allclose(shares, [[0.8, 0.1, 0.1], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dog", "cat", "owl"]
    assert axes.get_title("left") == "sound: uar 0.750"


def test_several_labels_at_once_have_four_counts_each(tmp_path: Path, figures: list[Any]) -> None:
    plots.draw_fold(make_run(tmp_path, {"tags": TAGS}).fold(1, 1))
    axes = figures[1].axes[0]
    assert texts(axes) == ["3", "2", "1", "9", "6", "4", "4"]
    shares = np.asarray(axes.collections[0].get_array()).reshape(2, 4)
    np.testing.assert_allclose(shares, [[0.6, 0.4, 0.1, 0.9], [1.0, 0.0, 0.5, 0.5]])


def test_values_are_drawn_against_the_truth(tmp_path: Path, figures: list[Any]) -> None:
    plots.draw_fold(make_run(tmp_path, {"affect": regressed()}).fold(1, 1))
    points = figures[1].axes[0].collections
    assert [each.get_label() for each in points] == ["valence", "arousal"]
    np.testing.assert_allclose(points[1].get_offsets()[:2], [[1.0, 0.8], [1 - 1 / 40, 0.8 - 0.6 / 40]])


def test_an_overview_adds_up_the_folds(tmp_path: Path, figures: list[Any]) -> None:
    folder = make_run(tmp_path, {"sound": SOUND, "affect": regressed()}, folds=3)
    plots.draw_run(folder)
    losses, _, sound, affect = figures[0].axes
    assert len(losses.lines) == 2 * (3 + 1), "three thin lines and their mean for every task"
    assert texts(sound) == ["24", "3", "3", "15", "15", "6"]
    assert sound.get_title("left") == "sound: uar 0.750 (0.700 to 0.800)"
    assert len(affect.collections[0].get_offsets()) == 120


def test_many_tasks_take_several_lines(tmp_path: Path, figures: list[Any]) -> None:
    plots.draw_run(make_run(tmp_path, {f"task_{number}": SOUND for number in range(6)}))
    places = figures[0].axes[2:]
    assert len(places) == 8
    assert [axes.axison for axes in places] == [True] * 6 + [False] * 2


def test_many_labels_have_no_counts_and_in_an_overview_no_names(tmp_path: Path, figures: list[Any]) -> None:
    names = [f"class {number}" for number in range(30)]
    folder = make_run(tmp_path, {"sound": labelled(names, np.eye(30, dtype=int).tolist())})
    plots.draw_fold(folder.fold(1, 1))
    plots.draw_run(folder)
    alone, among = figures[1].axes[0], figures[2].axes[2]
    assert texts(alone) == []
    assert [label.get_text() for label in alone.get_xticklabels()] == names
    assert {label.get_text() for label in among.get_xticklabels()} == {""}


def test_labels_of_any_script_and_sign_are_drawn(tmp_path: Path) -> None:
    folder = make_run(tmp_path, {"money": labelled(["$x_1$", "日本語"], [[1, 0], [0, 1]])}, epochs=0)
    assert is_picture(plots.draw_fold(folder.fold(1, 1))[0])


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_network_that_is_hardly_trained_is_drawn(epochs: int, tmp_path: Path) -> None:
    folder = make_run(tmp_path, {"sound": SOUND}, epochs=epochs)
    assert len(plots.draw_fold(folder.fold(1, 1))) == 1 + epochs
    assert is_picture(plots.draw_run(folder))


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plots.draw_run(make_run(tmp_path, {"sound": SOUND}))
    assert dict(mpl.rcParams) == before
