"""The suffixes of the picture files that are read, known without importing what reads them."""

from __future__ import annotations

_WORDS = """
png jpg jpeg jpe jfif mpo bmp dib tif tiff ppm pgm pbm pnm webp gif avif heic heif jp2 j2k jpx
"""

SUFFIXES = frozenset(f".{word}" for word in _WORDS.split())
"""Lower case, with the dot."""
