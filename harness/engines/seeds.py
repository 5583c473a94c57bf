"""One image's random draws depend on the run's seed and the image's name, never on order, batch or engine."""

from __future__ import annotations

import hashlib


def image_seed(seed: int, name: str) -> int:
    """Returns the 63-bit seed of one image: the first 8 bytes of SHA-256 over `SEED:NAME`, without the lowest bit."""
    # File names that are no UTF-8 reach Python as surrogates, which strict encoding refuses.
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()
    # 63 bits fit the signed 64 of torch's generators.
    return int.from_bytes(digest[:8], "big") >> 1
