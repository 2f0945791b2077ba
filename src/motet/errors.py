"""The errors that a user can meet. Each carries the exit code of the command line.

A message gives the value found, the rule, and the remedy; file, example id or settings path are added on the
way up. Anything else that escapes is a defect of Motet.
"""

from collections.abc import Sequence


class MotetError(Exception):
    """Something failed that the user can act on."""

    exit_code = 1


class ConfigError(MotetError):
    """The configuration or the command line is wrong. Holds every problem found, not only the first.

    Parameters
    ----------
    problems
        One line each, `file:line:column: dotted.path: message` where these are known.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class UserCodeError(ConfigError):
    """A class of the user's own does not do what its slot asks for, or fails where only a message can tell of it."""


class DataError(MotetError):
    """Data cannot be used: unreadable, empty, not finite, of the wrong shape, or labelled with something unknown."""

    exit_code = 3

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class MachineError(MotetError):
    """The machine lacks something: an extra, a device, disk space, a permission."""

    exit_code = 4


def located(error: MotetError, place: str) -> MotetError:
    """Return the same kind of error with the place where it arose before its first problem.

    Examples
    --------
    >>> print(located(DataError("two rows differ", "drop one"), "fold 2"))
    fold 2: two rows differ
    drop one
    """
    first, *others = str(error).split("\n")
    lines = [f"{place}: {first}", *others]
    for kind in (UserCodeError, ConfigError, DataError):
        if isinstance(error, kind):
            return kind(*lines)
    return (MachineError if isinstance(error, MachineError) else MotetError)("\n".join(lines))


def missing_extra(package: str, extra: str, purpose: str) -> MachineError:
    """Return the error for an optional package that is not installed.

    Examples
    --------
    >>> print(missing_extra("pyarrow", "parquet", "reading Parquet manifests"))
    reading Parquet manifests needs 'pyarrow', which is not installed: pip install 'motet[parquet]'
    """
    return MachineError(f"{purpose} needs '{package}', which is not installed: pip install 'motet[{extra}]'")
