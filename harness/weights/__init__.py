"""Reading generator checkpoints safely and telling their architecture."""
