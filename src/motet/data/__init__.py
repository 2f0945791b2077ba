"""Data sets, corpora, splits, segments, sampling and batches: rows that know where their maps lie."""

from motet.lazy import exports

__getattr__, __dir__ = exports(__name__, {"Batch": "batch", "Column": "batch", "Mix": "batch"})

__all__ = ["Batch", "Column", "Mix"]
