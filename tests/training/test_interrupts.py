import signal
import threading
from collections.abc import Iterator

import pytest

from motet.training.interrupts import deferred_interrupts, interruptible

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", BOTH)
def test_the_first_signal_is_noted_and_the_second_raised(number: signal.Signals) -> None:
    with deferred_interrupts() as request:
        assert not request.requested
        signal.raise_signal(number)
        assert request.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@pytest.fixture
def _interrupts_are_raised() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores them in the background
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts_are_raised")
def test_afterwards_signals_are_handled_as_before() -> None:
    before = [signal.getsignal(number) for number in BOTH]
    with pytest.raises(RuntimeError, match="of the step"), deferred_interrupts():
        raise RuntimeError("of the step")
    assert [signal.getsignal(number) for number in BOTH] == before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", BOTH)
def test_elsewhere_a_signal_is_raised_also_where_it_was_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with interruptible(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_other_threads_are_left_alone() -> None:
    found: list[bool] = []

    def work() -> None:
        with interruptible(), deferred_interrupts() as request:
            found.append(request.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
