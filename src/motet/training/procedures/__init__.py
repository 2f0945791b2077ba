"""How a batch becomes updates; each procedure is one file.

A procedure is called with the training and a batch, and calls `descend` as often as it wants. What it does follows from
the batch, the position, and what it has of its own, which `procedure_state` saves and restores: so a run that was
stopped goes on exactly. One of the user's own is a function, or a class whose objects are called.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.training.procedures.adversarial import Adversarial
    from motet.training.procedures.alternating import alternate
    from motet.training.procedures.build import build_procedure
    from motet.training.procedures.gan import Gan
    from motet.training.procedures.layer_wise import LayerWise
    from motet.training.procedures.plan import ProcedurePlan, plan_procedure

__all__ = [
    "Adversarial",
    "Gan",
    "LayerWise",
    "ProcedurePlan",
    "alternate",
    "build_procedure",
    "plan_procedure",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Adversarial": "adversarial",
        "Gan": "gan",
        "LayerWise": "layer_wise",
        "ProcedurePlan": "plan",
        "alternate": "alternating",
        "build_procedure": "build",
        "plan_procedure": "plan",
    },
)
