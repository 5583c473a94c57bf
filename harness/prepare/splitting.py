"""Parts a set into train, val and test: by content, so that it never changes, and near-duplicates on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from harness.errors import TestSetError
from harness.sets.roles import PARTS, Part

NEAR = 0.95
"""Correlation of two aligned pictures, of each half where they are pairs, from which they are taken for one.

Measured on 101 facades (`benchmarks/near_duplicates.py`): re-encoded, brighter, half as large, 2 % cropped, shifted
by 4 pixels or mirrored they have 0.957 and more; different ones 0.84 at most.
"""

_COARSE, _FINE = 16, 64  # cells a side
_CANDIDATE = 0.6  # coarse correlation below which no pair was one picture; shifted ones have 0.73
_CANDIDATES = 3  # looked at closely for each picture, and as many mirrored
_ZOOMS = (1.0, 0.96, 1.04)  # of a picture that lost or won 2 % at each side
_FARTHEST = 3  # cells of the fine grid: 12 of 256 pixels
_NOISE = 3.0  # levels: below it a contrast is noise, and two plain pictures are not alike for it
_CHUNK = 256
# Groups from which on one is held out: of fewer, too little would be left to learn from.
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
        # 13 hexadecimal digits, 52 bits: as many as a float holds exactly.
        place = int(sha256[:13], 16) / 16**13
        return "train" if place < self.train else "val" if place < self.train + self.val else "test"

    def missed(self, parts: Sequence[Part]) -> str | None:
        """Returns a line where what came out is far from what was asked for: by more than chance alone would do."""
        counts, asked = Counter(parts), (self.train, self.val, self.test)
        off = max(abs(counts[part] - share * len(parts)) for part, share in zip(PARTS, asked, strict=True))
        # Hashes part pictures as coins do: three standard deviations of the widest share, at least two pictures.
        if off <= max(2.0, 3 * max((share * (1 - share) * len(parts)) ** 0.5 for share in asked)):
            return None
        came, wanted = "/".join(str(counts[part]) for part in PARTS), "/".join(f"{s:.0%}" for s in asked)
        return (
            f"the split came out as {came} of {len(parts)} where {wanted} was asked for: near-duplicates stay together"
        )


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A picture small, each half for itself where it is a pair.

    Attributes:
        coarse: halves × 768 float32, of 16×16 cells in RGB, mean 0 and length 1: a product is a correlation.
        mirrored: the same of the mirrored halves.
        fine: halves × 64 × 64 × 3 uint8.
    """

    coarse: NDArray[np.float32]
    mirrored: NDArray[np.float32]
    fine: NDArray[np.uint8]


def fingerprint(picture: Image.Image, *, halves: int = 1) -> Fingerprint:
    """Returns the fingerprint of an RGB picture, or of a pair of A and B side by side for two halves."""
    width = picture.width // halves
    pieces = [picture.crop((n * width, 0, (n + 1) * width, picture.height)) for n in range(halves)]
    small = [np.asarray(p.convert("RGB").resize((_FINE, _FINE), Image.Resampling.BOX)) for p in pieces]
    fine = np.stack(small)
    step = _FINE // _COARSE
    # (halves, 16, 4, 16, 4, 3) to (halves, 16, 16, 3): the mean of 4×4 fine cells.
    cells = fine.reshape(halves, _COARSE, step, _COARSE, step, 3).mean((2, 4), dtype=np.float32)
    return Fingerprint(_unit(cells), _unit(cells[:, :, ::-1]), fine)


def _unit(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centres each half's cells by channel and scales them to length 1, plain ones to less."""
    centred = (cells - cells.mean((1, 2), keepdims=True)).reshape(len(cells), -1)
    # Noise enters the length, so that plain pictures come out short and correlate with nothing.
    length = np.sqrt((centred**2).sum(1, keepdims=True) + _NOISE**2 * centred.shape[1])
    return np.asarray(centred / length, dtype=np.float32)


def groups_of(prints: Sequence[Fingerprint], sources: Sequence[str]) -> list[int]:
    """Returns a group number a picture; a group is what shows the same as its first picture.

    All pieces of one source are one group. Nothing is chained: what is like a member but not like the first one is no
    member, so that a hundred things on white do not become one thing by way of each other.

    Args:
        sources: what each picture was cut from.
    """
    pieces: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        pieces.setdefault(source, []).append(place)
    likely, group_of = _likely(prints), dict[str, int]()
    founders: set[str] = set()
    for source, places in pieces.items():
        pairs = ((piece, n) for piece in places for n in likely[piece] if sources[n] in founders)
        found = next((n for piece, n in pairs if same_picture(prints[n], prints[piece])), None)
        if found is None:
            founders.add(source)
        group_of[source] = places[0] if found is None else group_of[sources[found]]
    return [group_of[source] for source in sources]


def same_picture(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two pictures are one: shifted, cropped or mirrored by a little, re-encoded, brightened, scaled."""
    return any(
        all(_aligned(x, y) >= NEAR for x, y in zip(a.fine, fine, strict=True)) for fine in (b.fine, b.fine[:, :, ::-1])
    )


def _likely(prints: Sequence[Fingerprint]) -> list[list[int]]:
    """The few pictures most like each, by their coarse cells; of pairs the less similar half counts."""
    found: list[list[int]] = []
    if not prints:
        return found
    plain = np.stack([p.coarse for p in prints])  # (N, halves, 768)
    mirrored = np.stack([p.mirrored for p in prints])
    for start in range(0, len(prints), _CHUNK):
        rows: list[set[int]] = [set() for _ in plain[start : start + _CHUNK]]
        for others in (plain, mirrored):
            # (halves, n, m) correlations; of a pair's halves the less alike one decides.
            alike = np.einsum("nhc,mhc->hnm", plain[start : start + _CHUNK], others, optimize=True).min(0)
            best = np.argsort(-alike, axis=1)[:, : _CANDIDATES + 1]  # the picture itself is among them
            for n, row in enumerate(rows):
                row.update(int(m) for m in best[n] if alike[n, m] >= _CANDIDATE)
        found += [sorted(row) for row in rows]
    return found


def _aligned(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Returns the correlation over RGB, -1 to 1, of two 64×64×3 pictures where b lies best on a."""
    from skimage.registration import phase_cross_correlation

    first = ndimage.gaussian_filter(a.astype(np.float32), (1, 1, 0))
    second = ndimage.gaussian_filter(b.astype(np.float32), (1, 1, 0))
    # Fades to the borders: phase correlation takes pictures as periodic and would lock on their edges.
    window = np.outer(np.hanning(_FINE), np.hanning(_FINE))
    grey = first.mean(2)
    best, centre = -1.0, (_FINE - 1) / 2
    for zoom in _ZOOMS:
        offset = (centre - zoom * centre, centre - zoom * centre, 0)
        zoomed = ndimage.affine_transform(second, [zoom, zoom, 1], offset, order=1, mode="nearest")
        other = zoomed.mean(2)
        # In quarters of a cell; without whitening, which would weigh noise like structure.
        shift = phase_cross_correlation(
            (grey - grey.mean()) * window, (other - other.mean()) * window, upsample_factor=4, normalization=None
        )[0]  # type: ignore[no-untyped-call]
        # A shift beyond it is no crop of the same picture, and stays unapplied.
        if np.abs(shift).max() <= _FARTHEST:
            zoomed = ndimage.shift(zoomed, (*shift, 0), order=1, mode="nearest")
        inner = slice(_FARTHEST + 2, -_FARTHEST - 2)  # what shifting brought in from outside is left out
        best = max(best, _correlation(first[inner, inner], zoomed[inner, inner]))
    return best


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """mean(a·b) / (σa·σb + noise²) of what is left of each channel's mean; -1 where the contrasts differ much."""
    a, b = a - a.mean((0, 1)), b - b.mean((0, 1))
    low, high = sorted((float(np.sqrt((a * a).mean())), float(np.sqrt((b * b).mean()))))
    if high > 1.6 * low + _NOISE:  # a thing and its faint shadow are no copies
        return -1.0
    if high < _NOISE:  # both are plain: nothing to tell them apart by
        return 1.0
    return float((a * b).mean() / (low * high + _NOISE**2))


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
            # Taken from a part that has more than this one, and nothing that an earlier split placed.
            free = [g for g, p in parts.items() if counts[p] > 1 and not any(m in earlier for m in members[g])]
            if free:
                # By hash, so that the choice depends on the pictures alone.
                parts[max(free, key=lambda group: min(members[group]))] = part
    return [parts[group] for group in groups]


def _part_of(members: Sequence[str], shares: Shares, earlier: Mapping[str, Part]) -> Part:
    return next((earlier[m] for m in members if m in earlier), shares.part(members[0]))
