"""Whatever a file says, it is an experiment that can be written and read again, or it is a list of clear problems."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from motet.config import Context, dump, validate
from motet.config.nodes import Node
from motet.config.validation import Tree
from motet.errors import ConfigError
from motet.experiment.settings import Experiment

SHORT: dict[str, Any] = {
    "name": "sounds",
    "data": {
        "esc10": {"source": {"kind": "esc", "path": "esc10"}, "limit": 0.1},
        "fsdd": {
            "source": {"kind": "filenames", "path": "fsdd", "pattern": "{digit}_{speaker}_{index:d}.wav"},
            "tasks": {"digit": "multiclass", "speaker": {"kind": "multiclass", "labels": {"1": "a", "2": "b"}}},
        },
    },
    "signal": {"rate_hz": 16000, "channels": "mono", "steps": [{"kind": "band_pass", "low_hz": 50, "high_hz": 7000}]},
    "features": {"kind": "logmel", "bands": 64},
    "segments": {"length_s": 5.0, "pad": "wrap"},
    "model": {"encoder": [{"kind": "cnn", "channels": [8, 16]}, "rnn"], "heads": {"digit": {"hidden": [8]}}},
    "training": {"epochs": 40, "optimizer": {"kind": "adam", "learning_rate": 1e-3}, "monitor": "digit.uar"},
}
FULL = dump(Experiment(**SHORT))


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from paths(entry, (*path, key))


WORDS = ["", "x", "logmel", "cnn", "./a.py:B", "${X", "kind", "mean", "in", "[key]", "<one>", "layers", "a.b"]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 70) | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


def entry(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except (KeyError, IndexError, TypeError):
        return None


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw an experiment in which a few things were replaced, removed or renamed, and an override."""
    whole = draw(st.sampled_from([SHORT, FULL]))
    changed = copy.deepcopy(whole)
    every = list(paths(whole))
    for *parents, last in draw(st.lists(st.sampled_from(every), min_size=1, max_size=3)):
        holder: Any = changed
        for parent in parents:
            holder = entry(holder, parent)
        if isinstance(holder, dict) and last in holder:
            old = holder.pop(last)
            what = draw(st.sampled_from(["remove", "rename", "replace", "replace"]))
            holder.update({"remove": {}, "rename": {f"{last}x": old}}.get(what, {last: draw(values)}))
    path = ".".join(map(str, draw(st.sampled_from(every))))
    overrides = draw(st.lists(st.sampled_from(["1", "x", "{}", "[]", "{kind: gru}", "null", "["]), max_size=1))
    return Tree(Node.of(changed), tuple(f"{path}={value}" for value in overrides))


@settings(max_examples=150, deadline=None)
@given(trees(), st.booleans())
def test_is_an_experiment_or_a_list_of_problems(tree: Tree, check_files: bool) -> None:
    problems: tuple[str, ...] = ()
    experiment: Experiment | None = None
    try:
        experiment = validate(Experiment, tree, Context(check_files=check_files))
    except ConfigError as error:
        problems = tuple(error.problems)
    if experiment is not None:
        assert validate(Experiment, dump(experiment)) == experiment
    else:
        assert all(problems)
        assert problems
    assert not [line for line in problems if "Input should" in line or "Value error" in line]
