"""Files of the user's own code: loaded once for every content, sent to worker processes, named when they fail.

A file becomes a module named after itself and the digest of its content, so a changed file is another module and
what runs is always what its digest says.
"""

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.machinery import SourceFileLoader
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

_PREFIX = "motet_user_"
_CALLED_WRONGLY = re.compile(r"([\w.]+)\(\) (?:takes|got|missing) ")


def file_digest(path: Path) -> str:
    """Return what identifies the content of a file of code."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


@cache
def load_class(path: Path, name: str, digest: str) -> type:
    """Run a file and return one of its classes.

    Raises
    ------
    ValueError
        If the file fails, or has no such class.
    """
    module = _module(path, digest)
    found = getattr(module, name, None)
    if isinstance(found, type):
        return found
    if found is not None:
        raise ValueError(f"{name} in {path} is not a class but {type(found).__name__}; name a class")
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    raise ValueError(f"there is no class {name} in {path}; it has {', '.join(own) or 'none'}")


def loaded_files() -> tuple[tuple[Path, str], ...]:
    """Return the path and the digest of every file that was run, for `load_files` in a worker process."""
    return tuple((Path(str(module.__file__)), module.__dict__["__digest__"]) for module in _modules())


def load_files(files: Iterable[tuple[Path, str]]) -> None:
    """Run the files that another process has run, so that objects of their classes can be received from it."""
    for path, digest in files:
        _module(path, digest)


def failure(error: BaseException) -> str | None:
    """Return where in the user's files an error arose, and what it is; None where none of them was running.

    `/home/me/mine.py:12: Gong.__call__: ValueError: too loud`

    A method that is called with other arguments than it takes does not run, but it is named all the same.
    """
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if str(frame.f_globals.get("__name__", "")).startswith(_PREFIX):
            code = frame.f_code
            return f"{code.co_filename}:{line}: {code.co_qualname}: {type(error).__name__}: {error}"
    return _called_wrongly(error)


def _called_wrongly(error: BaseException) -> str | None:
    match = _CALLED_WRONGLY.match(str(error)) if isinstance(error, TypeError) else None
    if match is None:
        return None
    places = []
    for module in _modules():
        with suppress(AttributeError):
            code = attrgetter(f"{match[1]}.__code__")(module)
            places.append(f"{code.co_filename}:{code.co_firstlineno}")
    return f"{' or '.join(places)}: TypeError: {error}; correct what it takes" if places else None


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith(_PREFIX)]


class _Loader(SourceFileLoader):
    """Reads the source, always, and leaves nothing beside it: bytecode tells contents apart by whole seconds."""

    def path_stats(self, path: Any) -> Any:
        raise OSError(f"{path}: is compiled anew")


@cache
def _module(path: Path, digest: str) -> Any:
    name = f"{_PREFIX}{path.stem}_{digest[:12]}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__digest__"] = digest
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else 1)
        raise ValueError(f"{path}:{line}: {type(error).__name__}: {error}; the file could not be loaded") from error
    return module
