"""Edits against a search through all of them, and error rates by hand."""

from functools import cache

import numpy as np
import pytest

from motet.tasks.edits import SequenceOutcome, count_edits


@cache
def _fewest(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(_fewest(a[1:], b[1:]) + (a[0] != b[0]), _fewest(a[1:], b) + 1, _fewest(a, b[1:]) + 1)


@pytest.mark.parametrize("seed", range(30))
def test_edits_are_the_fewest(seed: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = ("".join(generator.choice(list("abc"), generator.integers(0, 8))) for _ in range(2))
    assert count_edits(a, b) == _fewest(a, b) == count_edits(b, a)


def _outcome() -> SequenceOutcome:
    keywords, said = np.array([[-0.5, -1.0], [-3.0, 0.0], [-2.0, -4.0]]), np.array([[1, 0], [0, 1], [0, 1]], bool)
    return SequenceOutcome.of(["one two", "six", "ten"], ["one", "six", "tin men"], keywords, said)


def test_rates_are_sums_of_edits_over_sums_of_lengths() -> None:
    scores = _outcome().score(["cer", "wer", "accuracy", "keyword_auc", "uar"], np.ones((3, 1)))
    assert {name: value[0] for name, value in scores.items()} == pytest.approx(
        {"cer": (4 + 0 + 4) / (7 + 3 + 3), "wer": (1 + 0 + 2) / 4, "accuracy": 1 / 3, "keyword_auc": (1 + 0.5) / 2}
    )


def test_a_weight_is_a_repeated_row() -> None:
    weights = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]])
    scores = _outcome().score(["wer", "accuracy"], weights)
    np.testing.assert_allclose(scores["wer"], [1 / 5, 2.0])
    np.testing.assert_allclose(scores["accuracy"], [3 / 4, 0.0])


def test_the_table_has_a_row_for_every_keyword() -> None:
    assert _outcome().table(("one", "two")) == {"one": {"rows": 1.0, "auc": 1.0}, "two": {"rows": 2.0, "auc": 0.5}}
