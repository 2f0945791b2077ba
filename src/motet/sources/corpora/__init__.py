"""Readers of published corpora: each knows the folders of its publisher, and its docstring says whose.

A reader turns folders and tables into clips (see `clips`); ids, missing files and the order are the same for all.
Sound files may have been converted: where a table says `a.wav`, `a.flac` beside it will do.
"""
