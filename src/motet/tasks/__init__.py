"""Tasks: what is predicted, from the labels of the data to loss, decision and metrics."""
