"""The version, on the ground so that records and requests can say it without climbing to the package itself."""

__version__ = "0.1.0"
