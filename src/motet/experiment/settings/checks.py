"""What no part of an experiment can see by itself: whether its parts fit together.

Each check yields problems with the path that is to be changed and the paths that the finding rests on.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from motet.config import CrossProblem, UserComponent
from motet.config.wording import did_you_mean, differences
from motet.data.settings import sampled_task
from motet.experiment.settings.data_set import CompleteDataSet, DataSetSettings, by_name
from motet.experiment.settings.teachers import TeacherSettings
from motet.networks.settings import LOSSES, ModelSettings
from motet.tasks.fused.order import in_circles
from motet.tasks.map_settings import DenseSettings
from motet.tasks.traces.settings import TimeRegressionSettings

DataSets = Mapping[str, DataSetSettings]
CompleteDataSets = Mapping[str, CompleteDataSet]
_DATA = (("data",),)


def check_targets(data: DataSets, others: Collection[str]) -> Iterator[CrossProblem]:
    """Find tasks whose target the source cannot give, and which are not among those that are derived or taught."""
    for name, data_set in data.items():
        known = data_set.known_targets
        for task, settings in (data_set.tasks or {}).items():
            own = isinstance(settings, DenseSettings)
            if known is not None and not own and task not in (*known, *data_set.derive, *others):
                message = f"the source has no target {task!r}{_instead(task, known)}"
                rests_on = (("data", name, "source"), ("data", name, "derive"), ("derive",))
                yield CrossProblem(("data", name, "tasks", task), message, rests_on)


def check_derived(data: DataSets, derived: Mapping[str, Any]) -> Iterator[CrossProblem]:
    """Find derived tasks that nothing predicts, and nothing else is made of or goes by."""
    for name, data_set in data.items():
        if data_set.tasks is None:
            continue
        bases = {base for own in (*data_set.derive.values(), *derived.values()) for base in own.needs}
        for task in data_set.derive:
            if task not in data_set.tasks and task not in bases and task not in data_set.used_targets:
                message = f"nothing predicts it; add {task!r} to data.{name}.tasks, or leave it out"
                yield CrossProblem(("data", name, "derive", task), message, (("data", name, "tasks"),))


def check_shared_tasks(data: DataSets) -> Iterator[CrossProblem]:
    """Find tasks that data sets share by name but not by settings: one head has one loss; only labels may differ."""
    first: dict[str, tuple[str, Any]] = {}
    for name, data_set in data.items():
        for task, settings in (data_set.tasks or {}).items():
            before, other = first.setdefault(task, (name, settings))
            if _without_labels(settings) != _without_labels(other):
                message = (
                    f"differs from the task of the same name in data.{before} ({differences(settings, other)}); make "
                    "them equal, or rename one"
                )
                yield CrossProblem(("data", name, "tasks", task), message, (("data", before),))


def check_task_names(
    data: DataSets,
    model: ModelSettings,
    sampling: Any,
    monitor: str | None,
    derived: Iterable[str],
    fused: Mapping[str, Any],
) -> Iterator[CrossProblem]:
    """Find heads, samplers and monitored values of tasks that there are not."""
    known = all_tasks(data, derived)
    if known is None:
        return
    for task in model.heads:
        yield from unknown_task(("model", "heads", task), task, known)
    balanced = sampled_task(sampling)
    if balanced is not None:
        yield from unknown_task(("sampling", "task"), balanced, known)
    if monitor is not None and monitor.partition(".")[0] not in fused:
        yield from _check_monitor(monitor, data, known)


def check_fused(data: DataSets, fused: Mapping[str, Any], derived: Iterable[str]) -> Iterator[CrossProblem]:
    """Find fused tasks that are called as a learned one, or made of tasks that there are not."""
    known = all_tasks(data, derived)
    circle = in_circles({name: settings.needs for name, settings in fused.items() if name not in (known or ())})
    if circle:
        message = "is made of itself" if len(circle) == 1 else f"{', '.join(circle)} are made of each other"
        yield CrossProblem(("fuse", circle[0]), f"{message}; make one of learned tasks only", ())
    if LOSSES in fused:
        message = "losses of the network's own are told under this name; rename it"
        yield CrossProblem(("fuse", LOSSES), message, ())
    if known is None:
        return
    for name, settings in fused.items():
        if name in known:
            yield CrossProblem(("fuse", name), f"there is a task {name!r} that is learned; rename the fused one", _DATA)
        for base in settings.needs:
            yield from unknown_task(("fuse", name), base, known | fused.keys() - {name})


def check_teachers(
    data: DataSets, teachers: Mapping[str, TeacherSettings], derived: Iterable[str]
) -> Iterator[CrossProblem]:
    """Find teachers of tasks and data sets that there are not."""
    known = all_tasks(data, derived)
    for task, teacher in teachers.items():
        if known is not None:
            yield from unknown_task(("teachers", task), task, known)
        for name in teacher.data or ():
            if name not in data:
                message = f"there is no data set {name!r}{_instead(name, data)}"
                yield CrossProblem(("teachers", task, "data"), message, _DATA)


def check_fed_labels(model: ModelSettings, mixup: Any) -> Iterator[CrossProblem]:
    """Find heads that see labels while mixup gives a row two of them."""
    for task, head in model.heads.items():
        if mixup is not None and head.inputs_from and head.inputs_are == "labels":
            message = "a row that is mixed of two has two labels; write inputs_are: predictions, or leave mixup out"
            yield CrossProblem(("model", "heads", task, "inputs_are"), message, (("mixup",),))


def check_inputs(data: CompleteDataSets, model: ModelSettings) -> Iterator[CrossProblem]:
    """Find encoders by input that are not those of the named features."""
    named = {name for data_set in data.values() for name in by_name(data_set.features)}
    if model.named_encoders is None or None in named:
        return
    inputs = sorted(str(name) for name in named)
    reads = (("features",), *_DATA)
    for name in model.named_encoders:
        if name not in named:
            message = f"there is no feature {name!r}{_instead(name, inputs)}"
            yield CrossProblem(("model", "encoder", name), message, reads)
    targets = {settings.of for _, _, settings in _dense(data)}
    for name in inputs:
        if not model.reads(name) and name not in targets:
            message = (
                f"has no layers for the feature {name!r}, and no task has it as its target; add them, give one list "
                "for all inputs, or leave it out"
            )
            yield CrossProblem(("model", "encoder"), message, reads)


def check_maps(data: CompleteDataSets, teachers: Mapping[str, TeacherSettings]) -> Iterator[CrossProblem]:
    """Find dense tasks of inputs that their data set has not; where a teacher says what they are, it needs none."""
    for name, task, settings in _dense(data):
        inputs = by_name(data[name].features)
        for key in ("of", "given"):
            wanted = getattr(settings, key)
            if key == "of" and task in teachers and teachers[task].teaches(name):
                continue
            if None not in inputs and wanted is not None and wanted not in inputs:
                message = f"there is no feature {wanted!r}{_instead(wanted, [str(own) for own in inputs])}"
                yield CrossProblem(("data", name, "tasks", task, key), message, (("features",), ("data", name)))


def check_input_signals(
    data: CompleteDataSets, model: ModelSettings, overridden: Mapping[str, Iterable[str]]
) -> Iterator[CrossProblem]:
    """Find signals of inputs that there are not, and noise for inputs of another rate than the noise has.

    Parameters
    ----------
    data, overridden
        As in `check_frequencies`.
    """
    shared = [name for name in data if "signal" not in overridden[name]]
    for name, data_set in data.items():
        path = (*(("data", name) if name not in shared else ()), "signal", "inputs")
        alike = shared if name in shared else [name]
        inputs = {own for one in alike for own in by_name(data[one].features)}
        for own in data_set.signal.inputs:
            if None not in inputs and own not in inputs:
                if name == alike[0]:
                    message = f"there is no feature {own!r}{_instead(own, [str(one) for one in inputs])}"
                    yield CrossProblem((*path, own), message, (("features",), *_DATA))
            elif data_set.signal.mix and model.reads(own):
                message = (
                    "noise is mixed into inputs that the network reads at one rate and after the same steps; set "
                    "these for all inputs in signal, and give the target what it has otherwise"
                )
                yield CrossProblem((*path, own), message, ((*path[:-1], "mix"),))


def _dense(data: CompleteDataSets) -> Iterator[tuple[str, str, DenseSettings]]:
    """Yield the dense tasks, each with the data set that it is of."""
    for name, data_set in data.items():
        for task, settings in (data_set.tasks or {}).items():
            if isinstance(settings, DenseSettings):
                yield name, task, settings


def check_frequencies(data: CompleteDataSets, overridden: Mapping[str, Iterable[str]]) -> Iterator[CrossProblem]:
    """Find features that reach beyond half the sampling rate.

    Parameters
    ----------
    data
        Data sets with the experiment's settings filled in.
    overridden
        By data set, which parts are its own.
    """
    for name, data_set in data.items():
        path = {part: ("data", name, part) if part in overridden[name] else (part,) for part in ("signal", "features")}
        for input_, feature in by_name(data_set.features).items():
            rate_hz = data_set.signal.of_input(input_ or "").rate_hz
            if rate_hz is None or isinstance(feature, UserComponent):
                continue
            for key in ("low_hz", "high_hz"):
                limit_hz = getattr(feature, key, None)
                if isinstance(limit_hz, float) and limit_hz > rate_hz / 2:
                    yield CrossProblem(
                        (*path["features"], *([] if input_ is None else [input_]), key),
                        f"{limit_hz:g} Hz is more than half the sampling rate; lower it to {rate_hz / 2:g}, or raise "
                        f"{'.'.join(path['signal'])}.rate_hz from {rate_hz:g}",
                        (path["signal"],),
                    )


def check_objective(model: ModelSettings, objective: Any) -> Iterator[CrossProblem]:
    """Find gradients that are to be balanced on features which the network does not have."""
    path = ("training", "objective", "on")
    if getattr(objective, "on", None) != "features":
        return
    if model.network is not None:
        message = "is features, but nobody knows those of a network of your own; use on: parameters"
        yield CrossProblem(path, message, (("model", "network"),))
    elif model.sharing.kind in ("soft", "cross_stitch", "mtan"):
        message = f"is features, but with model.sharing: {model.sharing.kind} tasks share none; use on: parameters"
        yield CrossProblem(path, message, (("model", "sharing"),))


def check_batch_losses(data: DataSets, micro_batches: int) -> Iterator[CrossProblem]:
    """Find losses over the rows of a batch where batches are cut."""
    for name, data_set in data.items():
        for task, settings in (data_set.tasks or {}).items():
            loss = settings.loss if isinstance(settings, TimeRegressionSettings) else None
            if micro_batches > 1 and getattr(loss, "over", "row") == "batch":
                message = "is batch, but training.micro_batches cuts batches; use over: row, or micro_batches: 1"
                yield CrossProblem(("data", name, "tasks", task, "loss", "over"), message, (("training",),))


def check_mixes(
    data: CompleteDataSets, noise: Mapping[str, Any], overridden: Mapping[str, Iterable[str]]
) -> Iterator[CrossProblem]:
    """Find noise that there is not or that is for training only, and mixing without one sampling rate.

    Parameters
    ----------
    data, overridden
        As in `check_frequencies`.
    noise
        The noise of the experiment, by name.
    """
    for name, data_set in data.items():
        path = ("data", name, "signal") if "signal" in overridden[name] else ("signal",)
        for number, mix in enumerate(data_set.signal.mix):
            if mix.data not in noise:
                instead = (
                    _instead(mix.data, noise)
                    if noise
                    else "; say under `noise` where its recordings come from, as `data` does of data sets"
                )
                message = f"there is no noise {mix.data!r}{instead}"
                yield CrossProblem((*path, "mix", number, "data"), message, (("noise",),))
            elif mix.evaluation and noise[mix.data].use == "train":
                message = f"is true, but noise.{mix.data}.use is train; leave one of both out"
                yield CrossProblem((*path, "mix", number, "evaluation"), message, (("noise", mix.data),))
        if data_set.signal.mix and data_set.signal.rate_hz is None:
            message = f"recordings can only be mixed at one rate; set {'.'.join(path)}.rate_hz"
            yield CrossProblem((*path, "mix"), message, (path,))


def _check_monitor(monitor: str, data: DataSets, known: frozenset[str]) -> Iterator[CrossProblem]:
    path = ("training", "monitor")
    task, _, metric = monitor.partition(".")
    if not metric:
        example = f"{min(known)}.uar" if known else f"{LOSSES}.NAME"
        yield CrossProblem(path, f"{monitor!r} is not TASK.METRIC; write one such as {example}", _DATA)
    elif task == LOSSES and task not in known:
        return  # of the network's own; see `check_own_losses`
    elif task not in known:
        yield from unknown_task(path, task, known)
    else:
        settings = [data_set.tasks[task] for data_set in data.values() if data_set.tasks and task in data_set.tasks]
        reported = getattr(settings[0], "metrics", ()) if settings else ()
        metrics = {each.kind for each in reported}
        of_your_own = any(isinstance(each, UserComponent) for each in (*settings, *reported))
        if metrics and metric not in metrics and not of_your_own:
            message = f"the task {task!r} does not report {metric!r}{_instead(metric, metrics)}"
            yield CrossProblem(path, message, _DATA)


def unknown_task(path: tuple[str, ...], task: str, known: Iterable[str]) -> Iterator[CrossProblem]:
    """Find that a path names a task which is none of those that are known."""
    if task not in known:
        yield CrossProblem(path, f"there is no task {task!r}{_instead(task, known)}", _DATA)


def all_tasks(data: DataSets, derived: Iterable[str]) -> frozenset[str] | None:
    """Return the names of all tasks, or None where only the data tell."""
    each = [data_set.known_tasks for data_set in data.values()]
    named = (task for tasks in each if tasks is not None for task in tasks)
    return None if None in each else frozenset([*named, *derived])


def _without_labels(settings: Any) -> dict[str, Any]:
    return {key: value for key, value in settings if key != "labels"} | {"kind": settings.kind}


def _instead(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return did_you_mean(name, names) or f"; there is {', '.join(names) or 'none'}"
