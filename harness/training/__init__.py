"""Trains the authors' networks on a dataset, shows how it goes, and tests what came of it."""
