"""Strict settings: the base class, options, unions of kinds, paths, user code; and experiment files.

`load` reads a file and its overrides, `validate` turns it into settings and reports every problem at once,
`options` and `json_schema` describe what may stand there, `to_yaml` and `dump` write settings down.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.config.context import Context, CrossProblem
    from motet.config.describe import Option, options
    from motet.config.fields import Many, Name, OneOrNamed, Settings, option, required
    from motet.config.paths import ExistingFile, ExistingFolder, ExistingPath, PathText
    from motet.config.schema import json_schema
    from motet.config.slots import Slot, kinds
    from motet.config.user_code import UserComponent
    from motet.config.validation import Tree, load, validate
    from motet.config.writing import dump, fingerprint, to_yaml

__all__ = [
    "Context",
    "CrossProblem",
    "ExistingFile",
    "ExistingFolder",
    "ExistingPath",
    "Many",
    "Name",
    "OneOrNamed",
    "Option",
    "PathText",
    "Settings",
    "Slot",
    "Tree",
    "UserComponent",
    "dump",
    "fingerprint",
    "json_schema",
    "kinds",
    "load",
    "option",
    "options",
    "required",
    "to_yaml",
    "validate",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Context": "context",
        "CrossProblem": "context",
        "ExistingFile": "paths",
        "ExistingFolder": "paths",
        "ExistingPath": "paths",
        "Many": "fields",
        "Name": "fields",
        "OneOrNamed": "fields",
        "Option": "describe",
        "PathText": "paths",
        "Settings": "fields",
        "Slot": "slots",
        "Tree": "validation",
        "UserComponent": "user_code",
        "dump": "writing",
        "fingerprint": "writing",
        "json_schema": "schema",
        "kinds": "slots",
        "load": "validation",
        "option": "fields",
        "options": "describe",
        "required": "fields",
        "to_yaml": "writing",
        "validate": "validation",
    },
)
