"""Windows that step over an axis."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from motet.errors import ConfigError
from motet.networks.shape import MapShape, Window, fit

WINDOWS = st.builds(
    Window,
    size=st.integers(1, 9),
    stride=st.integers(1, 4),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    dilation=st.integers(1, 3),
)


@given(WINDOWS, st.integers(1, 40))
def test_count_is_that_of_a_convolution(window: Window, length: int) -> None:
    padded = length + window.before + window.after
    last = window.dilation * (window.size - 1)
    starts = range(0, padded - last, window.stride)
    assert window.count(length) == len(starts)
    assert window.counts(torch.tensor([length])).tolist() == [len(starts)]


@given(WINDOWS, st.integers(1, 20))
def test_needed_is_the_shortest_axis_with_so_many_windows(window: Window, count: int) -> None:
    length = window.needed(count)
    assert window.count(length) >= count
    assert length == 1 or window.count(length - 1) < count


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 5), st.integers(1, 4))
def test_same_keeps_the_size(size: int, length: int, stride: int, dilation: int) -> None:
    window = Window.same(size, stride=stride, dilation=dilation)
    assert window.keeps_size
    assert window.count(length) == -(-length // stride)


def test_offset_is_the_centre_of_the_first_window() -> None:
    assert Window(3).offset == 1.0
    assert Window.same(3).offset == 0.0
    assert Window(2, 2).offset == 0.5
    assert Window.same(4).offset == 0.5
    assert Window(3, dilation=4).offset == 4.0


def test_an_unknown_length_stays_unknown() -> None:
    shape = MapShape(1, None, 8)
    windows = (Window(100), Window(2, 2))
    assert fit(windows, (None, 8), ("frames", "bins"), where="it", before=shape, remedy="no") == (None, 4)


def test_a_window_that_does_not_fit_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        fit(
            (Window(3, before=1), Window(9, before=1, after=1)),
            (10, 6),
            ("frames", "bins"),
            where="the kernel in stage 1 of 2 of model.encoder.0",
            before=MapShape(1, 10, 6),
            remedy="use a smaller kernel",
        )
    assert str(caught.value) == (
        "the kernel in stage 1 of 2 of model.encoder.0 is 9 bins wide, but only 6 bins and 2 of padding reach it "
        "(from the map [C=1, T=10, F=6]); use a smaller kernel, or give it more bins"
    )


def test_a_shape_reads_as_in_messages() -> None:
    assert str(MapShape(2, None, 64)) == "[C=2, T=?, F=64]"
    assert MapShape(2, 10, 64).values_per_frame == 128
