"""Values laid out on frames and back, against interpolation by NumPy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motet.features.feature_map import TimeGrid
from motet.tasks.traces.layout import lay_out, paired, smoothed, within


def _laid_out(
    moments: list[list[float]], start_s: float, step_s: float, size: int, max_gap_s: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One row beside one that has more moments, and one that has none."""
    padded = torch.zeros(3, len(moments) + 2, len(moments[0]))
    padded[0, : len(moments)] = torch.tensor(moments)
    padded[1] = torch.arange(padded[1].numel()).view(padded[1].shape)
    counts = torch.tensor([len(moments), padded.shape[1], 0])
    values, known = lay_out(padded, counts, TimeGrid(start_s, step_s), num_frames=size, max_gap_s=max_gap_s)
    assert not known[2].any()
    assert not values[2].any()
    return values[0].double().numpy(), known[0].numpy()


def test_frames_between_moments_lie_on_the_line() -> None:
    random = np.random.default_rng(0)
    times = np.cumsum(random.uniform(0.02, 0.2, 50))
    annotated = random.normal(size=(50, 2))
    moments = np.concatenate([times[:, None], annotated], axis=1).tolist()
    values, known = _laid_out(moments, 0.03, 0.07, 60)
    frames = 0.03 + 0.07 * np.arange(60)
    first, last = times[0] - (times[1] - times[0]), times[-1] + (times[-1] - times[-2])
    np.testing.assert_array_equal(known, (frames >= first) & (frames <= last))
    expected = np.stack([np.interp(frames, times, annotated[:, value]) for value in range(2)], axis=1)
    np.testing.assert_allclose(values[known], expected[known], atol=1e-5)
    assert not values[~known].any()


def test_what_is_beside_nothing_known_is_not_known_itself() -> None:
    moments = [[0.0, 1.0], [1.0, 2.0], [2.0, np.nan], [3.0, 4.0]]
    values, known = _laid_out(moments, 0.0, 0.5, 10)
    assert known.tolist() == [True, True, True, False, False, False, True, True, True, False]
    assert values[[0, 1, 2, 6, 8], 0].tolist() == [1.0, 1.5, 2.0, 4.0, 4.0]
    values, known = _laid_out([[0.0, 1.0], [1.0, 2.0], [4.0, 5.0]], 0.0, 1.0, 6, max_gap_s=1.5)
    assert known.tolist() == [True, True, False, False, True, True]
    assert _laid_out([[2.0, 7.0]], 0.0, 1.0, 5)[0].ravel().tolist() == [7.0] * 5


def test_a_segment_has_the_moments_around_its_ends() -> None:
    moments = np.stack([np.arange(10.0), np.arange(10.0) ** 2], axis=1)
    inside = within(moments, 3.5, 5.0)
    assert inside[:, 0].tolist()[:2] == [-1.5, -0.5]
    values, known = lay_out(
        torch.tensor(inside, dtype=torch.float32)[None], torch.tensor([len(inside)]), TimeGrid(0.0, 0.5), num_frames=4
    )
    assert known.all()
    np.testing.assert_allclose(values[0, :, 0], np.interp(3.5 + 0.5 * np.arange(4), np.arange(10), moments[:, 1]))
    assert within(moments, 50.0, 60.0).shape[1] == 2


def test_predictions_are_compared_at_annotated_moments_within_the_recording() -> None:
    frames = np.stack([0.25 + 0.5 * np.arange(4), np.array([0.0, 1.0, 2.0, 3.0])], axis=1)
    target = np.array([[-1.0, 9.0], [0.0, 1.0], [0.5, np.nan], [1.0, 2.0], [2.0, 3.0], [4.0, 9.0]])
    predicted, true = paired(frames, target)
    assert true.ravel().tolist() == [1.0, 2.0, 3.0]
    assert predicted.ravel().tolist() == [0.0, 1.5, 3.0]
    assert [len(part) for part in paired(frames[:0], target)] == [0, 0]


@pytest.mark.parametrize("width", [1, 3, 5, 31])
def test_a_mean_filter_sees_fewer_frames_at_the_ends(width: int) -> None:
    values = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    reach = width // 2
    expected = [values[max(0, frame - reach) : frame + reach + 1].mean(axis=0) for frame in range(12)]
    np.testing.assert_allclose(smoothed(values, width), expected, rtol=1e-5, atol=1e-6)
