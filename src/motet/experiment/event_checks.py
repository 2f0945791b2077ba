"""Whether targets in time lie within their recordings, asked once the lengths of all recordings are known."""

import numpy as np

from motet.errors import DataError
from motet.experiment.preparation import FoldData
from motet.model import Model
from motet.tasks.events import Events

_SLACK_S = 1.0
"""How far an event may reach behind its recording: annotations are rounded, and the last window may not fit."""
_SHOWN = 5


def check_events(prepared: FoldData, model: Model) -> None:
    """Refuse events that lie behind the end of their recording.

    Raises
    ------
    DataError
        Naming the rows, with the end of the last event and that of the recording.
    """
    problems = [
        f"task {name!r}: events of {len(late)} recordings end more than {_SLACK_S:g} s behind them "
        f"({', '.join(late[:_SHOWN])}{', ...' if len(late) > _SHOWN else ''}); correct the annotations: times are "
        "seconds from the start of the recording"
        for name, task in model.tasks.items()
        if isinstance(task, Events) and (late := _late(prepared, name))
    ]
    if problems:
        raise DataError(*problems)


def _late(prepared: FoldData, name: str) -> list[str]:
    targets = prepared.corpus.targets[name]
    rows = np.flatnonzero(targets.present)
    ends = np.array([np.nan_to_num(events[:, 1]).max(initial=0.0) for events in targets.values[rows]])
    durations = prepared.loader.durations_s(rows)
    late = np.flatnonzero(ends > durations + _SLACK_S)
    places = [prepared.corpus.locate(int(rows[row])) for row in late]
    return [
        f"{data_set.name}/{data_set.ids[own]}: {ends[row]:.2f} s of {durations[row]:.2f} s"
        for row, (data_set, own) in zip(late, places, strict=True)
    ]
