"""What data sets hold and what is wrong with them: figures of every recording, label tables, a ranked list of problems.

Recordings are read one after the other, and only their figures are kept. This room sees data sets and nothing of an
experiment; what can be inspected (a file of an experiment, a folder, a table) is made a data set by who calls.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.inspection.layout import source_of
    from motet.inspection.measures import Measured
    from motet.inspection.problems import Problem
    from motet.inspection.report import DataSetReport, inspect_data_set

__all__ = ["DataSetReport", "Measured", "Problem", "inspect_data_set", "source_of"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "DataSetReport": "report",
        "Measured": "measures",
        "Problem": "problems",
        "inspect_data_set": "report",
        "source_of": "layout",
    },
)
