"""Bringing files and clones: streamed, verified, renamed into place."""
