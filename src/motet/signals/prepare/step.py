"""The contract of a preparation step."""

from typing import ClassVar, Protocol

from motet.signals.signal import Signal


class Step(Protocol):
    """One change of a signal: deterministic, and fitted to nothing.

    `version` is raised whenever the result changes, so that stored features made with the old result are not used.
    """

    version: ClassVar[int]

    def __call__(self, signal: Signal) -> Signal:
        """Return the changed signal, and leave the given one as it is."""
        ...
