"""Brings upstream code, weights and datasets into the workspace."""
