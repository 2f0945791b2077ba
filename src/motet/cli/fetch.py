"""`motet fetch`: downloads a public data set, or lists those that there are."""

import argparse
import os
from pathlib import Path

from motet.cli.output import print_json, table
from motet.cli.screen import console
from motet.config.wording import did_you_mean
from motet.errors import ConfigError
from motet.fetching import PUBLIC_SETS, fetch

_FOLDER = "data"


def run(arguments: argparse.Namespace) -> int:
    """List the data sets, or fetch one."""
    folder = Path(arguments.output or os.environ.get("MOTET_DATA") or _FOLDER)
    name = arguments.name
    if name is None:
        return _list(folder, as_json=arguments.json)
    if name not in PUBLIC_SETS:
        raise ConfigError(f"there is no public data set {name!r}{did_you_mean(name, PUBLIC_SETS)}; see `motet fetch`")
    with console() as screen:
        found = fetch(name, PUBLIC_SETS[name], folder, keep=arguments.keep, progress=screen)
    if arguments.json:
        print_json({"name": name, "path": str(found.folder), "files": found.files, "checked": found.checked})
        return 0
    print(f"{found.folder}: " + (f"{found.files:,} files" if found.files else "was there already"))
    for archive, checked in found.checked.items():
        print(f"{archive}: checksum {checked}")
    print(f"licence: {PUBLIC_SETS[name].licence}; see {PUBLIC_SETS[name].page}")
    return 0


def _list(folder: Path, *, as_json: bool) -> int:
    if as_json:
        sets = [
            {
                "name": name,
                "title": public.title,
                "licence": public.licence,
                "page": public.page,
                "about_mb": public.about_mb,
                "there": (folder / name).is_dir(),
            }
            for name, public in PUBLIC_SETS.items()
        ]
        print_json({"folder": str(folder), "sets": sets})
        return 0
    rows = [
        [name, public.title, "?" if public.about_mb is None else f"{public.about_mb:,}", public.licence,
         "yes" if (folder / name).is_dir() else ""]
        for name, public in PUBLIC_SETS.items()
    ]  # fmt: skip
    print(table(rows, header=["name", "data set", "MB, about", "licence", f"in {folder}"], widest={1: 40, 3: 0}))
    return 0
