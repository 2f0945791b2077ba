"""Whether targets in time lie within their recordings, asked once the lengths of all recordings are known."""

import numpy as np
from numpy.typing import NDArray

from motet.errors import DataError
from motet.experiment.preparation import FoldData
from motet.model import Model
from motet.tasks.events import Events
from motet.tasks.traces import TimeRegression

_SLACK_S = 1.0
"""How far an annotation may reach behind its recording: it is rounded, and the last window may not fit."""
_SHARE = 0.1
"""How far an event may, as a share of the recording, where that is less than `_SLACK_S`."""
_SHOWN = 5


def check_events(prepared: FoldData, model: Model) -> None:
    """Refuse events that lie behind the end of their recording.

    Raises
    ------
    DataError
        Naming the rows, with the end of the last event and that of the recording.
    """
    problems = [
        f"task {name!r}: events of {len(late)} recordings end behind them by more than a tenth of their length or "
        f"{_SLACK_S:g} s ({', '.join(late[:_SHOWN])}{', ...' if len(late) > _SHOWN else ''}); correct "
        "the annotations: times are seconds from the start of the recording"
        for name, task in model.tasks.items()
        if isinstance(task, Events) and (late := _late(prepared, name))
    ]
    if problems:
        raise DataError(*problems)


def check_traces(prepared: FoldData, model: Model) -> None:
    """Refuse annotations over time that say nothing of their recording, or of more than there is.

    Raises
    ------
    DataError
        Naming the rows, with the span of the annotation and the duration of the recording.
    """
    problems = []
    for name, task in model.tasks.items():
        if isinstance(task, TimeRegression) and (wrong := _elsewhere(prepared, name, task.settings.delay_s)):
            problems.append(
                f"task {name!r}: {len(wrong)} annotations do not lie in their recordings, or reach more than "
                f"{_SLACK_S:g} s behind them ({', '.join(wrong[:_SHOWN])}{', ...' if len(wrong) > _SHOWN else ''}); "
                "correct them: times are seconds from the start of the recording, from which delay_s "
                f"({task.settings.delay_s:g} s) is taken off"
            )
    if problems:
        raise DataError(*problems)


def _elsewhere(prepared: FoldData, name: str, delay_s: float) -> list[str]:
    targets = prepared.corpus.targets[name]
    rows = np.flatnonzero(targets.present)
    first, last = np.array([(moments[0, 0], moments[-1, 0]) for moments in targets.values[rows]]).T.reshape(2, -1)
    durations = prepared.loader.durations_s(rows)
    wrong = np.flatnonzero((last < 0) | (first > durations) | (last + delay_s > durations + _SLACK_S))
    places = [prepared.corpus.locate(int(rows[row])) for row in wrong]
    return [
        f"{data_set.name}/{data_set.ids[own]}: {first[row] + delay_s:.2f} to {last[row] + delay_s:.2f} s of "
        f"{durations[row]:.2f} s"
        for row, (data_set, own) in zip(wrong, places, strict=True)
    ]


def _late(prepared: FoldData, name: str) -> list[str]:
    targets = prepared.corpus.targets[name]
    rows = np.flatnonzero(targets.present)
    ends = np.array([np.nan_to_num(events[:, 1]).max(initial=0.0) for events in targets.values[rows]])
    durations = prepared.loader.durations_s(rows)
    least_s = _window_s(prepared)[prepared.corpus.data_set_numbers(rows)]
    late = np.flatnonzero(ends > durations + np.minimum(_SLACK_S, np.maximum(_SHARE * durations, least_s)))
    places = [prepared.corpus.locate(int(rows[row])) for row in late]
    return [
        f"{data_set.name}/{data_set.ids[own]}: {ends[row]:.2f} s of {durations[row]:.2f} s"
        for row, (data_set, own) in zip(late, places, strict=True)
    ]


def _window_s(prepared: FoldData) -> NDArray[np.float64]:
    """Return for every data set by how much a map may be shorter than its recording: the last window may not fit."""
    grids = [[maps.grid for maps in prepared.maps[name].values()] for name in prepared.corpus.data_sets]
    return np.array([max(2 * grid.start_s + grid.step_s for grid in own) for own in grids])
