"""Uncompressed TIFFs of any kind of number, put together by hand (TIFF 6.0), in place of a library that may err too."""

from __future__ import annotations

import struct

import numpy as np

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_KINDS = {"u": 1, "i": 2, "f": 3}


def tiff(
    samples: np.ndarray, photometric: int = BLACK_IS_ZERO, *, bits: int | None = None, planar: bool = False, **tags: int
) -> bytes:
    """H×W or H×W×C numbers of their own dtype, as little-endian strips.

    Args:
        bits: 12 packs uint16 numbers three bytes a pair.
        tags: `compression`, `orientation`, `extra` (what the last channel is).
    """
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    stored = np.moveaxis(samples, -1, 0) if planar else samples
    data = (
        _packed(stored) if bits == 12 else np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("<"))).tobytes()
    )
    bits = bits or samples.dtype.itemsize * 8
    strip = len(data) // channels if planar else len(data)
    strips = channels if planar else 1
    entries: list[tuple[int, str, list[int]]] = [
        (256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * channels),
        (259, "H", [tags.get("compression", 1)]), (262, "H", [photometric]), (273, "I", [0] * strips),
        (274, "H", [tags.get("orientation", 1)]), (277, "H", [channels]), (278, "I", [height]),
        (279, "I", [strip] * strips), (284, "H", [2 if planar else 1]),
    ]  # fmt: skip
    if "extra" in tags:
        entries.append((338, "H", [tags["extra"]]))
    entries.append((339, "H", [_KINDS[samples.dtype.kind]] * channels))
    begin = 8 + 2 + 12 * len(entries) + 4
    beside = b""
    offset = begin + sum(struct.calcsize(f"{len(v)}{k}") for _, k, v in entries if struct.calcsize(f"{len(v)}{k}") > 4)
    table = b""
    for tag, kind, values in entries:
        if tag == 273:
            values = [offset + n * strip for n in range(strips)]
        packed = struct.pack(f"<{len(values)}{kind}", *values)
        if len(packed) > 4:
            where, beside = begin + len(beside), beside + packed
            packed = struct.pack("<I", where)
        table += struct.pack("<HHI", tag, {"H": 3, "I": 4}[kind], len(values)) + packed.ljust(4, b"\0")
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4) + beside + data


def _packed(samples: np.ndarray) -> bytes:
    first, second = samples.ravel()[::2].astype(np.uint32), samples.ravel()[1::2].astype(np.uint32)
    return np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1).astype(np.uint8).tobytes()
