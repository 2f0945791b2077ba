"""Sources: they list the recordings of a data set and what is known of them, and never decode.

A source is one class with `examples(reader)` and `tasks()` (see `Source`). Listing is lazy and costs a few
microseconds an example; its order and its ids are the same on every machine. What cannot be listed is refused
at once: one `DataError` names the first few files or rows, how many others there are, and the remedy.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.sources.arrays import Arrays
    from motet.sources.corpora.esc import Esc
    from motet.sources.edf import Edf
    from motet.sources.example import Event, Example
    from motet.sources.filenames import Filenames
    from motet.sources.folders import Folders
    from motet.sources.generated import Generated
    from motet.sources.hugging_face import HuggingFace
    from motet.sources.iterables import IterableSource
    from motet.sources.maps import ArrayMap, NumpyMap
    from motet.sources.source import Source
    from motet.sources.table import Table
    from motet.sources.trace import Trace

__all__ = [
    "ArrayMap",
    "Arrays",
    "Edf",
    "Esc",
    "Event",
    "Example",
    "Filenames",
    "Folders",
    "Generated",
    "HuggingFace",
    "IterableSource",
    "NumpyMap",
    "Source",
    "Table",
    "Trace",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "ArrayMap": "maps",
        "Arrays": "arrays",
        "Esc": "corpora.esc",
        "Event": "example",
        "Edf": "edf",
        "Example": "example",
        "Filenames": "filenames",
        "Folders": "folders",
        "Generated": "generated",
        "HuggingFace": "hugging_face",
        "IterableSource": "iterables",
        "NumpyMap": "maps",
        "Source": "source",
        "Table": "table",
        "Trace": "trace",
    },
)
