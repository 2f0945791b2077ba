"""A log of JSON objects, one a line, that a kill at any moment leaves readable.

A record is complete when its line end is written. What follows the last line end is torn: it is not read, and
the next `append` removes it.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motet.errors import DataError
from motet.files.disk import machine_errors, write_all


@dataclass(frozen=True, slots=True)
class JsonLines:
    """An append-only file of JSON objects.

    Parameters
    ----------
    path
        The file; it need not exist yet.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = JsonLines(Path(folder) / "metrics.jsonl")
    ...     log.append({"epoch": 1, "loss": 0.5})
    ...     log.append({"epoch": 2, "loss": float("nan")})
    ...     log.read()
    [{'epoch': 1, 'loss': 0.5}, {'epoch': 2, 'loss': None}]
    """

    path: Path

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record, handed to the system before this returns, so that a kill cannot lose it.

        A number that is not finite is written as null, which is all that JSON has for it.

        Raises
        ------
        MachineError
            If the file cannot be written; it then holds the records that it held before.
        """
        line = (json.dumps(_finite(record), allow_nan=False) + "\n").encode()
        with machine_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                end = file.tell()
                if end and not self._ends_with_line():
                    end = len(self._complete())
                    file.truncate(end)
                try:
                    write_all(file.fileno(), line)
                except OSError:
                    file.truncate(end)
                    raise

    def read(self) -> list[dict[str, Any]]:
        """Return all complete records; none if there is no file.

        Raises
        ------
        DataError
            If a complete line is not a JSON object, naming the line.
        """
        lines = self._complete().split(b"\n")[:-1]
        return [self._parse(number, line) for number, line in enumerate(lines, start=1)]

    def truncate(self, num_records: int) -> None:
        """Keep the first `num_records` records, as when a run resumes from an earlier moment.

        Raises
        ------
        DataError
            If there are fewer.
        MachineError
            If the file cannot be written.
        """
        lines = self._complete().split(b"\n")[:-1]
        if len(lines) < num_records:
            raise DataError(
                f"{self.path}: holds {len(lines)} records, {num_records} were expected. "
                f"It was changed from outside: restore it, or start anew in another place."
            )
        if self.path.exists():
            with machine_errors(self.path):
                os.truncate(self.path, sum(len(line) + 1 for line in lines[:num_records]))

    def sync(self) -> None:
        """Make all records survive a power cut too, not only a kill."""
        if self.path.exists():
            with machine_errors(self.path), self.path.open("ab") as file:
                os.fsync(file.fileno())

    def _complete(self) -> bytes:
        if not self.path.exists():
            return b""
        with machine_errors(self.path, "read"):
            content = self.path.read_bytes()
        return content[: content.rfind(b"\n") + 1]

    def _ends_with_line(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise DataError(f"{self.path}:{number}: not a JSON object: {line[:40]!r}. Restore or delete the file.")
        return record


def _finite(value: Any) -> Any:
    """Return a value with every number that is not finite replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
