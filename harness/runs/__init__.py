"""The record of a run, read and written."""
