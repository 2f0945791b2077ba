import math

import pytest

from motet.config import UserComponent
from motet.training.settings import PatienceSettings
from motet.training.stopping import Patience, build_stopping


def heard(rule: Patience, values: list[float]) -> list[bool]:
    return [rule.observe(epoch, value) for epoch, value in enumerate(values, start=1)]


def test_it_stops_when_the_best_has_stood_for_so_many_epochs() -> None:
    rule = Patience(PatienceSettings(epochs=3))
    assert heard(rule, [0.5, 0.6, 0.6, 0.1, 0.59]) == [False, False, False, False, True]


def test_a_smaller_gain_does_not_count() -> None:
    rule = Patience(PatienceSettings(epochs=2, min_delta=0.1))
    assert heard(rule, [0.5, 0.55, 0.59]) == [False, False, True]
    assert heard(Patience(PatienceSettings(epochs=2, min_delta=0.1)), [0.5, 0.55, 0.61]) == [False] * 3


def test_an_undefined_value_is_no_improvement() -> None:
    assert heard(Patience(PatienceSettings(epochs=2)), [math.nan, math.nan]) == [False, True]
    assert heard(Patience(PatienceSettings(epochs=2)), [math.nan, 0.1, math.nan, math.nan]) == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("after", range(5))
def test_it_goes_on_where_it_was(after: int) -> None:
    values, settings = [0.5, 0.4, 0.7, 0.6, 0.5], PatienceSettings(epochs=2)
    undisturbed, first, second = Patience(settings), Patience(settings), Patience(settings)
    heard(first, values[:after])
    second.restore(first.state())
    resumed = [second.observe(epoch, values[epoch - 1]) for epoch in range(after + 1, 6)]
    assert resumed == heard(undisturbed, values)[after:]


class Third:
    """Stops after the third epoch; keeps count, as a finished object of the user's own may."""

    def __init__(self) -> None:
        self.heard = 0

    def observe(self, epoch: int, value: float) -> bool:
        self.heard += 1
        return self.heard == 3


def test_a_rule_of_ones_own_begins_anew_in_every_fold() -> None:
    own = UserComponent.of(Third())
    for _ in range(2):
        rule = build_stopping(own)
        assert rule is not None
        assert [rule.observe(epoch, 0.0) for epoch in (1, 2, 3)] == [False, False, True]


def test_no_rule_is_none() -> None:
    assert build_stopping(None) is None
