"""The suffixes of the picture files that are read, known without importing what reads them."""

from __future__ import annotations

_WORDS = """
png apng jpg jpeg jpe jfif mpo bmp dib tif tiff ppm pgm pbm pnm pfm webp gif avif avifs heic heics heif heifs hif
jp2 j2k j2c jpx jpf jpc
"""

SUFFIXES = frozenset(f".{word}" for word in _WORDS.split())
"""Lower case, with the dot."""
