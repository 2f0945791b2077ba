import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from motet.data.strata import Strata
from motet.data.stratify import allocate, take_share
from motet.data.table import Coded

Integers = NDArray[np.int64]


def strata_of(*labels: Integers) -> Strata:
    columns = [Coded(found.astype(np.int32), tuple(map(str, range(int(found.max()) + 1)))) for found in labels]
    return Strata.of(columns, len(labels[0]))


def skewed(num_groups: int, num_classes: int, seed: int) -> tuple[Integers, Integers]:
    """Groups of 1 to 12 rows, each with a preference for some classes, numbered without gaps."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 13, num_groups)
    groups = np.repeat(np.arange(num_groups), sizes)
    preferences = generator.dirichlet(np.full(num_classes, 0.5), num_groups)
    labels = np.asarray([generator.choice(num_classes, p=preferences[group]) for group in groups])
    return groups, labels


def worst_share(labels: Integers, part: Integers, num_parts: int) -> float:
    """The largest distance of a class's share in a part from an equal one."""
    table = np.zeros((num_parts, labels.max() + 1))
    np.add.at(table, (part, labels), 1)
    return float(np.abs(table / table.sum(axis=0) - 1 / num_parts).max())


def test_single_rows_are_dealt_out_exactly() -> None:
    labels = np.repeat(np.arange(10), 40)
    part = allocate(strata_of(labels), np.arange(400), [0.2] * 5, key=1)
    assert (np.histogram2d(part, labels, bins=(5, 10))[0] == 8).all()


def test_two_tasks_are_balanced_together() -> None:
    generator = np.random.default_rng(0)
    digits, speakers = generator.integers(0, 10, 3000), generator.integers(0, 6, 3000)
    part = allocate(strata_of(digits, speakers), np.arange(3000), [0.2] * 5, key=1)
    for labels in (digits, speakers):
        counts = np.histogram2d(part, labels, bins=(5, labels.max() + 1))[0]
        assert (counts.max(axis=0) - counts.min(axis=0)).max() <= 3
    assert np.ptp(np.bincount(part)) <= 3


def test_groups_are_spread_better_than_by_scikit_learn() -> None:
    ours, theirs = [], []
    for seed in range(20):
        groups, labels = skewed(80, 5, seed)
        ours.append(worst_share(labels, allocate(strata_of(labels), groups, [0.2] * 5, key=seed), 5))
        part = np.empty_like(labels)
        splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for number, (_, test) in enumerate(splitter.split(labels, labels, groups)):
            part[test] = number
        theirs.append(worst_share(labels, part, 5))
    assert np.mean(ours) < np.mean(theirs)
    assert max(ours) < 0.03


def test_small_groups_even_out_what_large_ones_leave() -> None:
    generator = np.random.default_rng(4)
    labels = np.repeat(np.arange(10), 40)
    sizes = [size for _ in range(10) for size in (4, 4, 3, 3, 3, 2, 2, 2, 2, *[1] * 15)]
    groups = np.repeat(generator.permutation(len(sizes)), sizes)
    part = allocate(strata_of(labels), groups, [0.2] * 5, key=1)
    assert (np.histogram2d(part, labels, bins=(5, 10))[0] == 8).all()


def test_unequal_shares_are_met() -> None:
    groups, labels = skewed(300, 4, 1)
    part = allocate(strata_of(labels), groups, (0.15, 0.85), key=1)
    for label in range(4):
        assert (part[labels == label] == 0).mean() == pytest.approx(0.15, abs=0.02)
    assert (part == 0).mean() == pytest.approx(0.15, abs=0.005)


def test_many_strata_of_a_few_rows_do_not_drown_the_share() -> None:
    speakers = np.repeat(np.arange(500), 2)
    part = allocate(strata_of(speakers), np.arange(1000), (0.1, 0.9), key=1)
    assert (part == 0).sum() == 100


def test_room_is_never_exceeded() -> None:
    groups, labels = skewed(100, 3, 2)
    part = allocate(strata_of(labels), groups, (0.1, 0.9), key=1, room=(50, len(labels)))
    assert (part == 0).sum() <= 50


def test_rows_of_a_rare_class_are_kept_apart() -> None:
    labels = np.asarray([0] * 48 + [1] * 2)
    part = allocate(strata_of(labels), np.arange(50), [0.2] * 5, key=3)
    assert part[48] != part[49]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=60),
    st.integers(2, 5),
    st.integers(0, 2**63),
)
@settings(max_examples=60, deadline=None)
def test_a_unit_is_never_torn(rows: list[tuple[int, int]], num_parts: int, key: int) -> None:
    raw, labels = np.asarray(rows).T
    units = np.unique(raw, return_inverse=True)[1]
    strata = strata_of(labels)
    part = allocate(strata, units, [1 / num_parts] * num_parts, key=key)
    assert ((part >= 0) & (part < num_parts)).all()
    assert all(len(set(part[units == unit].tolist())) == 1 for unit in units)
    assert (part == allocate(strata, units, [1 / num_parts] * num_parts, key=key)).all()


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=2, max_size=60),
    st.floats(0.01, 0.99),
    st.integers(0, 2**63),
)
@settings(max_examples=60, deadline=None)
def test_a_share_leaves_every_label_behind(rows: list[tuple[int, int]], share: float, key: int) -> None:
    raw, labels = np.asarray(rows).T
    units = np.unique(raw, return_inverse=True)[1]
    taken = take_share(strata_of(labels), units, share, key=key)
    assert set(labels[~taken].tolist()) == set(labels.tolist())
    assert all(len(set(taken[units == unit].tolist())) == 1 for unit in units)
    if not taken.any():  # only where every unit is some label's last
        assert all(
            any(set(units[labels == label].tolist()) == {unit} for label in labels[units == unit]) for unit in units
        )


def test_a_share_takes_at_least_one_unit() -> None:
    groups = np.repeat(np.arange(5), 100)
    labels = np.tile([0, 1], 250)
    taken = take_share(strata_of(labels), groups, 0.05, key=1)
    assert taken.sum() == 100


def test_another_key_is_another_choice() -> None:
    labels = np.repeat(np.arange(2), 50)
    first, second = (allocate(strata_of(labels), np.arange(100), [0.5, 0.5], key=key) for key in (1, 2))
    assert (first != second).any()
