"""`motet doctor`."""

import argparse

from motet.cli.output import print_json, table


def run(arguments: argparse.Namespace) -> int:
    """Say whether this machine is ready: versions, devices, extras."""
    from motet.runs.environment import EXTRAS, describe_environment, version

    environment = describe_environment()
    extras = {extra: {name: version(name) for name in packages} for extra, packages in EXTRAS.items()}
    if arguments.json:
        print_json({"environment": environment, "extras": extras})
        return 0
    rows = [[name, str(found or "missing")] for name, found in environment["packages"].items()]
    print(f"Python {environment['python']} on {environment['platform']}, {environment['processors']} processors")
    print(f"GPU: {environment['cuda'] or 'none'}\n")
    print(table(rows, header=["package", "version"]))
    for extra, packages in extras.items():
        absent = [name for name, found in packages.items() if found is None]
        print(f"{extra}: " + (f"missing {', '.join(absent)}: pip install 'motet[{extra}]'" if absent else "ready"))
    return 0
