"""Runs a model over a test set, measures, records and reports."""
