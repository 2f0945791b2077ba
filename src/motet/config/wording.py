"""What a wrong value is told: what was found, what is expected, and the nearest valid name."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from motet.config.fields import Settings
from motet.config.scalars import read_scalar
from motet.config.writing import dump, flow

_MAX_SHOWN = 60
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "frozen_set_type": "a list",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "int_type": "a whole number",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "list_type": "a list",
    "literal_error": "one of {expected}",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "multiple_of": "a multiple of {multiple_of}",
    "set_type": "a list",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_long": "text of {max_length} or fewer characters",
    "string_too_short": "text of {min_length} or more characters",
    "string_type": "text",
    "string_unicode": "text in Unicode",
    "too_long": "a {field_type} of {max_length} or fewer",
    "too_short": "a {field_type} of {min_length} or more",
    "tuple_type": "a list",
}


def expected(error: Any) -> str:
    """Return what pydantic's error expected: "a number of at least 1"."""
    context = dict(error.get("ctx", {}))
    if "expected" in context:
        context["expected"] = ", ".join(choices(error))
    kind = error["type"]
    if "field_type" in context:
        context["field_type"] = "mapping" if isinstance(error["input"], dict) else "list"
        kind = f"string_{kind}" if isinstance(error["input"], str) else kind
    numbers = {key: f"{value:g}" for key, value in context.items() if isinstance(value, float)}
    return _EXPECTED.get(kind, "").format(**{**context, **numbers})


def choices(error: Any) -> list[str]:
    """Return the names that an error about a literal lists."""
    listed = str(error.get("ctx", {}).get("expected", "")) if error["type"] == "literal_error" else ""
    return [name.strip("' ") for name in listed.replace(" or ", ", ").split(", ") if name]


def is_not(value: Any, expectations: Sequence[str], names: Iterable[str]) -> str:
    """Return the message about a value that is none of what is expected."""
    wanted = " or ".join(dict.fromkeys(text for text in expectations if text))
    return f"{shown(value)} is not {wanted}{_remedy(value, wanted, names)}"


def _remedy(value: Any, wanted: str, names: Iterable[str]) -> str:
    if not isinstance(value, str):
        return "; put it in quotes" if wanted == "text" and isinstance(value, int | float) else ""
    if isinstance(read_scalar(value), int | float) and "number" in wanted:
        return "; remove the quotes"
    return did_you_mean(value, names)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the nearest valid name as a question, or nothing where none is near."""
    found = nearest(name, names)
    return "" if found is None else f"; did you mean {found!r}?"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the nearest of some names, or None where none is near.

    Examples
    --------
    >>> nearest("learningrate", ["learning_rate", "momentum"])
    'learning_rate'
    """
    folded = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def shown(value: Any) -> str:
    """Return a value as a file would write it, shortened."""
    text = repr(value) if isinstance(value, str) else flow(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def differences(here: Settings, there: Settings) -> str:
    """Name the options in which settings differ, with the values of both; of two kinds only these.

    Examples
    --------
    >>> from motet.config import option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s")
    >>> differences(PauseSettings(), PauseSettings(length_s=1.0))
    'length_s: 0.5 here, 1.0 there'
    """
    one, other = dump(here), dump(there)
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    names = ["kind"] if "kind" in names else names
    return "; ".join(f"{name}: {shown(one.get(name))} here, {shown(other.get(name))} there" for name in names)


def with_article(noun: str) -> str:
    """Return a noun with its article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
