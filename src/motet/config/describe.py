"""Every option with its type, default, unit and meaning, read from where it is declared.

In a path, `NAME` stands for a name that the user gives and `N` for an index in a list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from motet.config.fields import Settings
from motet.config.nodes import Path, read_path, show_path
from motet.config.outline import Annotations, alternatives, at, fields_of, is_settings, settings_in
from motet.config.slots import kind_of
from motet.config.type_text import type_text
from motet.config.user_code import UserComponent
from motet.config.wording import did_you_mean
from motet.config.writing import flow
from motet.errors import ConfigError

_NAME, _INDEX = "NAME", "N"


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Parameters
    ----------
    path
        As in a file, an override and an error message.
    type
        What it may be, in words.
    default
        As a file would write it; None where it must be given.
    unit
        The unit of its values, or None.
    meaning
        One sentence.
    choices
        What may be chosen, with the meaning of each where it has one.
    kinds
        The kinds under which it exists, by path: `{"features.kind": "logmel"}`.
    """

    path: str
    type: str
    default: str | None
    unit: str | None
    meaning: str
    choices: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)


def options(settings: type[Settings], path: str = "") -> list[Option]:
    """Return the options at a path and below it; all of them for an empty path.

    Raises
    ------
    ConfigError
        If there is no such path.

    Examples
    --------
    >>> from motet.config import option
    >>> class PauseSettings(Settings):
    ...     length_s: float = option(0.5, "Length of a pause.", unit="s", gt=0)
    >>> options(PauseSettings)[0]
    Option(path='length_s', type='number, above 0', default='0.5', unit='s', meaning='Length of a pause.', ...)
    """
    every = _below(settings, (), {})
    if not path:
        return list(every)
    parts = read_path(path)
    check_path(settings, path)
    leading = [option for option in every if _leads_to(parts, option.path)]
    # A name may be that of an option; then the option is meant.
    meant = [option for option in leading if _is_spelt(parts, option.path)] or leading
    return [_at(option, parts) for option in meant] or options(settings, show_path(parts[:-1]))


def _leads_to(parts: Path, path: str) -> bool:
    pattern = path.split(".")
    return len(parts) <= len(pattern) and all(
        part == name or name == _NAME or (name == _INDEX and part.isdigit())
        for part, name in zip(map(str, parts), pattern, strict=False)
    )


def _is_spelt(parts: Path, path: str) -> bool:
    return all(name != _NAME for _, name in zip(parts, path.split("."), strict=False))


def _at(option: Option, parts: Path) -> Option:
    """Return an option with the names of a path in place of what stands for them."""

    def named(path: str) -> str:
        given = zip_longest(path.split("."), map(str, parts))
        return ".".join(part if name in (_NAME, _INDEX) and part else name for name, part in given if name)

    return replace(option, path=named(option.path), kinds={named(path): kind for path, kind in option.kinds.items()})


def check_path(settings: type[Settings], path: str) -> None:
    """Refuse a dotted path that leads to no option, whatever the kinds above it.

    Raises
    ------
    ConfigError
        With the nearest name.
    """
    parts = read_path(path)
    if not parts:
        raise ConfigError(f"{path!r} is not a path; write names with dots between, as in training.optimizer")
    for number, part in enumerate(parts):
        if not at(settings, parts[: number + 1]):
            known = [name for cls in settings_in(at(settings, parts[:number])) for name in fields_of(cls)]
            names = ", ".join(dict.fromkeys(known)) or "none"
            remedy = did_you_mean(str(part), known) or f"; there is {names}"
            raise ConfigError(f"{show_path(parts[: number + 1])}: there is no such option{remedy}")


def _below(settings: type[Settings], path: Path, kinds: Mapping[str, str]) -> Iterator[Option]:
    for name, declared in fields_of(settings).items():
        if name != "kind":
            yield from _option(declared, (*path, name), kinds)


def _option(declared: FieldInfo, path: Path, kinds: Mapping[str, str]) -> Iterator[Option]:
    extra = declared.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    annotation = declared.annotation
    yield Option(
        path=show_path(path),
        type=type_text(annotation, *declared.metadata),
        default=_default(declared),
        unit=str(unit) if unit else None,
        meaning=declared.description or "",
        choices=_choices(annotation),
        kinds=dict(kinds),
    )
    yield from _inside((annotation,), path, kinds)


def _inside(annotations: Annotations, path: Path, kinds: Mapping[str, str]) -> Iterator[Option]:
    """Describe what lies below a value: under each kind, each name, each index."""
    for annotation in (each for one in annotations for each in alternatives(one)):
        if is_settings(annotation) and annotation is not UserComponent:
            yield from _below(annotation, path, _kinds_of(annotation, path, kinds))
        elif get_origin(annotation) is dict:
            yield from _inside((get_args(annotation)[1],), (*path, _NAME), kinds)
        elif get_origin(annotation) in (tuple, list):
            yield from _inside((get_args(annotation)[0],), (*path, _INDEX), kinds)


def _kinds_of(settings: type[Settings], path: Path, kinds: Mapping[str, str]) -> Mapping[str, str]:
    kind = kind_of(settings) if "kind" in settings.model_fields else None
    return kinds if kind is None else {**kinds, show_path((*path, "kind")): kind}


def _default(declared: FieldInfo) -> str | None:
    if declared.is_required():
        return None
    return flow(_written(declared.get_default(call_default_factory=True)))


def _written(value: Any) -> Any:
    """Return a default as a file would write it: of settings, only what differs from their own defaults."""
    if isinstance(value, Settings):
        own = type(value).model_construct()
        given = {name: _written(part) for name, part in value if name == "kind" or part != getattr(own, name, None)}
        return given["kind"] if given.keys() == {"kind"} else given
    if isinstance(value, Mapping):
        return {key: _written(part) for key, part in value.items()}
    return [_written(part) for part in value] if isinstance(value, list | tuple) else value


def _choices(annotation: Any) -> dict[str, str]:
    choices: dict[str, str] = {}
    for each in alternatives(annotation):
        origin: Any = get_origin(each)
        if origin is Literal:
            choices.update({str(name): "" for name in get_args(each)})
        elif is_settings(each) and "kind" in each.model_fields:
            choices[kind_of(each) or "./FILE.py:NAME"] = _first_line(each)
        elif origin in (tuple, list, dict):
            choices.update(_choices(get_args(each)[1 if origin is dict else 0]))
    return choices


def _first_line(settings: type[Settings]) -> str:
    return (settings.__doc__ or "").strip().partition("\n")[0]
