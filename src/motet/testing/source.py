"""What a data set relies on of its source: identity, order, targets, splits, readable recordings."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from motet import catalog
from motet.config import Context, Settings, UserComponent, required, validate
from motet.errors import DataError
from motet.experiment.tasks import build_tasks
from motet.features.feature_map import FeatureMap
from motet.files import DIGEST_BYTES, DigestCache
from motet.signals.recording import Recording
from motet.signals.settings import ReaderSettings
from motet.signals.signal import Signal
from motet.sources.example import Example, is_events
from motet.sources.settings import SourceSettings
from motet.sources.source import DEFAULT_READER, Source
from motet.sources.trace import Trace
from motet.tasks.kinds import TaskSettings
from motet.testing.findings import Findings, several
from motet.testing.shuffled import shuffled_listings

_ROLES = ("train", "dev", "test")
_TARGETS = (str, int, float, frozenset, tuple, Trace)
_ROUNDING_S = 0.05  # annotations are often rounded
_NO_ORDER = "sort what you list: the order of files differs between disks and after a copy"


class _Subject(Settings):
    source: SourceSettings = required("What is checked.")


class _Task(Settings):
    task: TaskSettings = required("What the source says of a task.")


def check_source(source: Any, *, reader: ReaderSettings = DEFAULT_READER, decoded: int = 20) -> None:
    """Check that a source does what a data set relies on.

    It is listed three times, the last time on a file system that lists folders in another order, and some of its
    recordings are decoded.

    Parameters
    ----------
    source
        What may stand behind `source`: settings, a class with its options, an object, a function, a list of examples.
    reader
        How files are read that do not say it themselves, as in `signal.reader`.
    decoded
        How many recordings are decoded, evenly over the list.

    Raises
    ------
    ContractError
        With every mistake and its remedy.
    ConfigError
        If the settings cannot be understood.

    Examples
    --------
    >>> check_source({"kind": "generated", "examples": 12})
    """
    settings = validate(_Subject, {"source": source}, Context(allow_code=True, check_files=True)).source
    with Findings(f"source {_name_of(settings)}") as found:
        examples = _list(found, settings, reader, "listing the examples")
        if not found.expect(bool(examples), "lists no example: correct its path or its pattern"):
            return
        _check_examples(found, examples)
        _check_again(found, settings, reader, examples)
        _check_tasks(found, settings, examples)
        _check_splits(found, examples)
        _check_recordings(found, examples, decoded)


def _name_of(settings: Any) -> str:
    return settings.place if isinstance(settings, UserComponent) else str(settings.kind)


def _list(found: Findings, settings: Any, reader: ReaderSettings, what: str) -> list[Example]:
    examples: list[Example] = []
    with found.attempt(what):
        source: Source = catalog.build("source", settings)
        for example in source.examples(reader):
            if not isinstance(example, Example):
                found.add(f"lists a {type(example).__name__}: every item is a motet.Example; wrap it in one")
                return []
            examples.append(example)
    return examples


def _check_examples(found: Findings, examples: Sequence[Example]) -> None:
    twice = [name for name, count in Counter(example.id for example in examples).items() if count > 1]
    found.expect(
        not twice,
        f"{len(twice)} ids come more than once ({several(list(map(repr, twice)))}): an id is unique in its data set; "
        "use the path below the folder, and the span where several examples share a file",
    )
    absolute = [example.id for example in examples if _is_absolute(example.id)]
    found.expect(
        not absolute,
        f"the id {next(iter(absolute), '')!r} is an absolute path: ids are the same on every machine; use the path "
        "below the data set's folder",
    )
    names = Counter(tuple(sorted(example.inputs)) for example in examples)
    found.expect(
        len(names) == 1 and () not in names,
        f"examples have the inputs {' and '.join(str(list(key)) for key in names)}: every example has the same ones, "
        "at least one; call a single recording 'signal'",
    )
    for example in examples:
        _check_types(found, example)


def _is_absolute(name: str) -> bool:
    return PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()


def _check_types(found: Findings, example: Example) -> None:
    if not isinstance(example.id, str) or not example.id:
        found.add(f"the id {example.id!r} is no text: an id is a string that is not empty; convert it")
    for name, recording in example.inputs.items():
        if not isinstance(recording, Recording):
            found.add(f"input {name!r} is a {type(recording).__name__}: an input is a motet.Recording; wrap it in one")
    for task, target in example.targets.items():
        if isinstance(target, bool) or not isinstance(target, _TARGETS):
            found.add(
                f"target {task!r} is a {type(target).__name__}: a target is a label, a frozenset of labels, a number, "
                "a tuple or a trace; convert it, and leave it out where it is missing"
            )
        elif not all(map(math.isfinite, _numbers(target))):
            found.add(f"target {task!r} of {example.id!r} is {target}: numbers are finite; leave missing ones out")


def _numbers(target: Any) -> list[float]:
    values = target if isinstance(target, tuple) else (target,)
    return [value for value in values if isinstance(value, float)]


def _check_again(found: Findings, settings: Any, reader: ReaderSettings, examples: Sequence[Example]) -> None:
    known = len(found.problems)
    second = _list(found, settings, reader, "listing a second time")
    if not second:
        if len(found.problems) == known:
            found.add(
                "lists nothing the second time: a generator runs once; give a list, or the function that makes it"
            )
        return
    difference = _difference(examples, second)
    if difference:
        found.add(
            f"a second pass differs ({difference}): listing gives the same examples in the same order every time; "
            "seed what is random, and sort what has no order (sets, folders)"
        )
        return
    with shuffled_listings():
        third = _list(found, settings, reader, "listing with folders in another order")
    difference = _difference(examples, third) if third else ""
    found.expect(not difference, f"the order depends on the file system ({difference}): {_NO_ORDER}")


def _difference(first: Sequence[Example], second: Sequence[Example]) -> str:
    """Say where two listings differ first; empty where they do not."""
    if len(first) != len(second):
        return f"{len(first)} examples, then {len(second)}"
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        if one.id != other.id:
            return f"example {number} is {one.id!r}, then {other.id!r}"
        for name in ("targets", "group", "folds", "partition"):
            if getattr(one, name) != getattr(other, name):
                return f"{name} of {one.id!r} is {getattr(one, name)!r}, then {getattr(other, name)!r}"
    return ""


def _check_tasks(found: Findings, settings: Any, examples: Sequence[Example]) -> None:
    known: Mapping[str, Any] = {}
    with found.attempt("tasks()"):
        known = catalog.build("source", settings).tasks()
        found.expect(isinstance(known, Mapping), f"tasks() returns a {type(known).__name__}: return a mapping by name")
    for name, plain in known.items() if isinstance(known, Mapping) else ():
        targets = _distinct(example.targets[name] for example in examples if name in example.targets)
        if not found.expect(
            bool(targets), f"tasks() names {name!r}, but no example has a target of it: correct the name"
        ):
            continue
        with found.attempt(f"task {name!r} from tasks()"):
            task = build_tasks({name: validate(_Task, {"task": plain}).task}, _always(targets))[name]
            for target in targets:
                _check_target(found, task, target)
    for name in dict.fromkeys(name for example in examples for name in example.targets):
        kinds = sorted({_kind(example.targets[name]) for example in examples if name in example.targets})
        found.expect(
            len(kinds) == 1 or kinds == ["events", "sets of labels"],  # times of some rows may be unknown
            f"targets of {name!r} are {' and '.join(kinds)}: all targets of a task are of one kind; convert them",
        )


def _check_target(found: Findings, task: Any, target: Any) -> None:
    try:
        task.encode(target)
    except DataError as error:
        found.add(f"task {task.name!r}: the target {target!r} is none that tasks() declares ({error})")


def _always(targets: list[Any]) -> Callable[[str], list[Any]]:
    return lambda task: targets


def _distinct(targets: Any) -> list[Any]:
    return list({(type(target), target): target for target in targets if isinstance(target, Hashable)}.values())


def _kind(target: Any) -> str:
    if isinstance(target, frozenset):
        return "sets of labels"
    if isinstance(target, tuple):
        return "events" if is_events(target) else "tuples of numbers"
    return {str: "labels", int: "whole numbers", float: "numbers"}.get(type(target), type(target).__name__)


def _check_splits(found: Findings, examples: Sequence[Example]) -> None:
    if any(example.partition is not None for example in examples):
        _check_roles(found, examples, lambda example: example.partition, "the partition")
    for fold in dict.fromkeys(name for example in examples for name in example.folds or ()):
        _check_roles(found, examples, _role_in(fold), f"fold {fold!r}")


def _role_in(fold: str) -> Callable[[Example], Any]:
    return lambda example: (example.folds or {}).get(fold)


def _check_roles(found: Findings, examples: Sequence[Example], role_of: Callable[[Example], Any], where: str) -> None:
    roles: defaultdict[Any, set[str]] = defaultdict(set)
    counts: Counter[Any] = Counter()
    for example in examples:
        role = role_of(example)
        counts[role] += role is not None
        if role is not None and example.group is not None:
            roles[example.group].add(str(role))
    unknown = [repr(role) for role in counts if role is not None and role not in _ROLES]
    found.expect(not unknown, f"{where} has the role {several(unknown)}: a role is train, dev or test; rename it")
    missing = [role for role in ("train", "test") if not counts[role]]
    found.expect(
        bool(unknown) or not missing or where == "the partition",
        f"{where} has no {' and no '.join(missing)} rows: a fold both trains and tests; correct `folds`",
    )
    both = [f"{group!r} ({', '.join(sorted(own))})" for group, own in roles.items() if len(own) > 1]
    found.expect(
        not both,
        f"{where}: {len(both)} groups stand on several sides ({several(both)}): a group is what must not; correct "
        "`group` or the split",
    )


def _check_recordings(found: Findings, examples: Sequence[Example], decoded: int) -> None:
    cache = DigestCache()
    for number in np.unique(np.linspace(0, len(examples) - 1, min(decoded, len(examples))).round().astype(int)):
        for recording in examples[number].inputs.values():
            if isinstance(recording, Recording):
                _check_recording(found, recording, cache)
                _check_events(found, examples[number], recording)


def _check_events(found: Findings, example: Example, recording: Recording[Any]) -> None:
    events = [event for target in example.targets.values() if is_events(target) for event in target]
    with suppress(Exception):  # what cannot be read is told already
        content = recording.read() if events else None
        if isinstance(content, Signal):
            last = max(event.offset_s for event in events)
            found.expect(
                last <= content.duration_s + _ROUNDING_S,
                f"{recording.describe()}: its last event ends at {last:g} s, but it lasts {content.duration_s:g} s: "
                "times are in seconds from the start of the example's own span",
            )


def _check_recording(found: Findings, recording: Recording[Any], cache: DigestCache) -> None:
    with found.attempt("describing a recording"):
        place = recording.describe()
        found.expect(isinstance(place, str) and bool(place), "describe() of a reader returns no text: name the place")
    with found.attempt("the digest of a recording"):
        digests = [recording.reader.digest(cache) for _ in range(2)]
        found.expect(
            digests[0] == digests[1] and isinstance(digests[0], bytes) and len(digests[0]) == DIGEST_BYTES,
            f"digest() of a reader gives {digests[0]!r}, then {digests[1]!r}: it is the same {DIGEST_BYTES} bytes as "
            "long as the content is; use motet.files.digest_bytes",
        )
    with found.attempt("reading a recording"):
        first, second = recording.read(), recording.read()
        if not isinstance(first, Signal | FeatureMap):
            found.add(f"a recording is read as {type(first).__name__}: return a motet.Signal or a motet.FeatureMap")
            return
        _check_content(found, recording.describe(), first)
        found.expect(
            np.array_equal(first.values, second.values),
            f"{recording.describe()}: a second reading differs; reading is deterministic: keep what is random for "
            "augmentation",
        )


def _check_content(found: Findings, place: str, content: Signal | FeatureMap) -> None:
    axes, names = (2, "[C, T]") if isinstance(content, Signal) else (3, "[C, T, F]")
    values = content.values
    if not found.expect(
        values.ndim == axes and 0 not in values.shape,
        f"{place}: has the shape {list(values.shape)}, wanted is {names} with at least one of each: reshape it",
    ):
        return
    found.expect(
        values.dtype == np.float32 or (axes == 3 and values.dtype == np.float16),
        f"{place}: holds {values.dtype}, wanted is float32: convert it",
    )
    wrong = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
    found.expect(
        not wrong,
        f"{place}: {wrong} of {values.size} values are NaN or infinite; let `read` raise motet.DataError where a "
        "recording cannot be used",
    )
    if isinstance(content, Signal):
        found.expect(
            math.isfinite(content.rate_hz) and content.rate_hz > 0,
            f"{place}: its rate is {content.rate_hz} Hz, which must be above 0: give the samples per second",
        )
