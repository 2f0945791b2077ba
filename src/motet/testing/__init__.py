"""The contract of every part as a test: for authors of sources, features, tasks and networks of their own.

Each check takes what stands behind `kind` in an experiment (a mapping, a class, a finished object), tries what the
program relies on, and raises one `ContractError` that names every mistake with its remedy. It is an `AssertionError`,
so a check is a whole test:

    def test_clicks():
        motet.testing.check_source({"kind": Clicks, "count": 30})
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.testing.feature import check_feature
    from motet.testing.findings import ContractError
    from motet.testing.model import check_model
    from motet.testing.source import check_source
    from motet.testing.task import check_task

__all__ = ["ContractError", "check_feature", "check_model", "check_source", "check_task"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "ContractError": "findings",
        "check_feature": "feature",
        "check_model": "model",
        "check_source": "source",
        "check_task": "task",
    },
)
