"""The user's own class in a slot: `kind: ./mine.py:Name` in a file, or an object in Python.

Code of a file runs only where the validation's context allows it (`--allow-code`). The class is called as
`Name(*what the slot gives, **the other keys of the mapping)`.
"""

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import ConfigDict, Field, JsonValue, PrivateAttr, ValidationInfo, model_validator
from pydantic_core import PydanticSerializationError, to_json

from motet.config.context import Context
from motet.config.fields import Settings
from motet.config.user_files import file_digest, load_class
from motet.errors import ConfigError

S = TypeVar("S", bound=Settings)
PATTERN = r"(.+\.py):([A-Za-z_][A-Za-z0-9_]*)"
_REFERENCE = re.compile(PATTERN)
_IN_PYTHON = "python:"


class UserComponent(Settings):
    """Your own class: ./FILE.py:NAME, its other keys are the arguments."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    kind: str = Field(
        description="./FILE.py:NAME, from the folder of the experiment; runs only with --allow-code.",
        json_schema_extra={"pattern": f"^{PATTERN}$"},
    )
    _target: Any = PrivateAttr(None)
    _digest: str | None = PrivateAttr(None)
    _path: Path | None = PrivateAttr(None)

    @classmethod
    def of(cls, target: Any, /, **options: Any) -> "UserComponent":
        """Wrap a class, to be called with `options` besides what the slot gives, or a finished object.

        Raises
        ------
        ValueError
            If an option is no plain data, which a run could not write down.

        Examples
        --------
        >>> UserComponent.of(dict, colour="blue").build()
        {'colour': 'blue'}
        """
        described = target if isinstance(target, type) else type(target)
        _check_plain(options)
        values: dict[str, Any] = {
            "kind": f"{_IN_PYTHON}{described.__module__}.{described.__qualname__}",
            **options,
        }
        component = cls.model_construct(_fields_set=None, **values)
        component._target = target
        return component

    @model_validator(mode="after")
    def _load(self, info: ValidationInfo) -> Self:
        if self._target is not None:
            return self
        context = info.context if isinstance(info.context, Context) else Context()
        if self.kind.startswith(_IN_PYTHON):
            self._target = _given_again(self, context)
            return self
        path, name = _locate(self.kind, context)
        self._path, self._digest = path, file_digest(path)
        self._target = load_class(path, name, self._digest)
        object.__setattr__(self, "kind", f"{path.as_posix()}:{name}")
        return self

    @property
    def options(self) -> dict[str, JsonValue]:
        """The keys beside `kind`."""
        return dict(self.model_extra or {})

    @property
    def digest(self) -> str | None:
        """The digest of the code's file. None for a Python object: nothing identifies it, never store it."""
        return self._digest

    @property
    def path(self) -> Path | None:
        """The file that the class was loaded from. None for a Python object."""
        return self._path

    @property
    def place(self) -> str:
        """What messages call it: the file and the class, wherever a copy of the file is kept."""
        return self.kind if self._path is None else f"{self._path}:{self.name}"

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.kind.rpartition(":")[2]

    @property
    def target(self) -> Any:
        """The class, or the finished object."""
        return self._target

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """Call the class with what the slot gives and with the options; return a finished object as it is.

        Raises
        ------
        ConfigError
            If the class does not accept these arguments.
        """
        if not isinstance(self._target, type):
            return self._target
        try:
            inspect.signature(self._target).bind(*args, **kwargs, **self.options)
        except TypeError as error:
            raise ConfigError(f"{self.place}: {error}; {_call(args, kwargs, self.options)}") from None
        except ValueError:
            pass  # a class in C that tells no signature is called as it is
        return self._target(*args, **kwargs, **self.options)

    def build_own(self, *args: Any, **kwargs: Any) -> Any:
        """As `build`, but a finished object is copied: what it learns in one training does not reach the next."""
        built = self.build(*args, **kwargs)
        return copy.deepcopy(built) if built is self._target else built

    def __reduce__(self) -> Any:
        """Send the file and the options to a worker process, which loads the class again."""
        if self._digest is None:
            return super().__reduce__()
        return _again, (f"{self._path}:{self.name}", self.options)


def is_user_code(kind: object) -> bool:
    """Tell whether a kind names user code and not an entry of the catalog."""
    return isinstance(kind, str) and (kind.startswith(_IN_PYTHON) or _REFERENCE.fullmatch(kind) is not None)


def components_of(value: Any) -> list[UserComponent]:
    """Return the user's components among settings and all their parts, in the order in which they stand."""
    found: list[UserComponent] = []

    def note(component: UserComponent) -> UserComponent:
        found.append(component)
        return component

    _each(value, note)
    return found


def with_components(settings: S, change: Callable[[UserComponent], UserComponent]) -> S:
    """Return settings with every component of the user's own, however deep, as `change` returns it."""
    changed: S = _each(settings, change)
    return changed


def _each(value: Any, change: Callable[[UserComponent], UserComponent]) -> Any:
    if isinstance(value, UserComponent):
        return change(value)
    if isinstance(value, Settings):
        parts = {name: _each(part, change) for name, part in value}
        new = {name: part for name, part in parts.items() if part is not getattr(value, name)}
        return value.model_copy(update=new) if new else value
    if isinstance(value, Mapping):
        entries = {key: _each(part, change) for key, part in value.items()}
        return entries if any(part is not value[key] for key, part in entries.items()) else value
    if isinstance(value, list | tuple):
        items = type(value)(_each(part, change) for part in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _again(kind: str, options: dict[str, Any]) -> UserComponent:
    return UserComponent.model_validate({"kind": kind, **options}, context=Context(allow_code=True))


def _given_again(component: UserComponent, context: Context) -> Any:
    """Return the object in Python that settings were written down with."""
    alike = [one.target for one in context.given if (one.kind, one.options) == (component.kind, component.options)]
    if not alike:
        raise ValueError(
            f"{component.kind!r} was an object in Python and is not in any file; in Python, give it again with "
            "experiment=..."
        )
    if any(target is not alike[0] for target in alike):
        raise ValueError(
            f"{component.kind!r} was one of several objects of this class, which cannot be told apart; give each its "
            "own class, or write them as ./FILE.py:NAME"
        )
    return alike[0]


def _locate(kind: str, context: Context) -> tuple[Path, str]:
    match = _REFERENCE.fullmatch(kind)
    if match is None:
        raise ValueError(f"{kind!r} does not name user code; write ./FILE.py:NAME")
    path = (context.folder / match[1]).resolve()
    if not context.allow_code:
        raise ValueError(f"{kind!r} is user code, which runs only when you say so; add --allow-code")
    if not path.is_file():
        raise ValueError(f"{kind!r}: there is no file {path}; the path starts at the folder of the experiment")
    return path, match[2]


def _check_plain(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        try:
            to_json(value)
        except PydanticSerializationError:
            raise ValueError(
                f"the option {name!r} is of type {type(value).__name__}, but options are plain data, as in a file; "
                "build the object yourself and give it in place of the class"
            ) from None


def _call(args: tuple[Any, ...], kwargs: dict[str, Any], options: dict[str, Any]) -> str:
    given = [type(arg).__name__ for arg in args] + list(kwargs)
    return f"it is called with ({', '.join(given)}) and the options ({', '.join(options)})"
