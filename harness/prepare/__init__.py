"""A folder of photos becomes a test set."""
