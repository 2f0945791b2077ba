"""All kinds of tasks: what may stand at `data.NAME.tasks.TASK`."""

from typing import Annotated

from motet.config import Slot, UserComponent
from motet.tasks.events.settings import ActivitySettings, EventsSettings, OnsetsSettings
from motet.tasks.map_settings import DenseSettings
from motet.tasks.settings import (
    BinarySettings,
    MulticlassSettings,
    MultilabelSettings,
    RegressionSettings,
    SequenceSettings,
)
from motet.tasks.traces.settings import TimeRegressionSettings

TaskSettings = Annotated[
    BinarySettings
    | MulticlassSettings
    | MultilabelSettings
    | RegressionSettings
    | SequenceSettings
    | DenseSettings
    | EventsSettings
    | ActivitySettings
    | OnsetsSettings
    | TimeRegressionSettings
    | UserComponent,
    Slot("task"),
]
