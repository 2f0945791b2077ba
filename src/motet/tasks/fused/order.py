"""In which order fused tasks are made: each after those that it is made of. Looks at settings only."""

from collections.abc import Mapping, Sequence

from motet.tasks.fused.settings import ConditionSettings, GateSettings, MeanSettings, ProductSettings

AnyFuse = GateSettings | ConditionSettings | ProductSettings | MeanSettings


def in_order(fused: Mapping[str, AnyFuse]) -> dict[str, AnyFuse]:
    """Return fused tasks so that each comes after those that it is made of; none in circles, which settings refuse."""
    ordered: dict[str, AnyFuse] = {}
    waiting = dict(fused)
    while waiting:
        ready = [name for name, settings in waiting.items() if not any(base in waiting for base in settings.needs)]
        assert ready, "settings were checked"
        ordered |= {name: waiting.pop(name) for name in ready}
    return ordered


def in_circles(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names that are made of each other, or of such.

    Examples
    --------
    >>> in_circles({"a": ["b", "x"], "b": ["a"], "c": ["y"]})
    ['a', 'b']
    """
    waiting = list(needs)
    while ready := [name for name in waiting if not any(base in waiting for base in needs[name])]:
        waiting = [name for name in waiting if name not in ready]
    return waiting
