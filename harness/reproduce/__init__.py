"""`harness reproduce`: published tables made again, row by row, with a verdict on each number."""
