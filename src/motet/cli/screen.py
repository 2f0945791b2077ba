"""What people watch while a command works: lines, and below them at most one bar with the time left.

A bar is drawn only on a terminal. Elsewhere (a pipe, a log file) a plain line now and then says the same, and only
where the work takes long.
"""

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from motet.experiment.progress import spoken
from motet.training.interrupts import interruptible

Clock = Callable[[], float]

_REDRAW_S = 0.1
_SAY_EVERY_S = 15.0
_BAR_WIDTH = 24


class Screen:
    """A stream that people read, with one bar at a time.

    Called with a label and a total, it begins a bar and returns what is called with every count. The bar appears
    with the first count and goes with the last one, or when the next bar begins.

    Parameters
    ----------
    stream
        Where lines and bars go.
    terminal
        Whether a line can be drawn over; by default whether the stream is a terminal that can.
    clock
        Returns seconds.
    """

    def __init__(self, stream: TextIO, *, terminal: bool | None = None, clock: Clock = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._terminal = stream.isatty() and os.environ.get("TERM") != "dumb" if terminal is None else terminal
        self._bar: _Bar | None = None
        self._drawn = ""

    def __call__(self, what: str, total: int) -> Callable[[int], None]:
        """Begin a bar for `total` counts of something."""
        self._erase()
        bar = self._bar = _Bar(what, total, self._clock())

        def count(number: int) -> None:
            bar.done += number
            if bar is self._bar:
                self._show(bar)

        return count

    def line(self, text: str) -> None:
        """Write a line above the bar."""
        drawn = self._drawn
        self._erase()
        self._stream.write(f"{text}\n")
        self._draw(drawn)
        self._stream.flush()

    def close(self) -> None:
        """Leave no bar behind."""
        self._erase()
        self._bar = None
        self._stream.flush()

    def _show(self, bar: "_Bar") -> None:
        now = self._clock()
        if bar.done >= bar.total:
            self.close()
        elif self._terminal and now - bar.shown_s >= _REDRAW_S:
            bar.shown_s = now
            width = shutil.get_terminal_size().columns - 1
            self._erase()
            self._draw(bar.as_bar(now, self._blocks())[:width])
            self._stream.flush()
        elif not self._terminal and now - bar.shown_s >= _SAY_EVERY_S:
            bar.shown_s = now
            self.line(bar.as_line(now))

    def _draw(self, text: str) -> None:
        if text:
            self._stream.write(f"\r{text}")
        self._drawn = text

    def _erase(self) -> None:
        """Draw over the bar, and the `^C` that may stand behind it, with blanks: every terminal understands these."""
        if self._drawn:
            blanks = min(len(self._drawn) + len("^C"), shutil.get_terminal_size().columns - 1)
            self._stream.write("\r" + " " * blanks + "\r")
        self._drawn = ""

    def _blocks(self) -> str:
        return "█░" if (self._stream.encoding or "").lower().startswith("utf") else "#."


class _Bar:
    """How far something is."""

    def __init__(self, what: str, total: int, began_s: float) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began_s = self.shown_s = began_s

    def as_bar(self, now: float, blocks: str) -> str:
        full = _BAR_WIDTH * self.done // self.total
        drawn = blocks[0] * full + blocks[1] * (_BAR_WIDTH - full)
        return f"{self.what}  {drawn}  {self.done}/{self.total}, {self._left(now)}"

    def as_line(self, now: float) -> str:
        return f"{self.what}: {self.done} of {self.total}, {self._left(now)}"

    def _left(self, now: float) -> str:
        seconds = (now - self.began_s) / max(1, self.done) * (self.total - self.done)
        return f"about {spoken(seconds)} left"


@contextmanager
def console() -> Iterator[Screen]:
    """Show the log on standard error while a command runs, and let Ctrl-C and SIGTERM stop it alike."""
    screen = Screen(sys.stderr)
    logger = logging.getLogger("motet")
    handler = _AboveTheBar(screen)
    handler.setFormatter(_Plain())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with interruptible():
            yield screen
    finally:
        screen.close()
        logger.removeHandler(handler)
        logger.setLevel(level)


class _AboveTheBar(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.line(self.format(record))


class _Plain(logging.Formatter):
    """Says what is no plain information: `warning: ...`."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno <= logging.INFO else f"{record.levelname.lower()}: {text}"
