"""Tasks made of the probabilities of other tasks, after the fact: with labels, decision and metrics, without a head.

Nothing of them is learned with the network. What they need is counted on training rows or tuned on development rows.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.tasks.fused.build import build_fused
    from motet.tasks.fused.fused import Fused

__all__ = ["Fused", "build_fused"]

__getattr__, __dir__ = exports(__name__, {"Fused": "fused", "build_fused": "build"})
