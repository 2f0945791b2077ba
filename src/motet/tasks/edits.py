"""How far a sequence is from another: edits, and error rates over many rows.

Axes: n rows, R weightings. The error rate of some rows is the sum of their edits over the sum of their reference
lengths, so a bootstrap needs the two sums alone. It can be above 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from motet.tasks.counting import Flags, Values, mean_defined, ratio
from motet.tasks.ranking import rank


def count_edits(truth: Sequence[object], found: Sequence[object]) -> int:
    """Return the fewest insertions, deletions and substitutions between two sequences.

    Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals" (1966); computed row by row
    as in Wagner and Fischer, "The string-to-string correction problem" (1974).

    Examples
    --------
    >>> count_edits("kitten", "sitting"), count_edits(["one", "two"], ["two"])
    (3, 1)
    """
    before = list(range(len(found) + 1))
    for number, symbol in enumerate(truth, 1):
        now = [number]
        for at, other in enumerate(found):
            now.append(min(before[at] + (symbol != other), before[at + 1] + 1, now[at] + 1))
        before = now
    return before[-1]


@dataclass(frozen=True, slots=True, eq=False)
class SequenceOutcome:
    """Texts as they are and as they were read, ready to be scored.

    Parameters
    ----------
    edits, lengths
        By metric (`cer`, `wer`): edits and length of the truth of every row, shape [n].
    right
        1 where a text is exactly right, else 0, shape [n].
    keywords
        How surely each keyword is heard in a row, shape [n, J].
    said
        Whether it is said, shape [n, J].
    """

    edits: Mapping[str, Values]
    lengths: Mapping[str, Values]
    right: Values
    keywords: Values
    said: Flags

    @classmethod
    def of(cls, truth: Sequence[str], found: Sequence[str], keywords: Values, said: Flags) -> Self:
        """Compare texts whose words stand apart by a space."""
        pairs: dict[str, list[tuple[Sequence[str], Sequence[str]]]] = {
            "cer": list(zip(truth, found, strict=True)),
            "wer": [(true.split(), read.split()) for true, read in zip(truth, found, strict=True)],
        }
        edits = {name: np.array([count_edits(*pair) for pair in both], np.float64) for name, both in pairs.items()}
        lengths = {name: np.array([len(true) for true, _ in both], np.float64) for name, both in pairs.items()}
        right = np.array([true == read for true, read in zip(truth, found, strict=True)], np.float64)
        return cls(edits, lengths, right, keywords, said)

    def score(self, names: Iterable[str], weights: Values) -> dict[str, Values]:
        """Return built-in metrics [R] for every column of the weights [n, R]."""
        results: dict[str, Values] = {}
        for name in names:
            if name in self.edits:
                results[name] = ratio(self.edits[name] @ weights, self.lengths[name] @ weights)
            elif name == "accuracy":
                results[name] = ratio(self.right @ weights, weights.sum(axis=0))
            elif name == "keyword_auc":
                results[name] = mean_defined(rank(self.keywords, self.said, weights).auc)
        return results

    def table(self, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Return by keyword the rows in which it is said, and the area under its ROC curve."""
        once = np.ones((len(self.said), 1))
        areas, rows = rank(self.keywords, self.said, once).auc[:, 0], self.said.sum(axis=0)
        return {
            name: {"rows": float(number), "auc": float(area)}
            for name, number, area in zip(names, rows, areas, strict=True)
        }
