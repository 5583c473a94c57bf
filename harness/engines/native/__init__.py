"""The native engine: the same weights in process, in batches."""
