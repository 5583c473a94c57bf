"""ICC profiles and PNG colour chunks put together by hand, and what they mean by plain arithmetic."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np

Curve = Callable[[np.ndarray], np.ndarray]

D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
SRGB = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3 = (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
DCI_P3 = (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
REC2020 = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
ADOBE = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def srgb_curve(v: np.ndarray) -> np.ndarray:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def gamma(exponent: float) -> Curve:
    return lambda v: v**exponent


def expected(pixels: np.ndarray, primaries: tuple[float, ...], curve: Curve) -> np.ndarray:
    """H×W×3 uint8 in these primaries and this curve as sRGB, 0..255, not rounded."""
    to_xyz = _adaptation(primaries[:2], D65) @ _rgb_to_xyz(primaries)
    linear = curve(pixels / 255) @ (np.linalg.inv(_rgb_to_xyz(SRGB)) @ to_xyz).T
    linear = linear.clip(0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def rgb_profile(name: str, primaries: tuple[float, ...], curve: Curve | None, points: int = 1024) -> bytes:
    """A matrix profile (ICC.1:2010) with its curves as tables; None for linear light."""
    matrix = _adaptation(primaries[:2], D50) @ _rgb_to_xyz(primaries)
    colours = [(f"{c}XYZ".encode(), _xyz(matrix[:, i])) for i, c in enumerate("rgb")]
    curves = [(f"{c}TRC".encode(), _curve(curve, points)) for c in "rgb"]
    return _profile(b"RGB ", name, colours + curves)


def grey_profile(name: str, curve: Curve | None) -> bytes:
    return _profile(b"GRAY", name, [(b"kTRC", _curve(curve, 1024))])


def with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with chunks put in after its head."""
    added = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return png[:33] + added + png[33:]


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(primaries: tuple[float, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(f">{len(primaries)}I", *(round(v * 100_000) for v in primaries))


def cicp(primaries: int, curve: int, full: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, curve, 0, full))


def _point(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1, (1 - x - y) / y])


def _rgb_to_xyz(primaries: tuple[float, ...]) -> np.ndarray:
    white, *columns = (_point(*primaries[i : i + 2]) for i in (0, 2, 4, 6))
    matrix = np.stack(columns, axis=1)
    return matrix @ np.diag(np.linalg.inv(matrix) @ white)


def _adaptation(white: tuple[float, ...], other: tuple[float, float]) -> np.ndarray:
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    ratio = (bradford @ _point(*other)) / (bradford @ _point(*white))
    return np.linalg.inv(bradford) @ np.diag(ratio) @ bradford


def _fixed(values: np.ndarray) -> bytes:
    return b"".join(struct.pack(">i", round(float(v) * 65536)) for v in values)


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _curve(curve: Curve | None, points: int) -> bytes:
    if curve is None:
        return b"curv\0\0\0\0" + struct.pack(">I", 0)
    table = np.rint(curve(np.linspace(0, 1, points)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", points) + table.tobytes()


def _profile(space: bytes, name: str, extra: list[tuple[bytes, bytes]]) -> bytes:
    said = name.encode() + b"\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(said)) + said + bytes(11 + 67)
    white = np.array([0.9642, 1.0, 0.8249])
    tags = [(b"desc", text), (b"wtpt", _xyz(white)), *extra, (b"cprt", b"text\0\0\0\0none\0")]
    table, data, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags:
        padded = value + bytes(-len(value) % 4)
        table += tag + struct.pack(">II", offset + len(data), len(value))
        data += padded
    size = 128 + 4 + len(table) + len(data)
    head = struct.pack(">I", size) + b"lcms\x02\x10\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    return head + _fixed(white) + bytes(48) + struct.pack(">I", len(tags)) + table + data
