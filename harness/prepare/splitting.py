"""Parts a set into train, val and test: by content, so that it never changes, and near-duplicates on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import TestSetError
from harness.sets.layouts import Part

Fingerprint = NDArray[np.uint8]

NEAR = 0.06
"""Share of differing fingerprint bits up to which two pictures are taken for one."""

_CHUNK = 256
_LEAST_FOR_TEST, _LEAST_FOR_VAL = 3, 10


@dataclass(frozen=True)
class Shares:
    """Shares of train, val and test; they add up to 1."""

    train: float
    val: float
    test: float

    @classmethod
    def parse(cls, text: str) -> Shares:
        """Reads `80/10/10`; raises TestSetError for anything but three numbers that are no less than 0."""
        try:
            numbers = [float(n) for n in text.split("/")]
        except ValueError:
            numbers = []
        if len(numbers) != 3 or min(numbers) < 0 or not 0 < sum(numbers) < float("inf"):
            raise TestSetError(f"`{text}` is no split; three shares are expected", "--split 80/10/10")
        return cls(*(n / sum(numbers) for n in numbers))

    def part(self, sha256: str) -> Part:
        """Returns where a picture of this content goes: its hash, read as a number from 0 to 1, says."""
        place = int(sha256[:13], 16) / 16**13
        return "train" if place < self.train else "val" if place < self.train + self.val else "test"


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Returns 256 bits as 32 bytes: whether brightness grows to the right and downwards, on 8 rows of 16 cells (dHash).

    Of a pair the cells lie over both halves, so that both must be alike.
    """
    small = np.asarray(picture.convert("L").resize((17, 9), Image.Resampling.BOX), dtype=np.int16)
    right = small[:8, 1:] > small[:8, :-1]
    down = small[1:, :16] > small[:-1, :16]
    return np.packbits(np.concatenate([right.ravel(), down.ravel()]))


def groups_of(prints: Sequence[Fingerprint]) -> list[int]:
    """Returns a group number a picture: near-duplicates, directly or through others, have the same one."""
    parent = list(range(len(prints)))

    def root(of: int) -> int:
        while parent[of] != of:
            parent[of] = parent[parent[of]]
            of = parent[of]
        return of

    if prints:
        bits = np.unpackbits(np.stack(prints), axis=1).astype(np.float32)
        ones = bits.sum(axis=1)
        for start in range(0, len(bits), _CHUNK):
            chunk = bits[start : start + _CHUNK]
            differing = ones[start : start + _CHUNK, None] + ones[None] - 2 * chunk @ bits.T
            for row, column in np.argwhere(differing <= NEAR * bits.shape[1]):
                a, b = root(start + int(row)), root(int(column))
                parent[max(a, b)] = min(a, b)
    return [root(i) for i in range(len(prints))]


def assign(hashes: Sequence[str], groups: Sequence[int], shares: Shares, earlier: Mapping[str, Part]) -> list[Part]:
    """Returns each picture's part; a group stays together, and what was in a part before stays there.

    Of three groups or more one is held out for test, of ten or more one for val, whatever their hashes say.

    Args:
        hashes: SHA-256 of each picture's source.
        groups: from `groups_of`.
        earlier: parts by hash from an earlier split of the same set.
    """
    members: dict[int, list[str]] = {}
    for sha256, group in zip(hashes, groups, strict=True):
        members.setdefault(group, []).append(sha256)
    parts = {group: _part_of(sorted(found), shares, earlier) for group, found in members.items()}
    wanted: tuple[tuple[Part, float, int], ...] = (
        ("test", shares.test, _LEAST_FOR_TEST),
        ("val", shares.val, _LEAST_FOR_VAL),
    )
    for part, share, least in wanted:
        if share and len(parts) >= least and part not in parts.values():
            counts = Counter(parts.values())
            free = [g for g, p in parts.items() if counts[p] > 1 and not any(m in earlier for m in members[g])]
            if free:
                parts[max(free, key=lambda group: min(members[group]))] = part
    return [parts[group] for group in groups]


def _part_of(members: Sequence[str], shares: Shares, earlier: Mapping[str, Part]) -> Part:
    return next((earlier[m] for m in members if m in earlier), shares.part(members[0]))
