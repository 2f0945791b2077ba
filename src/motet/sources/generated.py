"""Synthetic recordings with known truth: for the demonstration, for tests, and for trying things out.

The classes go round with the number of an example, the groups behind them. Of ungrouped data, every fold gets
every class and, given enough examples, every group; of grouped data, a group lies in one fold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from motet.signals.readers.synthetic.efforts import SyntheticEfforts
from motet.signals.readers.synthetic.events import SyntheticEvents
from motet.signals.readers.synthetic.scenes import SyntheticScene
from motet.signals.readers.synthetic.sensors import SyntheticSensors
from motet.signals.readers.synthetic.speakers import SyntheticSpeaker
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.sources.example import Event, Example, Target, fold_roles
from motet.sources.settings import GeneratedSettings
from motet.sources.source import DEFAULT_READER, INPUT, TaskDefaults
from motet.sources.trace import Trace

Synthetic = SyntheticScene | SyntheticEvents | SyntheticSpeaker | SyntheticSensors | SyntheticEfforts

_READERS: dict[str, type[Synthetic]] = {
    "scenes": SyntheticScene,
    "events": SyntheticEvents,
    "speakers": SyntheticSpeaker,
    "sensors": SyntheticSensors,
    "efforts": SyntheticEfforts,
}
_TASKS: dict[str, TaskDefaults] = {
    "scenes": {"scene": {"kind": "multiclass"}},
    "events": {"events": {"kind": "multilabel"}},
    "speakers": {"digit": {"kind": "multiclass"}, "speaker": {"kind": "multiclass"}},
    "sensors": {"activity": {"kind": "multiclass"}, "intensity": {"kind": "regression"}},
    "efforts": {"effort": {"kind": "time_regression"}},
}


@dataclass(frozen=True, slots=True)
class Generated:
    """Recordings that are computed when they are read.

    Examples
    --------
    >>> first = next(Generated(GeneratedSettings(content="speakers")).examples())
    >>> first.id, dict(first.targets)
    ('speakers-000000', {'digit': '0', 'speaker': 'speaker_1'})
    """

    settings: GeneratedSettings

    def examples(self, reader: ReaderSettings = DEFAULT_READER) -> Iterator[Example]:
        """List the recordings by number; see `Source.examples`."""
        settings = self.settings
        make = _READERS[settings.content]
        roles = fold_roles(str(number) for number in range(1, (settings.folds or 0) + 1))
        for index in range(settings.examples):
            synthetic = make(
                index,
                classes=settings.classes,
                groups=settings.groups,
                rate_hz=settings.rate_hz,
                duration_s=settings.duration_s,
                noise_db=settings.noise_db,
                seed=settings.seed,
            )
            yield Example(
                id=f"{settings.content}-{index:06d}",
                inputs={INPUT: Recording(synthetic)},
                targets=_targets(synthetic),
                group=f"group_{synthetic.group_number + 1}" if settings.grouped else None,
                folds=roles[_fold(settings, index)] if settings.folds else None,
            )

    def tasks(self) -> TaskDefaults:
        """Return the tasks of this content; of grouped speakers, who speaks is no task.

        Recordings of events also have the target `timeline`, which says when each of them happens.
        """
        tasks = _TASKS[self.settings.content]
        return {name: dict(task) for name, task in tasks.items() if not (self.settings.grouped and name == "speaker")}


def _targets(synthetic: Synthetic) -> dict[str, Target]:
    if isinstance(synthetic, SyntheticScene):
        return {"scene": synthetic.truth().scene}
    if isinstance(synthetic, SyntheticEvents):
        return {"events": synthetic.truth().labels, "timeline": _timeline(synthetic)}
    if isinstance(synthetic, SyntheticSpeaker):
        return {"digit": synthetic.truth().digit, "speaker": synthetic.truth().speaker}
    if isinstance(synthetic, SyntheticEfforts):
        effort = synthetic.truth()
        return {"effort": Trace.sampled(effort.values, rate_hz=effort.rate_hz, names=("effort",))}
    truth = synthetic.truth()
    return {"activity": truth.activity, "intensity": truth.intensity}


def _timeline(synthetic: SyntheticEvents) -> tuple[Event, ...]:
    return tuple(Event(event.onset_s, event.offset_s, event.label) for event in synthetic.truth().events)


def _fold(settings: GeneratedSettings, index: int) -> str:
    assert settings.folds is not None
    turn, group = divmod(index // settings.classes, settings.groups)
    return str((group if settings.grouped else group + turn) % settings.folds + 1)
