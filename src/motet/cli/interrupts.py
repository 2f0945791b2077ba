"""Ctrl-C and SIGTERM stop a command between two steps, after what was done has been saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM into the same `KeyboardInterrupt` as Ctrl-C. Only the main thread may ask for this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
