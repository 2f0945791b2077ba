"""The user's own class in a slot: `kind: ./mine.py:Name` in a file, or an object in Python.

Code of a file runs only where the validation's context allows it (`--allow-code`). The class is called as
`Name(*what the slot gives, **the other keys of the mapping)`.
"""

import copy
import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, Field, JsonValue, PrivateAttr, ValidationInfo, model_validator

from motet.config.context import Context
from motet.config.fields import Settings
from motet.errors import ConfigError

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

    @classmethod
    def of(cls, target: Any, **options: Any) -> "UserComponent":
        """Wrap a class, to be called with `options` besides what the slot gives, or a finished object.

        Examples
        --------
        >>> UserComponent.of(dict, colour="blue").build()
        {'colour': 'blue'}
        """
        described = target if isinstance(target, type) else type(target)
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
        path, name = _locate(self.kind, context)
        digest = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
        self._target, self._digest = _class_of(path, name, digest), digest
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
            raise ConfigError(f"{self.kind}: {error}; {_call(args, kwargs, self.options)}") from None
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
        return _again, (self.kind, self.options)


def is_user_code(kind: object) -> bool:
    """Tell whether a kind names user code and not an entry of the catalog."""
    return isinstance(kind, str) and (kind.startswith(_IN_PYTHON) or _REFERENCE.fullmatch(kind) is not None)


def _again(kind: str, options: dict[str, Any]) -> UserComponent:
    return UserComponent.model_validate({"kind": kind, **options}, context=Context(allow_code=True))


def _locate(kind: str, context: Context) -> tuple[Path, str]:
    if kind.startswith(_IN_PYTHON):
        raise ValueError(f"{kind!r} was an object in Python and is not in any file; pass the object again in Python")
    match = _REFERENCE.fullmatch(kind)
    if match is None:
        raise ValueError(f"{kind!r} does not name user code; write ./FILE.py:NAME")
    path = (context.folder / match[1]).resolve()
    if not context.allow_code:
        raise ValueError(f"{kind!r} is user code, which runs only when you say so; add --allow-code")
    if not path.is_file():
        raise ValueError(f"{kind!r}: there is no file {path}; the path starts at the folder of the experiment")
    return path, match[2]


@cache
def _class_of(path: Path, name: str, digest: str) -> type:
    module = _module(path, digest)
    found = getattr(module, name, None)
    if isinstance(found, type):
        return found
    if found is not None:
        raise ValueError(f"{name} in {path} is not a class but {type(found).__name__}; name a class")
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    raise ValueError(f"there is no class {name} in {path}; it has {', '.join(own) or 'none'}")


@cache
def _module(path: Path, digest: str) -> Any:
    name = f"motet_user_{path.stem}_{digest[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else 1)
        raise ValueError(f"{path}:{line}: {type(error).__name__}: {error}; the file could not be loaded") from error
    return module


def _call(args: tuple[Any, ...], kwargs: dict[str, Any], options: dict[str, Any]) -> str:
    given = [type(arg).__name__ for arg in args] + list(kwargs)
    return f"it is called with ({', '.join(given)}) and the options ({', '.join(options)})"
