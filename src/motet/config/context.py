"""What a validation may do and knows: user code, files on this machine, and where the experiment lies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class CrossProblem:
    """Two parts of the settings that do not fit together.

    Parameters
    ----------
    path
        Where the problem is shown.
    message
        The value found, the rule, and the remedy.
    reads
        The other paths that the finding rests on; where one of these is itself wrong, nothing is reported.
    """

    path: tuple[str | int, ...]
    message: str
    reads: tuple[tuple[str | int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a validation may do.

    Parameters
    ----------
    allow_code
        Whether `kind: ./mine.py:Name` may run the code of that file.
    folder
        Where such a path starts: the folder of the experiment file.
    check_files
        Whether files and folders that the settings name must exist. Off where a finished run is only opened.
    given
        Components of the user's own (`UserComponent`) that stand for what was an object in Python when the settings
        were written down.
    problems
        Filled by a root model that checks its parts against each other; without a context it raises them.
    """

    allow_code: bool = False
    folder: Path = Path()
    check_files: bool = False
    given: Sequence[Any] = ()
    problems: list[CrossProblem] = field(default_factory=list)
