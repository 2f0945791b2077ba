"""A text that is read off the frames: connectionist temporal classification. See `motet.tasks.ctc`.

Axes: n rows, T frames, K symbols, U symbols of one text. The network gives K + 1 outputs a frame, the last for the
blank. A target is a text; symbols are its characters, or its words, which stand apart by spaces.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motet.errors import ConfigError, DataError
from motet.tasks.counting import Values
from motet.tasks.ctc import Codes, decode_by_beam, decode_greedily, frames_needed, keyword_score
from motet.tasks.edits import SequenceOutcome
from motet.tasks.frames import FrameTask, FrameValues, as_objects
from motet.tasks.labels import label_text, natural_key, unknown
from motet.tasks.merge import MergeRule
from motet.tasks.metrics import MetricSet
from motet.tasks.settings import BeamSettings, SequenceSettings
from motet.tasks.task import Asked, Framed, LessonKind

if TYPE_CHECKING:
    from torch import Tensor

    from motet.tasks.running import Running

BLANK = "<blank>"


class Sequence(FrameTask):
    """A text of variable length. Targets and decisions are codes of symbols, float64 [U, 1].

    Parameters
    ----------
    settings
        The settings of the task.
    name
        Its name.
    labels
        What `collect_labels` found in the data.

    Raises
    ------
    DataError
        If there is no symbol.
    ConfigError
        If a keyword holds an unknown one.

    Examples
    --------
    >>> task = Sequence(SequenceSettings(), "digits", Sequence.collect_labels(["two one", "three"]))
    >>> task.output_names
    ('one', 'three', 'two', '<blank>')
    >>> task.encode("two one").ravel().tolist()
    [2.0, 0.0]
    """

    merge_rules: ClassVar[tuple[MergeRule, ...]] = ("mean",)
    stratifies: ClassVar[bool] = False
    lesson_kind: ClassVar[LessonKind | None] = "texts"
    asked_when: ClassVar[tuple[Asked, ...]] = ("before",)

    def __init__(self, settings: SequenceSettings, name: str, labels: tuple[str, ...] = ()) -> None:
        names = settings.labels or _symbols(labels, settings.unit)
        if not names:
            raise DataError(f"task {name!r}: the data have no symbol; declare `labels`, or leave the task out")
        self._codes = {symbol: code for code, symbol in enumerate(names)}
        self._gap = " " if settings.unit == "words" else ""
        super().__init__(
            settings,
            name,
            labels=names,
            output_names=(*names, BLANK),
            target_shape=(),
            target_dtype=object,
            decision_dtype=object,
            row_loss=_no_loss,
            decision=_no_decision,
            metrics=MetricSet.build(settings.metrics, task=name),
            weight=settings.weight,
        )
        self._beam = settings.decision.width if isinstance(settings.decision, BeamSettings) else None
        self._keywords = tuple(self._keyword(text) for text in settings.keywords)

    @staticmethod
    def collect_labels(targets: Iterable[Any]) -> tuple[str, ...]:
        """Return the words that stand in the texts, in natural order, and a space where one stands anywhere."""
        texts = [label_text(target) for target in dict.fromkeys(targets)]
        words = sorted({word for text in texts for word in text.split()}, key=natural_key)
        return (*words, *([" "] if any(" " in text.strip() for text in texts) else []))

    def encode(self, target: Any) -> NDArray[Any]:
        """Return the codes of a text, float64 [U, 1].

        Raises
        ------
        DataError
            If a symbol is unknown; the message names the nearest known one.
        """
        try:
            symbols = self._split(label_text(target))
        except DataError as error:
            raise DataError(f"task {self.name!r}: {error}") from None
        foreign = [symbol for symbol in symbols if symbol not in self._codes]
        if foreign:
            raise DataError(f"task {self.name!r}: {unknown(foreign[0], self.labels)}")
        return np.array([self._codes[symbol] for symbol in symbols], dtype=np.float64).reshape(-1, 1)

    def decode(self, encoded: NDArray[Any]) -> list[str]:
        """Return the texts of n lists of codes."""
        return [self._text(row) for row in encoded]

    def to_plain(self, encoded: NDArray[np.float64]) -> list[str]:
        """Return the symbols of one text."""
        return [self.labels[int(code)] for code in encoded[:, 0].tolist()]

    def from_plain(self, plain: list[Any]) -> NDArray[np.float64]:
        """Return the codes of symbols."""
        return np.array([self._codes[symbol] for symbol in plain], dtype=np.float64).reshape(-1, 1)

    def label_flags(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which symbols each text has, shape [n, K]."""
        return np.array([np.isin(np.arange(len(self.labels)), row[:, 0]) for row in targets], dtype=bool)

    def frames_needed(self, target: NDArray[np.float64]) -> int:
        """Return the fewest frames that a text fits into."""
        return frames_needed(target[:, 0].tolist())

    def losses(self, prediction: Framed, target: Framed) -> "Tensor":
        """Return the negative log probability of every text [n], per symbol (Graves et al. 2006, equation 8).

        Texts that do not fit into their frames have none, and no gradient; `motet train` refuses them beforehand.
        """
        import torch

        num_rows, num_frames, outputs = prediction.values.shape
        device, every = prediction.values.device, torch.full((num_rows,), num_frames)
        frames = every if prediction.lengths is None else prediction.lengths
        assert target.lengths is not None, "texts have lengths"
        losses = torch.nn.functional.ctc_loss(
            prediction.values.float().log_softmax(2).transpose(0, 1), target.values[:, :, 0].long(),
            frames.to(device), target.lengths.to(device), blank=outputs - 1, reduction="none", zero_infinity=True,
        )  # fmt: skip
        return losses / target.lengths.to(device).clamp(min=1)

    def lesson_of(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Return the texts that are read off n recordings: what a student learns as if somebody had written it.

        Kim and Rush, "Sequence-level knowledge distillation", EMNLP 2016, section 3.2.
        """
        return self.decide(probabilities)

    def soft_losses(self, prediction: Framed, lesson: Framed, temperature: float) -> "Tensor":
        """Return the loss of every row [n] against the text that a teacher read."""
        return self.losses(prediction, lesson)

    def followed(self, prediction: Framed, target: Framed) -> "tuple[Tensor, Tensor]":
        """Return no lines: texts are not decoded while training."""
        return prediction.values[:0, 0], target.values[:0, :0]

    def view(self, outputs: "Tensor") -> "Tensor":
        """Return the softmax of raw outputs [..., K + 1]."""
        return outputs.softmax(dim=-1)

    def frame_probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the softmax of raw outputs [T, K + 1]."""
        shifted = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)

    def decide(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Read a text off the frames of every row: n lists of codes."""
        return as_objects(np.array(self._read(row), dtype=np.float64).reshape(-1, 1) for row in probabilities)

    def describe(self, probabilities: NDArray[Any], decisions: NDArray[Any]) -> list[tuple[Any, dict[str, float]]]:
        """Return every row's text, and how surely each symbol and each keyword is heard, from 0 to 1.

        Of a symbol that is the largest probability over time, of a keyword, also one of a single symbol, the
        probability of its best path divided by that of the best path through the same frames.
        """
        found = super().describe(probabilities, decisions)
        rows = zip(self.decode(decisions), found, probabilities, strict=True)
        return [(text, {**largest, **self._heard(row)}) for text, (_, largest), row in rows]

    def compare(self, probabilities: NDArray[Any], decisions: NDArray[Any], targets: NDArray[Any]) -> SequenceOutcome:
        """Put texts side by side, and what is heard of the keywords beside whether they were said."""
        shape = (len(targets), len(self._keywords))
        heard, said = np.zeros(shape), np.zeros(shape, dtype=bool)
        for row, target in enumerate(targets):
            codes = tuple(target[:, 0].astype(int).tolist())
            heard[row] = self._keyword_scores(probabilities[row])
            said[row] = [_holds(codes, keyword) for keyword in self._keywords]
        return SequenceOutcome.of(self.decode(targets), self.decode(decisions), heard, said)

    def table(
        self, probabilities: Values, targets: NDArray[Any], *, decisions: NDArray[Any] | None = None
    ) -> dict[str, dict[str, float]]:
        """Return figures by keyword."""
        decisions = self.decide(probabilities) if decisions is None else decisions
        return self.compare(probabilities, decisions, targets).table(self.settings.keywords)

    def running(self) -> "Running":
        """Return running figures that stay empty: the loss tells how training goes."""
        from motet.tasks.running import Running

        return Running(lambda predictions, targets: predictions.sum(), lambda sums: {})

    def _split(self, text: str) -> list[str]:
        return text.split() if self._gap else list(" ".join(text.split()))

    def _text(self, row: NDArray[np.float64]) -> str:
        return self._gap.join(self.to_plain(row))

    def _keyword(self, text: str) -> Codes:
        try:
            codes = tuple(self.encode(text)[:, 0].astype(int).tolist())
        except DataError as error:
            raise ConfigError(*(f"{problem} (in `keywords`)" for problem in error.problems)) from None
        if not codes:
            raise ConfigError(f"task {self.name!r}: a keyword is empty; name what is said")
        return codes

    def _heard(self, row: FrameValues) -> dict[str, float]:
        return dict(zip(self.settings.keywords, np.exp(self._keyword_scores(row)).tolist(), strict=True))

    def _keyword_scores(self, row: FrameValues) -> list[float]:
        scores = _scores(row)
        return [keyword_score(scores, keyword) for keyword in self._keywords]

    def _read(self, row: FrameValues) -> Codes:
        scores = _scores(row)
        return decode_greedily(scores) if self._beam is None else decode_by_beam(scores, self._beam)


def _scores(row: FrameValues) -> Values:
    return np.log(np.maximum(row.values, np.finfo(np.float32).tiny), dtype=np.float64)


def _holds(codes: Codes, keyword: Codes) -> bool:
    size = len(keyword)
    return any(codes[start : start + size] == keyword for start in range(len(codes) - size + 1))


def _symbols(found: tuple[str, ...], unit: str) -> tuple[str, ...]:
    if unit == "words":
        return tuple(word for word in found if word != " ")
    return tuple(sorted({character for word in found for character in word}, key=natural_key))


def _no_loss(predictions: "Tensor", targets: "Tensor") -> "Tensor":
    raise AssertionError("a text has a loss only with the lengths of its frames")


def _no_decision(probabilities: Values) -> NDArray[Any]:
    raise AssertionError("a text is decided frame by frame")
