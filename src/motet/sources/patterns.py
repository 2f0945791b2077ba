"""Patterns of file names: `{digit}_{speaker}_{index:d}.wav`.

A piece is text without `/` (`{name}` or `{name:s}`), a whole number (`{name:d}`) or a number (`{name:f}`);
`{name:2s}` is exactly two characters, `{name:2d}` two digits, `{}` a piece of no interest. A piece that comes
twice must be the same text in both places.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from string import Formatter

from motet.errors import DataError
from motet.sources.settings import FieldType, Value, pattern_fields

_CONVERT: dict[FieldType, Callable[[str], Value]] = {"d": int, "f": float}
_NEVER = "/"  # is in no piece


@dataclass(frozen=True, slots=True)
class FilePattern:
    """A compiled pattern.

    Parameters
    ----------
    pattern
        The pattern as it was written.
    fields
        The types of its named pieces.
    extension
        What the pattern ends in, such as `.wav`; empty if it ends in a piece.
    """

    pattern: str
    fields: dict[str, FieldType]
    extension: str
    _greedy: re.Pattern[str]
    _lazy: re.Pattern[str]
    _stops: tuple[str, ...]

    @classmethod
    def of(cls, pattern: str) -> "FilePattern":
        """Compile a pattern.

        Examples
        --------
        >>> FilePattern.of("{digit}_{speaker}_{index:d}.wav").match("7_theo_12.wav")
        {'digit': '7', 'speaker': 'theo', 'index': 12}
        """
        greedy, lazy = (re.compile(_expression(pattern, lazy=lazy)) for lazy in (False, True))
        return cls(pattern, pattern_fields(pattern), _extension(pattern), greedy, lazy, _stops(pattern))

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
        # Pieces are as long as they can be, from left to right. Any other match has a shorter piece somewhere, and
        # there what follows it in the pattern would lie inside the longer one.
        for stop, value in zip(self._stops, match.groups(), strict=True):
            if stop in value:
                self._refuse_other_readings(match, name)
                break
        pieces: dict[str, Value] = match.groupdict()
        for piece, kind in self.fields.items():
            if kind != "s":
                pieces[piece] = _CONVERT[kind](match[piece])
        return pieces

    def raw(self, name: str) -> dict[str, str]:
        """Return the pieces of a name that matches, as they are written: with the zeros before a number.

        Examples
        --------
        >>> FilePattern.of("{speaker}_{index:d}.wav").raw("theo_007.wav")
        {'speaker': 'theo', 'index': '007'}
        """
        match = self._greedy.fullmatch(name if "/" in self.pattern else name[name.rfind("/") + 1 :])
        assert match is not None, "only names that match have pieces"
        return match.groupdict()

    def _refuse_other_readings(self, match: re.Match[str], name: str) -> None:
        # The match of the longest pieces and that of the shortest ones are the two ends of an order of all matches.
        other = self._lazy.fullmatch(match.string)
        assert other is not None
        if other.groups() != match.groups():
            raise DataError(
                f"{name}: '{self.pattern}' fits in more than one way, as {_shown(other)} and as {_shown(match)}; give "
                "pieces a type or a width, as in {index:d} or {code:2s}"
            )


def filled(pattern: str, pieces: Mapping[str, str]) -> str:
    """Return a path whose named pieces are filled in; a type or a width does not change how they are written.

    Examples
    --------
    >>> filled("clean/{speaker}-{index:d}.wav", {"speaker": "theo", "index": "007"})
    'clean/theo-007.wav'
    """
    parts = [(literal, pieces[name] if name else "") for literal, name, _, _ in Formatter().parse(pattern)]
    return "".join(part for pair in parts for part in pair)


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
        parts.append(f"(?P<{name}>{piece})" if name else f"({piece})")
    return "".join(parts)


def _stops(pattern: str) -> tuple[str, ...]:
    """Return for each group the character at which a shorter piece could end; empty where that is any."""
    parsed = [*Formatter().parse(pattern), (_NEVER, None, None, None)]
    stops: list[str] = []
    seen: set[str] = set()
    for (_, name, specification, _), (following, *_) in pairwise(parsed):
        if name is None or (name and name in seen):
            continue
        seen.add(name)
        stops.append(_NEVER if (specification or "")[:1].isdigit() else following[:1])
    return tuple(stops)


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


def _shown(match: re.Match[str]) -> str:
    names = {number: name for name, number in match.re.groupindex.items()}
    return ", ".join(f"{names.get(number, '{}')} {value}" for number, value in enumerate(match.groups(), start=1))
