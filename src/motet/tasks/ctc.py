"""From frames to symbols: connectionist temporal classification, and what its scores say of a keyword.

Axes: T frames, K symbols; scores are natural logarithms of probabilities [T, K + 1], the last column being the blank.
A *path* names one symbol or the blank in every frame; the sequence that it stands for has runs of one symbol merged
and blanks left out.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification", ICML 2006.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motet.tasks.counting import Values

Codes = tuple[int, ...]


def decode_greedily(scores: Values) -> Codes:
    """Return the sequence of the most probable path.

    Examples
    --------
    >>> decode_greedily(np.log([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.6, 0.3, 0.1]]))
    (0, 0)
    """
    path = scores.argmax(axis=1)
    begins = np.diff(path, prepend=-1) != 0
    return tuple(path[begins & (path < scores.shape[1] - 1)].tolist())


def decode_by_beam(scores: Values, width: int) -> Codes:
    """Return the most probable sequence among `width` candidates: the probabilities of all its paths are added up.

    Parameters
    ----------
    width
        How many beginnings of sequences are kept after every frame. With all of them the result is exact.

    Notes
    -----
    Prefix search as in Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition
    using bi-directional recurrent DNNs" (2014), algorithm 1, without a language model. A beginning carries the
    probabilities of its paths that end in a blank and of those that end in its last symbol.

    Examples
    --------
    The best path is all blank, with 0.36; but 'a' has three paths, with 0.64 together.

    >>> scores = np.log([[0.4, 0.6], [0.4, 0.6]])
    >>> decode_greedily(scores), decode_by_beam(scores, width=4)
    ((), (0,))
    """
    blank = scores.shape[1] - 1
    beams: dict[Codes, tuple[float, float]] = {(): (0.0, -np.inf)}
    for frame in scores.tolist():
        symbols = sorted(range(blank), key=frame.__getitem__, reverse=True)[:width]
        beams = _best(_extended(beams, frame, symbols, blank), width)
    return max(beams, key=lambda prefix: _added(*beams[prefix]))


def _extended(
    beams: dict[Codes, tuple[float, float]], frame: list[float], symbols: Sequence[int], blank: int
) -> dict[Codes, tuple[float, float]]:
    found: dict[Codes, tuple[float, float]] = {}
    for prefix, (in_blank, in_symbol) in beams.items():
        total, last = _added(in_blank, in_symbol), prefix[-1] if prefix else None
        stay = -np.inf if last is None else in_symbol + frame[last]
        _add(found, prefix, total + frame[blank], stay)
        for symbol in symbols:
            begins = in_blank if symbol == last else total
            _add(found, (*prefix, symbol), -np.inf, begins + frame[symbol])
    return found


def _add(found: dict[Codes, tuple[float, float]], prefix: Codes, in_blank: float, in_symbol: float) -> None:
    before = found.get(prefix, (-np.inf, -np.inf))
    found[prefix] = _added(before[0], in_blank), _added(before[1], in_symbol)


def _best(found: dict[Codes, tuple[float, float]], width: int) -> dict[Codes, tuple[float, float]]:
    kept = sorted(found, key=lambda prefix: _added(*found[prefix]), reverse=True)[:width]
    return {prefix: found[prefix] for prefix in kept}


def _added(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b == -np.inf else a + float(np.log1p(np.exp(b - a)))


def sequence_score(scores: Values, codes: Sequence[int]) -> float:
    """Return the log probability of a sequence: that of all its paths together (Graves et al. 2006, equation 8).

    Examples
    --------
    >>> round(float(np.exp(sequence_score(np.log([[0.4, 0.6], [0.4, 0.6]]), [0]))), 2)
    0.64
    """
    states, skips = _states(codes, scores.shape[1] - 1)
    alpha = np.full(len(states), -np.inf)
    alpha[:2] = scores[0, states[:2]]
    for frame in scores[1:]:
        alpha = np.logaddexp.reduce([alpha, _moved(alpha, 1), np.where(skips, _moved(alpha, 2), -np.inf)])
        alpha = alpha + frame[states]
    return float(np.logaddexp.reduce(alpha[-2:]))


def keyword_score(scores: Values, codes: Sequence[int]) -> float:
    """Return how surely a sequence of symbols stands somewhere among the frames: 0 where the best path says so.

    It is the largest log ratio of the probability of the keyword's best path through some of the frames to that of
    the best path at all through the same frames, and so at most 0; -inf where there are too few frames. What stands
    before and after the keyword does not count.
    """
    states, skips = _states(codes, scores.shape[1] - 1)
    states, skips = states[1:-1], skips[1:-1]
    skips[:2] = False
    lost = scores - scores.max(axis=1, keepdims=True)
    best, found = np.full(len(states), -np.inf), -np.inf
    for frame in lost:
        best = np.maximum.reduce([best, _moved(best, 1), np.where(skips, _moved(best, 2), -np.inf)])
        best[0] = max(best[0], 0.0)
        best = best + frame[states]
        found = max(found, float(best[-1]))
    return found


def frames_needed(codes: Sequence[int]) -> int:
    """Return the fewest frames that a sequence fits into: one a symbol, and a blank between equal neighbours.

    Examples
    --------
    >>> frames_needed([3, 3, 1])
    4
    """
    return len(codes) + sum(a == b for a, b in pairwise(codes))


def _states(codes: Sequence[int], blank: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return symbols with blanks around, and which of them may follow the last but one, the blank left out."""
    states = np.full(2 * len(codes) + 1, blank)
    states[1::2] = codes
    skips = np.zeros(len(states), dtype=bool)
    skips[2:] = (states[2:] != blank) & (states[2:] != states[:-2])
    return states, skips


def _moved(values: Values, by: int) -> Values:
    moved = np.full(len(values), -np.inf)
    moved[by:] = values[: max(0, len(values) - by)]
    return moved
