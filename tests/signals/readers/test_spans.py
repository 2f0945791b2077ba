import re

import numpy as np
import pytest

from motet.errors import DataError
from motet.signals.readers.spans import checked, cut, sample_span


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0.0, None, (0, 16_000)),
        (0.5, None, (4000, 16_000)),
        (0.25, 1.0, (2000, 8000)),
        (0.0, 2.0, (0, 16_000)),
        (0.00004, 1.99996, (0, 16_000)),
        (1.0, 2.0049, (8000, 16_000)),
    ],
)
def test_seconds_become_samples(start_s: float, end_s: float | None, expected: tuple[int, int]) -> None:
    assert sample_span(start_s, end_s, 8000.0, 16_000, "a.wav") == expected


@pytest.mark.parametrize(
    ("start_s", "end_s", "wanted"),
    [
        (2.0, None, "from 2 s to the end"),
        (1.0, 1.0, "from 1 s to 1 s"),
        (1.5, 1.0, "from 1.5 s to 1 s"),
        (-0.5, 1.0, "from -0.5 s to 1 s"),
        (0.0, 2.1, "from 0 s to 2.1 s"),
    ],
)
def test_a_span_outside_the_recording_is_refused(start_s: float, end_s: float | None, wanted: str) -> None:
    message = f"a.wav: the span {wanted} does not lie in the recording of 2 s; correct the span's start and end"

    with pytest.raises(DataError, match=re.escape(message)):
        sample_span(start_s, end_s, 8000.0, 16_000, "a.wav")


def test_no_samples_are_refused() -> None:
    with pytest.raises(DataError, match=r"a\.wav: holds no samples; remove it from the data or record it again"):
        sample_span(0.0, None, 8000.0, 0, "a.wav")


def test_a_cut_knows_where_it_begins() -> None:
    part = cut(np.arange(20, dtype=np.float32).reshape(2, 10), (4, 6), 8.0)

    np.testing.assert_array_equal(part.values, [[4.0, 5.0], [14.0, 15.0]])
    assert (part.rate_hz, part.start_s) == (8.0, 0.5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named(value: float) -> None:
    values = np.zeros((2, 50))
    values[1, 7] = values[1, 9] = value

    with pytest.raises(DataError, match=r"a\.npy: 2 of 100 values are NaN, .* in channel 1 at sample 7; all values"):
        checked(values, "a.npy")


def test_opposite_infinities_do_not_cancel() -> None:
    with pytest.raises(DataError, match="2 of 2 values"):
        checked(np.array([[np.inf, -np.inf]]), "a.npy")


def test_what_float32_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError, match="beyond float32"):
        checked(np.array([[1e300]]), "a.npy")


def test_large_finite_values_pass_though_their_sum_overflows() -> None:
    values = np.full((1, 4), 3e38)

    np.testing.assert_allclose(checked(values, "a.npy"), values, rtol=1e-6)


def test_the_result_is_contiguous_float32() -> None:
    samples = checked(np.zeros((10, 3)).T, "a.npy")

    assert samples.dtype == np.float32
    assert samples.flags.c_contiguous
