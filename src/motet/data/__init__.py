"""Data sets, corpora, splits, segments, sampling and batches: rows that know where their maps lie.

A `DataSet` is a view by row of the examples of a source; a `Corpus` numbers the rows of several through and holds
the encoded targets; `split_corpus` says who trains, selects and tests; a sampler says which rows make a batch; the
`Loader` reads it. Nothing here decodes a recording: maps come from an injected `MapSource`.
"""

from typing import TYPE_CHECKING

from motet.lazy import exports

if TYPE_CHECKING:
    from motet.data.batch import Batch, Column, Mix
    from motet.data.corpus import Corpus
    from motet.data.dataset import DataSet
    from motet.data.loader import Loader
    from motet.data.maps import MapSource
    from motet.data.roles import FoldSplit
    from motet.data.samplers import build_sampler
    from motet.data.sampling import Sampler, SamplingRows
    from motet.data.segments import Segments
    from motet.data.splits import split_corpus

__all__ = [
    "Batch",
    "Column",
    "Corpus",
    "DataSet",
    "FoldSplit",
    "Loader",
    "MapSource",
    "Mix",
    "Sampler",
    "SamplingRows",
    "Segments",
    "build_sampler",
    "split_corpus",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Batch": "batch",
        "Column": "batch",
        "Corpus": "corpus",
        "DataSet": "dataset",
        "FoldSplit": "roles",
        "Loader": "loader",
        "MapSource": "maps",
        "Mix": "batch",
        "Sampler": "sampling",
        "SamplingRows": "sampling",
        "Segments": "segments",
        "build_sampler": "samplers",
        "split_corpus": "splits",
    },
)
