"""Patterns of file names: `{digit}_{speaker}_{index:d}.wav`.

A piece is text without `/` (`{name}` or `{name:s}`), a whole number (`{name:d}`) or a number (`{name:f}`);
`{name:2s}` is exactly two characters, `{name:2d}` two digits, `{}` a piece of no interest. A piece that comes
twice must be the same text in both places.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from motet.errors import DataError
from motet.sources.settings import FieldType, Value, pattern_fields

_CONVERT: dict[FieldType, Callable[[str], Value]] = {"s": str, "d": int, "f": float}


@dataclass(frozen=True, slots=True)
class FilePattern:
    """A compiled pattern.

    Parameters
    ----------
    pattern
        The pattern as it was written.
    """

    pattern: str
    fields: dict[str, FieldType]
    extension: str
    _greedy: re.Pattern[str]
    _lazy: re.Pattern[str]

    @classmethod
    def of(cls, pattern: str) -> "FilePattern":
        """Compile a pattern.

        Examples
        --------
        >>> FilePattern.of("{digit}_{speaker}_{index:d}.wav").match("7_theo_12.wav")
        {'digit': '7', 'speaker': 'theo', 'index': 12}
        """
        greedy, lazy = (re.compile(_expression(pattern, lazy=lazy)) for lazy in (False, True))
        return cls(pattern, pattern_fields(pattern), _extension(pattern), greedy, lazy)

    def match(self, name: str) -> dict[str, Value] | None:
        """Return the pieces of a name; None if it does not match.

        Parameters
        ----------
        name
            The path below the folder. A pattern without `/` is about the last part of it.

        Raises
        ------
        DataError
            If the name can be cut into pieces in more than one way.
        """
        text = name if "/" in self.pattern else name[name.rfind("/") + 1 :]
        match = self._greedy.fullmatch(text)
        if match is None:
            return None
        pieces = match.groupdict()
        # The first match of greedy pieces and the first one of lazy pieces are the two ends of an order of all
        # matches; where they agree there is no other.
        other = self._lazy.fullmatch(text)
        assert other is not None
        if other.groupdict() != pieces:
            raise DataError(
                f"{name}: '{self.pattern}' fits in more than one way, as {_shown(other.groupdict())} and as "
                f"{_shown(pieces)}; give pieces a type or a width, as in {{index:d}} or {{code:2s}}"
            )
        return {piece: _CONVERT[kind](pieces[piece]) for piece, kind in self.fields.items()}


def _expression(pattern: str, *, lazy: bool) -> str:
    parts: list[str] = []
    seen: set[str] = set()
    for literal, name, specification, _ in Formatter().parse(pattern):
        parts.append(re.escape(literal))
        if name is None:
            continue
        if name and name in seen:
            parts.append(f"(?P={name})")
            continue
        seen.add(name)
        piece = _piece(specification or "", "?" if lazy else "")
        parts.append(f"(?P<{name}>{piece})" if name else f"(?:{piece})")
    return "".join(parts)


def _piece(specification: str, lazy: str) -> str:
    if specification == "f":
        return rf"[+-]?{lazy}[0-9]+{lazy}(?:\.[0-9]+{lazy})?{lazy}"
    character = "[0-9]" if specification.endswith("d") else "[^/]"
    width = specification.rstrip("sd")
    if width:
        return f"{character}{{{width}}}"
    sign = f"[+-]?{lazy}" if specification == "d" else ""
    return f"{sign}{character}+{lazy}"


def _extension(pattern: str) -> str:
    """Return the extension that the pattern ends in; empty if it ends in a piece."""
    tail, name, _, _ = list(Formatter().parse(pattern))[-1]
    if name is not None:
        return ""
    return tail[tail.rfind(".") :] if "." in tail else ""


def _shown(pieces: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pieces.items())
