"""Motet: one network on many data sets and many tasks."""
