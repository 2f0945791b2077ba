"""Losses against a lesson: what a teacher says of a row, in place of a label or beside it.

A lesson holds raw outputs, logits of classes or labels. They are made softer by a temperature, on both sides, so that
the student also learns which of the wrong labels the teacher holds for likely. Axes: n rows, K outputs.

Source: G. Hinton, O. Vinyals and J. Dean, "Distilling the Knowledge in a Neural Network", 2015, equation 1 and section
2: gradients of soft targets shrink with the square of the temperature, so the loss is multiplied by it.
"""

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from motet.tasks.counting import Values

_SMALLEST = 1e-12
"""What a probability of 0 counts as, where a logit is wanted of it: a vote of segments gives such."""


def soft_classes(outputs: Tensor, lesson: Tensor, temperature: float) -> Tensor:
    """Return T^2 times the divergence of two softened softmaxes, the teacher's from the student's, for every row [n].

    Parameters
    ----------
    outputs, lesson
        Logits of student and teacher, shape [n, K].
    temperature
        T; at 1 nothing is softened.

    Examples
    --------
    >>> import torch
    >>> logits = torch.tensor([[2.0, 0.0, -1.0]])
    >>> soft_classes(logits, logits, 3.0).tolist()
    [0.0]
    """
    said = F.log_softmax(lesson.float() / temperature, dim=-1)
    own = F.log_softmax(outputs.float() / temperature, dim=-1)
    return temperature**2 * (said.exp() * (said - own)).sum(dim=-1)


def soft_labels(outputs: Tensor, lesson: Tensor, temperature: float) -> Tensor:
    """Return the same of softened sigmoids, the mean over labels, for every row [n]; parameters as above."""
    said, own = lesson.float() / temperature, outputs.float() / temperature
    probabilities = said.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(said, probabilities, reduction="none")
    crossed = F.binary_cross_entropy_with_logits(own, probabilities, reduction="none")
    return temperature**2 * (crossed - entropy).mean(dim=-1)


def logits_of_classes(probabilities: Values) -> NDArray[np.float32]:
    """Return logits whose softmax these probabilities [n, K] are."""
    return np.log(np.maximum(probabilities, _SMALLEST)).astype(np.float32)


def logits_of_labels(probabilities: Values) -> NDArray[np.float32]:
    """Return logits whose sigmoids these probabilities [n, K] are."""
    inside = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    return (np.log(inside) - np.log1p(-inside)).astype(np.float32)
