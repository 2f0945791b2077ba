"""The fused tasks of an experiment: what they are, and whether they can be, before anything is trained."""

from collections.abc import Mapping, Sequence

from motet.data.corpus import Corpus
from motet.data.roles import FoldSplit
from motet.errors import ConfigError
from motet.evaluation.fused import targets_with_fused
from motet.experiment.settings import Experiment
from motet.experiment.shapes import Facts
from motet.model import FusedDocument, build_all_fused
from motet.networks.plan import output_grids
from motet.networks.shape import MapShape
from motet.tasks.fused.build import bases_of, labels_of, task_settings
from motet.tasks.fused.condition import Condition
from motet.tasks.fused.fused import Fused, Known
from motet.tasks.fused.order import in_order
from motet.tasks.fused.rows import alike


def describe_fused(experiment: Experiment, corpus: Corpus) -> dict[str, FusedDocument]:
    """Return what a model keeps of its fused tasks, each after those that it is made of.

    Raises
    ------
    ConfigError
        If one is called as a learned task, or cannot be made of what it names.
    """
    described: dict[str, FusedDocument] = {}
    taken = [name for name in experiment.fuse if name in corpus.tasks]
    if taken:
        raise ConfigError(*(f"fuse.{name}: there is a task of this name that is learned; rename it" for name in taken))
    for name, settings in in_order(experiment.fuse).items():
        fused = build_all_fused(described, corpus.tasks)
        bases = bases_of(name, settings, {**corpus.tasks, **{own: each.task for own, each in fused.items()}})
        described[name] = FusedDocument.model_construct(
            fuse=settings,
            task=task_settings(settings, bases),
            labels=labels_of(settings, bases, targets_with_fused(corpus.targets, fused)),
        )
    return described


def fused_tasks(experiment: Experiment, corpus: Corpus) -> dict[str, Fused]:
    """Return the fused tasks of an experiment, not fitted.

    Raises
    ------
    ConfigError
        As `describe_fused`, or if their settings do not fit the tasks.
    """
    return build_all_fused(describe_fused(experiment, corpus), corpus.tasks)


def fit_fused(fused: Mapping[str, Fused], corpus: Corpus, fold: FoldSplit) -> None:
    """Let fused tasks count what they need on the training rows."""
    known = targets_with_fused(corpus.targets, fused)
    train = {name: Known(own.values[fold.train], own.present[fold.train]) for name, own in known.items()}
    for own in fused.values():
        own.fit(train)


def check_fused_rows(fused: Mapping[str, Fused], corpus: Corpus, fold: FoldSplit) -> None:
    """Refuse fused tasks that a fold has no rows for: to count, to tune an exponent on, or to score.

    Raises
    ------
    ConfigError
        Naming the settings and the fold.
    """
    known = targets_with_fused(corpus.targets, fused)
    problems = []
    for name, own in fused.items():
        if not known[name].present.any():
            problems.append(
                f"fuse.{name}: no row has targets of {' and '.join(map(repr, own.scored_by))}, so nothing scores it; "
                "name tasks that stand in one data set"
            )
        elif own.tunes_exponent and not known[name].present[fold.dev].any():
            problems.append(
                f"fuse.{name}.exponent: is tuned on development rows, but fold {fold.name!r} has none with a target; "
                "give split.dev a share such as 0.15, or the exponent"
            )
        if isinstance(own, Condition) and not own.rows_to_count(known)[fold.train].any():
            both = " and ".join(map(repr, own.bases))
            problems.append(
                f"fuse.{name}: fold {fold.name!r} has no training row with targets of {both}, so P(label given scene) "
                "cannot be counted; give it in `table`"
            )
    if problems:
        raise ConfigError(*problems)


def check_fused_frames(
    experiment: Experiment, fused: Mapping[str, Fused], corpus: Corpus, shapes: Mapping[str, MapShape], facts: Facts
) -> None:
    """Refuse fused tasks of frames that heads give at different times.

    Raises
    ------
    ConfigError
        With the frames of both.
    """
    framed = {name: [base for base, task in own.bases.items() if task.per_frame] for name, own in fused.items()}
    if not any(len(bases) > 1 for bases in framed.values()):
        return
    steps_s = {name: facts_.step_s for inputs in facts.values() for name, facts_ in inputs.items()}
    outputs = {name: task.output_size for name, task in corpus.tasks.items()}
    grids = output_grids(experiment.model, shapes, outputs, steps_s)
    problems = []
    for name, bases in framed.items():
        there = [(base, *grids[base]) for base in _learned(bases, framed) if base in grids]
        for other, frames, grid in there[1:]:
            first, first_frames, first_grid = there[0]
            if frames != first_frames or not alike(grid, first_grid):
                problems.append(
                    f"fuse.{name}: the head of {first!r} gives a frame every {first_grid.step_s:g} s and that of "
                    f"{other!r} one every {grid.step_s:g} s; let both leave behind layers that keep time alike"
                )
    if problems:
        raise ConfigError(*problems)


def _learned(bases: Sequence[str], framed: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the learned tasks of frames behind some that may be fused."""
    return [own for base in bases for own in (_learned(framed[base], framed) if base in framed else [base])]
