"""What Ctrl-C and SIGTERM do: between steps of a training they wait for the step, elsewhere they end what is done.

Both are heard wherever the main thread works, also where a shell has SIGINT ignored, as in the background of a script.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked to stop."""

    requested = False


@contextmanager
def deferred_interrupts() -> Iterator[StopRequest]:
    """Note the first interrupt instead of raising it, so that what is saved is whole; a second one is raised at once.

    Outside the main thread, where signals cannot be caught, nothing is deferred.
    """
    request = StopRequest()

    def note(number: int, frame: FrameType | None) -> None:
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True

    with _handled_by(note):
        yield request


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `KeyboardInterrupt` at an interrupt, so that SIGTERM, too, lets a command say how to go on.

    Outside the main thread nothing changes.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled_by(stop):
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
