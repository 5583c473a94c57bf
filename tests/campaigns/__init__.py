"""Campaigns: many trials of one kind of trouble, from a seed; `python -m tests.campaigns --help` runs them long."""
