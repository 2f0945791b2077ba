"""What a check finds: all problems of one part, told together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from motet.errors import MotetError

_SHOWN = 12


class ContractError(AssertionError):
    """A part does not do what the program relies on.

    Parameters
    ----------
    subject
        What was checked.
    problems
        One line each: what was found, the rule, the remedy.
    """

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        shown = list(problems[:_SHOWN])
        if len(problems) > _SHOWN:
            shown.append(f"and {len(problems) - _SHOWN} more")
        super().__init__("\n".join([f"{subject} breaks its contract:", *(f"  - {line}" for line in shown)]))
        self.problems = tuple(problems)


class Findings:
    """Collects problems; leaving its block raises all of them as one `ContractError`.

    Examples
    --------
    >>> with Findings("feature Bands") as found:
    ...     _ = found.expect(1 + 1 == 2, "is not told")
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.problems: list[str] = []

    def __enter__(self) -> "Findings":
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Raise what was found; an error of the check itself comes first."""
        if kind is None and self.problems:
            raise ContractError(self.subject, self.problems)

    def add(self, problem: str) -> None:
        """Note a problem; the same one is noted once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def expect(self, holds: bool, problem: str) -> bool:
        """Note a problem unless the condition holds, and return the condition."""
        if not holds:
            self.add(problem)
        return holds

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Note whatever the block raises as a problem and go on behind it.

        Parameters
        ----------
        what
            What is tried: "listing the examples".
        """
        try:
            yield
        except MotetError as error:
            self.add(f"{what}: {error}")
        except Exception as error:
            self.add(f"{what} raises {type(error).__name__}: {error}")


def several(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names and the number of the others.

    Examples
    --------
    >>> several(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
