"""Pure functions on pictures: open, orient, resize, pair, palettes."""
