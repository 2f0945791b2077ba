"""`motet options`: every option of an experiment, in a table for each part and kind."""

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby

from motet.cli.output import print_json, table
from motet.config import Option, options
from motet.experiment.settings import Sweep
from motet.experiment.settings.data_set import OVERRIDABLE

_OVERRIDES = tuple(f"data.NAME.{part}" for part in OVERRIDABLE)
_HEADER = ("option", "default", "unit", "type", "meaning")


def run(arguments: argparse.Namespace) -> int:
    """Print the options at a path and below it."""
    found = options(Sweep, arguments.path)
    if arguments.json:
        print_json({"options": [_as_json(option) for option in found]})
        return 0
    found.sort(key=lambda option: option.path.startswith(_OVERRIDES))
    print("\n".join(_sections([*_chooser(arguments.path, found), *found])))
    return 0


def _chooser(path: str, found: Sequence[Option]) -> list[Option]:
    """Return the option that says what may stand at an index, which is not below the index itself."""
    place, _, last = path.rpartition(".")
    if not last.isdigit() or any(option.path == path for option in found):
        return []
    return options(Sweep, place)[:1]


def _sections(found: Sequence[Option]) -> Iterator[str]:
    """Yield a table for each part and kind, in the order of their first options.

    Where a table was told before, its place is told instead.
    """
    meanings = {(option.path, kind): text for option in found for kind, text in option.choices.items()}
    order = {_section(option): number for number, option in reversed(list(enumerate(found)))}
    ordered = sorted(found, key=lambda option: order[_section(option)])
    told: dict[object, str] = {}
    for (place, kinds), members in groupby(ordered, key=_section):
        title = _title(place, dict(kinds), meanings)
        rows = [row for option in members for row in _rows(option)]
        content = (dict(kinds).get(f"{place}.kind"), tuple(map(tuple, rows)))
        first = told.setdefault(content, place)
        if first != place:
            yield f"{title.splitlines()[0]}: as {first}"
        else:
            yield f"{title}\n{table(rows, header=_HEADER, widest={1: 20, 3: 28, 4: 0})}\n"


def _section(option: Option) -> tuple[str, tuple[tuple[str, str], ...]]:
    return option.path.rpartition(".")[0], tuple(option.kinds.items())


def _title(place: str, kinds: dict[str, str], meanings: dict[tuple[str, str], str]) -> str:
    """Return what stands above a table: the part, its kind and its meaning, and what else must be chosen for it."""
    own = kinds.pop(f"{place}.kind", None)
    others = f"  (with {', '.join(f'{path}: {kind}' for path, kind in kinds.items())})" if kinds else ""
    if own is None:
        return f"{place or 'experiment'}{others}"
    chooser = place if (place, own) in meanings else place.rpartition(".")[0]
    text = meanings.get((chooser, own), "")
    return f"{place}, kind: {own}{others}" + (f"\n{text}" if text else "")


def _rows(option: Option) -> Iterator[list[str]]:
    name = option.path.rpartition(".")[2]
    default = "(required)" if option.default is None else option.default
    yield [name, default, option.unit or "", option.type, option.meaning]
    for kind, text in option.choices.items():
        if text:
            yield ["", "", "", f"- {kind}", text]


def _as_json(option: Option) -> dict[str, object]:
    return {
        "path": option.path,
        "type": option.type,
        "default": option.default,
        "unit": option.unit,
        "meaning": option.meaning,
        "choices": dict(option.choices),
        "kinds": dict(option.kinds),
    }
