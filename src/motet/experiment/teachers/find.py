"""Who teaches which task."""

from dataclasses import dataclass

from motet.experiment.other_runs import OtherRun, find_run
from motet.experiment.settings import Experiment
from motet.experiment.settings.teachers import TeacherSettings


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A teacher as it lies on the disk.

    Parameters
    ----------
    task
        The task that it teaches.
    settings
        What the experiment says of it.
    other
        Its models.
    """

    task: str
    settings: TeacherSettings
    other: OtherRun

    @property
    def path(self) -> str:
        """Where its settings stand."""
        return self.other.where

    @property
    def there(self) -> str:
        """What the task is called there."""
        return self.settings.task or self.task


def find_teachers(experiment: Experiment) -> dict[str, Teacher]:
    """Return the teacher of every task that has one; no model is loaded.

    Raises
    ------
    ConfigError
        If one has no finished model.
    """
    return {
        task: Teacher(task, settings, find_run(f"teachers.{task}", settings.run, settings.fold))
        for task, settings in experiment.teachers.items()
    }
