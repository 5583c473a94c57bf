"""Weights files: read safely, and the architecture that their keys show."""
