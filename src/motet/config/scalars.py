"""The scalars of YAML 1.2's core schema, read and written by the same rules.

`1e-3` is a number, `yes` and `12:30` are text, `true` is not 1. Whatever is quoted is text.
"""

import json
import re

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGERS = ((re.compile(r"[-+]?[0-9]+"), 10), (re.compile(r"0o[0-7]+"), 8), (re.compile(r"0x[0-9a-fA-F]+"), 16))
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TRUTH_ELSEWHERE = frozenset(("y", "n", "yes", "no", "on", "off"))
_MAX_DIGITS = 300
_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./+ -]*[A-Za-z0-9_./+-])?")


def read_scalar(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Examples
    --------
    >>> [read_scalar(text) for text in ("1e-3", "12", "true", "yes", "~")]
    [0.001, 12, True, 'yes', None]
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _MAX_DIGITS:
        return text
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(text):
            return int(text, base)
    return float(text) if _FLOAT.fullmatch(text) else text


def write_scalar(value: Scalar) -> str:
    """Return the text of a scalar that reads as the same value.

    Examples
    --------
    >>> [write_scalar(value) for value in (0.001, True, None, "mono", "true", "a: b")]
    ['0.001', 'true', 'null', 'mono', '"true"', '"a: b"']
    """
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, float) and value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value == float("inf") else "-.inf"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def _is_plain(text: str) -> bool:
    if text.lower() in _TRUTH_ELSEWHERE:
        return False
    return _PLAIN.fullmatch(text) is not None and "---" not in text and "..." not in text and read_scalar(text) == text


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
