"""Explains the method and a model's networks, measured on the module objects and cited from paper and code."""
