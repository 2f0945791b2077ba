"""Ctrl-C and SIGTERM during training wait for the end of the step, so that what is saved is whole."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked to stop."""

    requested = False


@contextmanager
def deferred_interrupts() -> Iterator[StopRequest]:
    """Note the first interrupt instead of raising it; a second one is raised at once.

    Outside the main thread, where signals cannot be caught, nothing is deferred.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def note(number: int, frame: FrameType | None) -> None:
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
