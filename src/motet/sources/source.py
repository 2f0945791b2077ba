"""What every source offers: the examples of a data set, listed without decoding anything.

A source lists in an order of its own that is the same on every machine, and gives every example an id that is
the same on every machine. It may be listed again, unless it is a generator in Python.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from motet.signals.settings import ReaderSettings
from motet.sources.example import Example

TaskDefaults = dict[str, dict[str, Any]]
"""What a source knows of its tasks, as in the settings: `{"sound": {"kind": "multiclass"}}`."""

INPUT = "signal"
"""The name of the input of an example with a single recording."""

DEFAULT_READER = ReaderSettings()
"""How files are read where nothing is said."""


class Source(Protocol):
    """Where examples come from. A new source is one class with these two methods."""

    def examples(self, reader: ReaderSettings = ...) -> Iterator[Example]:
        """List the examples, lazily and without decoding.

        Parameters
        ----------
        reader
            How files are read that do not say it themselves.

        Raises
        ------
        DataError
            If files are missing or do not fit the settings; the message names all of them, or the first few.
        """
        ...

    def tasks(self) -> TaskDefaults:
        """Return the tasks that the source knows of, used where `data.NAME.tasks` names none."""
        ...
