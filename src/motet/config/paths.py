"""Paths in settings: the environment is read here and nowhere else.

`${NAME}` and `${NAME:-default}` are replaced as a shell would (`:-` also where the variable is empty), `$${`
stands for a plain `${`, and a leading `~/` is the home folder. A relative path starts at the working folder.
"""

import os
import re
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, ValidationInfo

from motet.config.context import Context

_REFERENCE = re.compile(r"(\$)?\$\{([^}]*)\}?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def interpolate(text: str) -> str:
    """Replace the environment references of a path.

    Raises
    ------
    ValueError
        If a variable is not set and no default is given, or if a reference is malformed.

    Examples
    --------
    >>> interpolate("${MOTET_NO_SUCH:-data}/esc10")
    'data/esc10'
    """
    return _REFERENCE.sub(_replace, text)


def _replace(match: re.Match[str]) -> str:
    escaped, inside = match.groups()
    if escaped:
        return match.group()[1:]
    name = _NAME.fullmatch(inside)
    if name is None or not match.group().endswith("}"):
        raise ValueError(f"{match.group()!r} is not ${{NAME}} or ${{NAME:-default}}; write $${{ for a plain ${{")
    value, default = os.environ.get(name[1]), name[2]
    if default is not None:
        return value or default
    if value is None:
        raise ValueError(f"the environment variable {name[1]} is not set; set it, or write ${{{name[1]}:-default}}")
    return value


def _resolve(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if not isinstance(value, str):
        return value
    path = interpolate(value)
    if not path.strip():
        raise ValueError(f"the path {value!r} is empty; name a file or a folder")
    return str(Path(path).expanduser()) if path.startswith("~/") else path


def _exists(path: str, info: ValidationInfo) -> str:
    return _checked(path, info, Path.exists, "file or folder")


def _is_file(path: str, info: ValidationInfo) -> str:
    return _checked(path, info, Path.is_file, "file")


def _is_folder(path: str, info: ValidationInfo) -> str:
    return _checked(path, info, Path.is_dir, "folder")


def _checked(path: str, info: ValidationInfo, found: Any, what: str) -> str:
    context = info.context
    if not isinstance(context, Context) or not context.check_files or found(Path(path)):
        return path
    if Path(path).exists():
        raise ValueError(f"{path!r} is not a {what}; name a {what}")
    start = "" if Path(path).is_absolute() else f" (seen from {Path.cwd()})"
    raise ValueError(f"there is no {what} {path!r}{start}; correct the path or the variable in it")


def _escape(path: str) -> str:
    return path.replace("${", "$${")


IS_PATH = BeforeValidator(_resolve)
"""Marks text that is a path."""

PathText = Annotated[str, IS_PATH, PlainSerializer(_escape, when_used="json")]
"""A path as text, the environment filled in; it need not exist."""

ExistingPath = Annotated[PathText, AfterValidator(_exists)]
"""A file or folder that must exist when an experiment starts."""

ExistingFile = Annotated[PathText, AfterValidator(_is_file)]
"""A file that must exist when an experiment starts."""

ExistingFolder = Annotated[PathText, AfterValidator(_is_folder)]
"""A folder that must exist when an experiment starts."""
