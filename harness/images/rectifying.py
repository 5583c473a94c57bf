"""Sets a facade upright: its storeys horizontal and its edges vertical, as in rectified training photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.feature import canny
from skimage.transform import probabilistic_hough_line

Array = NDArray[np.float64]

_WORKING = 512  # pixels of the longer side lines are looked for in
_LEANING = 35.0  # degrees from an axis up to which a line may belong to it
_NEAR = 2.0  # degrees between a line and the direction to a vanishing point that still agree
_FEWEST = 8  # lines that must agree on each direction
_AGREEING = 0.45  # share of the length of a direction's lines that must agree
_STRAIGHT = 1.0  # degrees below which nothing needs to be done
_AS_GOOD = 0.7  # the axis itself is believed where it explains this share of what the best point explains
_TRIALS = 400
_LEAST_KEPT = 0.4  # share of the picture the crop after the warp must keep


Lean = tuple[float, float]
"""How far a facade's storeys and edges are from the axes: degrees, weighted means over lines by length."""


@dataclass(frozen=True)
class Rectified:
    """A picture set upright and how far it leant; `image` is the one given where nothing was to be done, or could be.

    Attributes:
        refused: why the picture was left as it was, None where it was warped or needed nothing.
    """

    image: Image.Image
    lean: Lean | None
    refused: str | None = None


def rectify(image: Image.Image) -> Rectified:
    """Returns an RGB facade photo with its two dominant directions along the axes, cropped to what it still fills.

    Canny edges and Hough lines vote for a vanishing point in each direction (RANSAC with a fixed seed); the
    homography that sends both to infinity is applied. Width against height stays what the perspective leaves of it,
    for one photo does not tell it.
    """
    found = _directions(image)
    if isinstance(found, str):
        return Rectified(image, None, refused=found)
    across, upright, lean = found
    if max(lean) < _STRAIGHT:
        return Rectified(image, lean)
    homography = _homography(across, upright, image.size)
    warped = None if homography is None else _warped(image, homography)
    if warped is None:
        return Rectified(image, lean, refused="it is seen too much from the side")
    after = lean_of(warped)
    if after is None or max(after) > max(_STRAIGHT, max(lean) / 2):
        return Rectified(image, lean, refused="its lines do not come out straight")
    return Rectified(warped, lean)


def lean_of(image: Image.Image) -> Lean | None:
    """Returns how far the picture's lines lean, None where too few agree on a direction."""
    found = _directions(image)
    return None if isinstance(found, str) else found[2]


def _directions(image: Image.Image) -> tuple[Array, Array, Lean] | str:
    """The vanishing points of storeys and edges as homogeneous points in the picture's pixels; or what is lacking."""
    scale = min(1.0, _WORKING / max(image.size))
    small = image.convert("L").resize([max(1, round(s * scale)) for s in image.size], Image.Resampling.BOX)
    # Back in pixels of the picture itself, so that the homography needs no scaling.
    segments = _segments(np.asarray(small, dtype=np.float64) / 255) / scale
    points, leans = [], []
    for axis, name in ((0, "horizontal"), (1, "vertical")):
        lines = segments[_leaning(segments, axis) < _LEANING]
        agreed = _vanishing_point(lines, axis)
        if agreed is None:
            return f"too few {name} lines agree"
        point, inliers = agreed
        points.append(point)
        leans.append(float(np.average(_leaning(lines[inliers], axis), weights=_lengths(lines[inliers]))))
    return points[0], points[1], (leans[0], leans[1])


def _segments(grey: Array) -> Array:
    """Straight lines as N×2×2: both ends, each x and y."""
    edges = canny(grey, sigma=1.5)  # type: ignore[no-untyped-call]
    shortest = max(12, min(grey.shape) // 12)
    found = probabilistic_hough_line(edges, threshold=10, line_length=shortest, line_gap=2, rng=0)  # type: ignore[no-untyped-call]
    return np.array(found, dtype=np.float64).reshape(-1, 2, 2)


def _leaning(segments: Array, axis: int) -> Array:
    """How far each segment leans from an axis, in degrees, 0 to 90."""
    step = np.abs(segments[:, 1] - segments[:, 0])
    return np.asarray(np.degrees(np.arctan2(step[:, 1 - axis], step[:, axis])))


def _lengths(segments: Array) -> Array:
    return np.asarray(np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1))


def _vanishing_point(segments: Array, axis: int) -> tuple[Array, NDArray[np.bool_]] | None:
    if len(segments) < _FEWEST:
        return None
    ends = np.concatenate([segments, np.ones((len(segments), 2, 1))], axis=2)
    lines = np.cross(ends[:, 0], ends[:, 1])
    lengths = _lengths(segments)
    # Seeded by the axis: the same photo is warped the same way on every run.
    rng = np.random.default_rng(axis)
    # Long lines are drawn more often: their direction is known better than that of short ones.
    chances = lengths / lengths.sum()
    best, most = np.zeros(len(segments), dtype=bool), 0.0
    for _ in range(_TRIALS):
        one, other = rng.choice(len(segments), 2, replace=False, p=chances)
        inliers = _agree(segments, np.cross(lines[one], lines[other]))
        if lengths[inliers].sum() > most:
            best, most = inliers, float(lengths[inliers].sum())
    if best.sum() < _FEWEST or most < _AGREEING * lengths.sum():
        return None
    # (1, 0, 0) or (0, 1, 0), the point at infinity along the axis: lines that need no warp.
    at_rest = np.eye(3)[axis]
    straight = _agree(segments, at_rest)
    if lengths[straight].sum() >= _AS_GOOD * most and straight.sum() >= _FEWEST:
        return at_rest, straight
    return _meeting(lines[best], segments[best], lengths[best]), best


def _agree(segments: Array, point: Array) -> NDArray[np.bool_]:
    """Which segments point to a homogeneous point within `_NEAR` degrees."""
    middle = segments.mean(axis=1)
    toward = point[:2] - point[2] * middle
    step = segments[:, 1] - segments[:, 0]
    cross = np.abs(toward[:, 0] * step[:, 1] - toward[:, 1] * step[:, 0])
    size = np.linalg.norm(toward, axis=1) * _lengths(segments)
    return np.asarray((cross <= np.sin(np.radians(_NEAR)) * size) & (size > 0), dtype=np.bool_)


def _meeting(lines: Array, segments: Array, lengths: Array) -> Array:
    """The homogeneous point nearest to all lines, by length, in coordinates centred and scaled for the fit."""
    centre, scale = segments.mean(axis=(0, 1)), max(1.0, float(np.ptp(segments)))
    back = np.array([[scale, 0, centre[0]], [0, scale, centre[1]], [0, 0, 1]])
    moved = lines @ back
    moved /= np.linalg.norm(moved[:, :2], axis=1, keepdims=True)
    # Least squares of lines · point = 0 with |point| = 1: the last right singular vector.
    point = np.linalg.svd(moved * lengths[:, None])[2][-1]
    return np.asarray(back @ point)


def _homography(across: Array, upright: Array, size: tuple[int, int]) -> Array | None:
    """From the picture to the upright one, None where a vanishing point lies in or near the picture."""
    centred = np.array([[1, 0, -size[0] / 2], [0, 1, -size[1] / 2], [0, 0, 1]], dtype=np.float64)
    right, down = centred @ across, centred @ upright
    horizon = np.cross(right, down)
    if abs(horizon[2]) < 1e-12:
        return None
    horizon = horizon / horizon[2]
    corners = _corners(size) - np.array(size) / 2
    # Below zero a corner lies beyond the horizon; near it pixels are stretched without end, hence 0.4.
    if (corners @ horizon[:2] + 1).min() < 0.4:
        return None
    flat = np.array([[1, 0, 0], [0, 1, 0], horizon])
    axes = np.stack([_unit(right[:2], 0), _unit(down[:2], 1)], axis=1)
    turned = np.eye(3)
    turned[:2, :2] = np.linalg.inv(axes)
    return np.asarray(turned @ flat @ centred)


def _unit(direction: Array, axis: int) -> Array:
    return np.asarray(direction / np.linalg.norm(direction) * np.sign(direction[axis]))


def _corners(size: tuple[int, int]) -> Array:
    width, height = size
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float64)


def _warped(image: Image.Image, homography: Array) -> Image.Image | None:
    """The picture after the homography, cropped to the largest rectangle it fills; None where that is too little."""
    ends = np.concatenate([_corners(image.size), np.ones((4, 1))], axis=1) @ homography.T
    ends = ends[:, :2] / ends[:, 2:]
    low, high = ends.min(axis=0), ends.max(axis=0)
    left, top, right, bottom = _largest_rectangle(ends, low, high)
    width, height = round(right - left), round(bottom - top)
    if min(width, height) < 1 or width * height < _LEAST_KEPT * _area(ends):
        return None
    move = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], dtype=np.float64)
    back = np.linalg.inv(homography) @ move
    back /= back[2, 2]
    coefficients = tuple(back.ravel()[:8])
    return image.transform((width, height), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)


def _area(corners: Array) -> float:
    x, y = corners.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _largest_rectangle(corners: Array, low: Array, high: Array) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the largest upright rectangle in a convex quadrilateral, to one part in 64."""
    xs = np.linspace(low[0], high[0], 65)
    step = np.roll(corners, -1, axis=0) - corners
    # Lines through two corners each, 4×65; clockwise, those to the right are above what they bound, to the left below.
    with np.errstate(divide="ignore", invalid="ignore"):  # upright ones bound nothing, and are not asked
        lines = corners[:, 1:] + (xs - corners[:, :1]) * (step[:, 1:] / step[:, :1])
    tops, bottoms = lines[step[:, 0] > 0].max(axis=0), lines[step[:, 0] < 0].min(axis=0)
    # Convex: what both of its vertical sides hold, the whole rectangle holds.
    top, bottom = np.maximum.outer(tops, tops), np.minimum.outer(bottoms, bottoms)
    area = (xs[None] - xs[:, None]) * np.maximum(bottom - top, 0)
    one, other = np.unravel_index(int(area.argmax()), area.shape)
    return float(xs[one]), float(top[one, other]), float(xs[other]), float(bottom[one, other])
