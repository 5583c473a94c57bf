"""One image's random draws depend on the run's seed and the image's name, never on order, batch or engine."""

from __future__ import annotations

import hashlib


def image_seed(seed: int, name: str) -> int:
    """Returns the 63-bit seed of one image: the first 8 bytes of SHA-256 over `SEED:NAME`, without the lowest bit."""
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") >> 1
