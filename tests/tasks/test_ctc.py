"""Decoding and scores against all paths of tiny cases, one by one."""

from collections import defaultdict
from itertools import pairwise, product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from motet.tasks.counting import Values
from motet.tasks.ctc import Codes, decode_by_beam, decode_greedily, frames_needed, keyword_score, sequence_score


def _scores(seed: int, num_frames: int, num_symbols: int, sharpness: float = 1.5) -> Values:
    logits = np.random.default_rng(seed).normal(size=(num_frames, num_symbols + 1)) * sharpness
    scores: Values = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return scores


def _meaning(path: tuple[int, ...], blank: int) -> Codes:
    merged = path[:1] + tuple(b for a, b in pairwise(path) if a != b)
    return tuple(symbol for symbol in merged if symbol != blank)


def _all_sequences(scores: Values) -> dict[Codes, float]:
    """Return the probability of every sequence, summed over every path."""
    num_frames, outputs = scores.shape
    found: dict[Codes, float] = defaultdict(float)
    for path in product(range(outputs), repeat=num_frames):
        found[_meaning(path, outputs - 1)] += float(np.exp(scores[np.arange(num_frames), path].sum()))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_most_probable_sequence(seed: int) -> None:
    scores = _scores(seed, 5, 3)
    found = _all_sequences(scores)
    assert sum(found.values()) == pytest.approx(1.0)
    assert decode_by_beam(scores, width=1000) == max(found, key=found.__getitem__)


@pytest.mark.parametrize("seed", range(4))
def test_the_score_of_a_sequence_adds_up_all_its_paths(seed: int) -> None:
    scores = _scores(seed, 5, 2)
    for codes, probability in _all_sequences(scores).items():
        assert np.exp(sequence_score(scores, codes)) == pytest.approx(probability, rel=1e-9)
    assert sequence_score(scores, (0, 0, 0, 0)) == -np.inf


def test_the_score_is_the_loss_of_training() -> None:
    scores = _scores(1, 12, 4)
    codes = (2, 2, 0, 3)
    loss = F.ctc_loss(
        torch.from_numpy(scores)[:, None], torch.tensor([codes]), torch.tensor([12]), torch.tensor([4]), blank=4,
        reduction="none",
    )  # fmt: skip
    assert -sequence_score(scores, codes) == pytest.approx(loss.item(), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_greedy_decoding_follows_the_best_path(seed: int) -> None:
    scores = _scores(seed, 6, 2)
    best = max(product(range(3), repeat=6), key=lambda path: scores[np.arange(6), path].sum())
    assert decode_greedily(scores) == _meaning(best, 2)


def test_a_narrow_beam_of_sure_frames_is_greedy() -> None:
    for seed in range(20):
        scores = _scores(seed, 30, 5, sharpness=12.0)
        if np.exp(scores.max(axis=1)).min() > 0.95:
            assert decode_by_beam(scores, width=4) == decode_greedily(scores)


@pytest.mark.parametrize("seed", range(6))
def test_the_keyword_score_is_the_best_of_all_stretches_and_paths(seed: int) -> None:
    scores = _scores(seed, 6, 2)
    lost = scores - scores.max(axis=1, keepdims=True)
    for codes in ((0,), (1, 0), (1, 1), (0, 1, 0)):
        ratios = [-np.inf]
        for start, stop in ((a, b) for a in range(6) for b in range(a + 1, 7)):
            for path in product(range(3), repeat=stop - start):
                if _meaning(path, 2) == codes:
                    ratios.append(float(lost[np.arange(start, stop), path].sum()))
        assert keyword_score(scores, codes) == pytest.approx(max(ratios), abs=1e-12)


def test_what_the_best_path_says_has_the_highest_score() -> None:
    for seed in range(10):
        scores = _scores(seed, 20, 3)
        said = decode_greedily(scores)
        assert keyword_score(scores, said[2:5]) == 0.0
    assert keyword_score(_scores(0, 2, 3), (1, 1)) == -np.inf


def test_equal_neighbours_need_a_blank_between() -> None:
    assert [frames_needed(codes) for codes in ((), (1,), (1, 2), (1, 1, 1))] == [0, 1, 2, 5]
