"""The version of the program, which saved models carry."""

__version__ = "0.1.0"
