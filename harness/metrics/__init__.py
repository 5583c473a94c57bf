"""Image quality measures, one a file, and their summaries."""
