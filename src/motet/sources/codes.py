"""Codes and their names: what files and tables write as 1, 01 or A, and what people call it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from motet.errors import ConfigError, DataError
from motet.sources.settings import LabelNames, Value

_WHOLE = re.compile(r"[+-]?[0-9]+")


def canonical(code: Value) -> str:
    """Return the text that all spellings of a code share.

    Examples
    --------
    >>> canonical(1), canonical("01"), canonical(1.0), canonical(" A ")
    ('1', '1', '1', 'A')
    """
    if isinstance(code, float) and code.is_integer():
        return str(int(code))
    text = str(code).strip()
    return str(int(text)) if _WHOLE.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class CodeNames:
    """The names of one task's codes.

    Parameters
    ----------
    task
        The task, for messages.
    names
        Name by canonical code.
    """

    task: str
    names: Mapping[str, str]

    @classmethod
    def of(cls, task: str, labels: LabelNames) -> "CodeNames":
        """Take the names from settings.

        Raises
        ------
        ConfigError
            If two spellings of one code have names.
        """
        names = {canonical(code): name for code, name in labels.items()}
        if len(names) < len(labels):
            raise ConfigError(
                f"source.labels: of the codes of {task} ({', '.join(labels)}) some are one code to Motet, as are 1 and "
                "01; name each code once"
            )
        return cls(task, names)

    def name(self, code: Value, place: str) -> str:
        """Return the name of a code that was found at a place.

        Raises
        ------
        DataError
            If the code has no name.
        """
        found = self.names.get(canonical(code))
        if found is None:
            raise DataError(
                f"{place}: {self.task} is '{code}', which `labels` does not name: it names "
                f"{', '.join(self.names)}; add '{code}' to it"
            )
        return found
