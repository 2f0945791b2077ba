"""`motet inspect`: what data hold and what is wrong with them, as tables or as JSON."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from motet.cli.output import print_json, table
from motet.cli.screen import console

_SHOWN = 20
_HEADER = ("input", "read", "rate", "channels", "shortest", "median", "longest", "together")


def run(arguments: argparse.Namespace) -> int:
    """Look at the data and print what was found; problems of the data are findings, not failures."""
    from motet.experiment.inspect import inspect

    with console() as screen:
        found = inspect(
            arguments.path,
            arguments.overrides,
            most=arguments.most,
            pictures=arguments.output,
            allow_code=arguments.allow_code,
            progress=screen,
        )
    if arguments.json:
        print_json(
            {
                "data": {name: report.as_json() for name, report in found.reports.items()},
                "shared": [_problem_json("", problem) for problem in found.shared],
                "pictures": [str(path) for path in found.pictures],
            }
        )
        return 0
    print("\n\n".join(_told(found)))
    return 0


def _told(found: Any) -> Iterator[str]:
    for name, report in found.reports.items():
        yield f"{name}: {_summary(report)}"
        yield table(list(_inputs(report)), header=_HEADER)
        for task, targets in report.tables.items():
            yield _targets(task, targets)
    if found.problems:
        rows = [
            [problem.severity, name, f"{problem.found}{_named(problem)}", problem.remedy]
            for name, problem in found.problems
        ]
        yield "PROBLEMS\n" + table(rows, header=["", "data set", "found", "remedy"], widest={2: 62, 3: 0})
    else:
        yield "No problems were found."
    if found.pictures:
        yield "\n".join(f"drawn: {path}" for path in found.pictures)


def _summary(report: Any) -> str:
    parts = [f"{report.rows:,} rows"]
    if report.groups:
        parts.append(f"{report.groups:,} groups")
    partition = report.splits.get("partition")
    if partition:
        parts.append("partition " + ", ".join(f"{role} {count:,}" for role, count in partition.items()))
    folds = sum(name.startswith("fold ") for name in report.splits)
    if folds:
        parts.append(f"{folds} folds")
    return ", ".join(parts)


def _inputs(report: Any) -> Iterator[list[str]]:
    for name in report.measured:
        found = report.recordings(name)
        duration = found["duration_s"]
        yield [
            name,
            f"{found['read']:,}",
            _alternatives(found["rates_hz"], " Hz"),
            _alternatives(found["channels"], ""),
            *(_seconds(duration[key]) for key in ("min", "median", "max", "total")),
        ]


def _alternatives(counts: Mapping[str, int], unit: str) -> str:
    named = [f"{float(value):,.6g}{unit}" for value in counts]
    return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "") or "-"


def _targets(task: str, targets: Any) -> str:
    """Return the table of a task: a line for each label, with its rows on every side of the predefined splits."""
    missing = f", {targets.missing:,} rows without" if targets.missing else ""
    title = f"{task}: {targets.kind}{missing}"
    if targets.statistics:
        columns = list(targets.statistics.values())
        rows = [[str(place + 1), *(f"{column[place]:.4g}" for column in columns)] for place in range(len(columns[0]))]
        return f"{title}\n{table(rows, header=['value', *targets.statistics])}"
    sides = [side for side in targets.by_side if side.startswith("partition ") or side.endswith(" test")]
    rows = [
        [label, f"{count:,}", *(f"{targets.by_side[side].get(label, 0):,}" for side in sides)]
        for label, count in list(targets.labels.items())[:_SHOWN]
    ]
    header = ["label", "rows", *(side.removeprefix("partition ") for side in sides)]
    more = len(targets.labels) - _SHOWN
    return f"{title}\n{table(rows, header=header)}" + (
        f"\n... and {more:,} more labels (all with --json)" if more > 0 else ""
    )


def _named(problem: Any) -> str:
    if not problem.examples or problem.count < 2:
        return ""
    return f" (such as {', '.join(problem.examples[:3])})"


def _seconds(value: float) -> str:
    return f"{value:,.3g} s" if value < 100 else f"{value:,.0f} s" if value < 7200 else f"{value / 3600:,.1f} h"


def _problem_json(name: str, problem: Any) -> dict[str, Any]:
    return {field: getattr(problem, field) for field in problem.__slots__}
