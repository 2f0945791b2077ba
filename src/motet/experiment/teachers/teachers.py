"""The teachers of an experiment: found at its start, and refused where they cannot teach what they are to."""

from collections.abc import Mapping
from dataclasses import dataclass

from motet.data.corpus import Corpus
from motet.errors import ConfigError
from motet.experiment.listing import Listed
from motet.experiment.settings import Experiment
from motet.experiment.shapes import Facts
from motet.experiment.teachers.agreement import check_agrees, taught_data_sets
from motet.experiment.teachers.find import Teacher, find_teachers
from motet.experiment.teachers.map_scales import check_map_scales, check_same_target
from motet.experiment.teachers.ways import Seen, check_hears, check_reads, check_same_maps, way_of
from motet.model import Model
from motet.networks.settings import ModelSettings
from motet.tasks.task import MapOutput


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """The teachers of an experiment.

    Parameters
    ----------
    found
        By task.
    allow_code
        Whether the user code that a teacher's run names may be run.
    """

    found: Mapping[str, Teacher]
    allow_code: bool = False

    @classmethod
    def of(cls, experiment: Experiment, *, allow_code: bool = False) -> "Teachers":
        """Find the teachers; nothing is loaded.

        Raises
        ------
        ConfigError
            If one has no finished model.
        """
        return cls(find_teachers(experiment), allow_code)

    def check(
        self, listed: Mapping[str, Listed], corpus: Corpus, network: ModelSettings, facts: Facts | None = None
    ) -> None:
        """Refuse teachers that mean something else than the tasks that they teach, or hear what their students do not.

        Parameters
        ----------
        network
            That of the students.
        facts
            What is known of the maps; None where nothing is yet.

        Raises
        ------
        ConfigError
            With every problem.
        """
        problems: list[str] = []
        for teacher in self.found.values():
            try:
                model = teacher.other.model(next(iter(teacher.other.models)), allow_code=self.allow_code)
                check_agrees(corpus, teacher, model)
                for name in taught_data_sets(corpus, teacher):
                    way = way_of(teacher, model, name)
                    check_hears(teacher, model, way, corpus.data_sets[name])
                    if teacher.settings.live:
                        _check_live(teacher, model, way, listed, name, network)
                    if teacher.settings.live and facts is not None:
                        seen = {own: (of.channels, of.bins, of.step_s) for own, of in facts[name].items()}
                        check_seen(teacher, model, way, listed[name], seen)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(*problems)


def check_seen(teacher: Teacher, model: Model, way: str, part: Listed, seen: Seen) -> None:
    """Look whether the maps of a data set are those that a teacher in the loop wants, and those that it makes.

    Raises
    ------
    ConfigError
        If they are not.
    """
    check_same_maps(teacher, model, way, part, seen)
    of = _map_of(teacher, model)
    if of is not None and of in part.inputs:
        check_same_target(teacher, model, of, part, seen)


def _check_live(
    teacher: Teacher, model: Model, way: str, listed: Mapping[str, Listed], name: str, network: ModelSettings
) -> None:
    check_reads(teacher, model, way, network)
    of = _map_of(teacher, model)
    if of is not None:
        check_map_scales(teacher, model, of, way, listed, name)


def _map_of(teacher: Teacher, model: Model) -> str | None:
    """Return the input that what a teacher makes is like; None where it makes no maps."""
    maps = isinstance(model.tasks[teacher.there].output_size, MapOutput)
    return model.map_of(teacher.there) if maps else None
