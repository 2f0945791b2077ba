"""Evaluation: predictions of rows, their figures, and how sure these are."""
