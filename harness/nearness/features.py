"""What a picture is described by: numbers a person could look up in it, in eight groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve, sobel, uniform_filter, uniform_filter1d

from harness.nearness.palette import ColourSet, Picture

_Plane = NDArray[np.float64]

# The windows of 31 pixels and the shifts of 16 need about that much.
SMALLEST_SIDE = 32
_EDGE, _STRONG_EDGE, _DARKER = 0.4, 1.5, 0.25  # in spreads of brightness, so that a dark picture has its lines too
# Of brightness, 0 to 1: an even picture must not turn rounding into lines.
_LEAST_SPREAD = 0.02
# Cycles a pixel; 0.5 is the finest that pixels can hold.
_BANDS = (0.01, 0.03, 0.06, 0.12, 0.25, 0.35, 0.5)
_PLANES = ("brightness", "yellow_blue", "across", "down")
# In pixels: from a line's width to that of a window or storey.
_STEPS, _SHIFTS, _FAR_SHIFTS = (4, 16), (2, 4, 8, 16), (2, 4, 8, 16, 32)
_ROWS = 8

VERSION = 1
"""Changes with any change of a feature: descriptions of different versions cannot be compared."""

DIRECTION, LAYOUT = "direction", "layout"
"""Antisymmetric groups: turning a picture by 90°, or upside down, changes the sign of their features, so that the
upright pictures themselves tell how turned ones would look."""

_NAMED: dict[str, tuple[str, ...]] = {
    "brightness": ("brightness", "shadows", "highlights"),
    "contrast": ("contrast", "local_contrast"),
    "colour": ("saturation", "red_green", "yellow_blue", "red_green_spread", "yellow_blue_spread"),
    "palette": ("palette_share", *(f"palette_{r}{g}{b}" for r in range(4) for g in range(4) for b in range(4))),
    "lines": ("edge_density", "strong_edges", "line_width", "flat_share"),
    "detail": ("fine_detail", "noise", "blocks", *(f"band_{i}" for i in range(len(_BANDS) - 1))),
    DIRECTION: (
        *(f"{plane}_{what}" for plane in _PLANES for what in ("profile", "steps", *(f"ripple_{n}" for n in _STEPS))),
        *(f"persistence_{n}" for n in _SHIFTS),
        *(f"likeness_{n}" for n in _FAR_SHIFTS),
    ),
    LAYOUT: (
        *(f"{plane}_rows_{row}" for plane in _PLANES for row in range(_ROWS // 2)),
        "steps_down",
        "steps_skew",
    ),
}
NAMES = tuple(name for names in _NAMED.values() for name in names)
GROUPS = tuple(_NAMED)
COLUMNS = {group: np.array([NAMES.index(name) for name in names]) for group, names in _NAMED.items()}
"""Where the features of each group stand in a description."""


def describe(image: Picture, palette: ColourSet) -> NDArray[np.float64]:
    """Returns the description of a picture, one number for each of `NAMES`, in their order.

    Nothing is resized: line widths and spectra are those of the pixels the model sees. Amounts that span decades
    (densities, widths, noise, spectral power) are natural logarithms.

    Args:
        image: height × width × 3, uint8, RGB, sides of at least 32 pixels.
        palette: the colours of the training pictures.

    Raises:
        ValueError: another shape or type, or a smaller picture.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"expected uint8 of height × width × 3, got {image.dtype} of {image.shape}")
    if min(image.shape[:2]) < SMALLEST_SIDE:
        raise ValueError(f"{image.shape[1]}×{image.shape[0]} pixels are too few to describe a picture")
    red, green, blue = (image[..., c] / 255 for c in range(3))  # height × width each, 0 to 1
    # Luma of ITU-R BT.601.
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    # Sobel's kernel weighs 8 in all: divided by it, a gradient is a step of brightness a pixel.
    across, down = sobel(luma, axis=1) / 8, sobel(luma, axis=0) / 8
    gradient = np.hypot(across, down)
    shadows, highlights = np.quantile(luma, [0.05, 0.95])
    values = {
        "brightness": luma.mean(),
        "shadows": shadows,
        "highlights": highlights,
        "contrast": luma.std(),
        "local_contrast": _log(gradient.mean()),
        "saturation": (image.max(axis=2) - image.min(axis=2)).mean() / 255,
        "red_green": red_green.mean(),
        "yellow_blue": yellow_blue.mean(),
        "red_green_spread": red_green.std(),
        "yellow_blue_spread": yellow_blue.std(),
        **_palette(image, palette),
        **_lines(luma, gradient),
        **_spectrum(luma),
        "noise": _noise(luma),
        "blocks": _blocks(luma),
        **_orientation(luma, yellow_blue),
    }
    return np.array([values[name] for name in NAMES])


def _palette(image: Picture, palette: ColourSet) -> dict[str, float]:
    """The share of pixels on the palette, and the square roots of a 4×4×4 colour histogram (Hellinger)."""
    named = zip(_NAMED["palette"][1:], colour_histogram(image), strict=True)
    return {"palette_share": palette.share_of(image), **dict(named)}


def colour_histogram(image: Picture) -> NDArray[np.float64]:
    """Returns the square roots of the shares of 4×4×4 colours in an H×W×3 picture, (64,), red the slowest."""
    quarters = image >> 6  # (H, W, 3) of 0 to 3
    bins = (quarters[..., 0] << 4) | (quarters[..., 1] << 2) | quarters[..., 2]
    return np.sqrt(np.bincount(bins.ravel(), minlength=64) / bins.size)


def _lines(luma: _Plane, gradient: _Plane) -> dict[str, float]:
    """Edges, flat areas, and the mean width of what is darker than its surroundings, as area over half outline."""
    spread = _spread(luma)
    # Darker than the mean of the 31×31 pixels around: ink on paper, joints in a wall.
    dark = luma < uniform_filter(luma, 31) - _DARKER * spread
    outline = (dark[:, 1:] != dark[:, :-1]).sum() + (dark[1:] != dark[:-1]).sum()
    return {
        "edge_density": _log((gradient > _EDGE * spread).mean()),
        "strong_edges": _log((gradient > _STRONG_EDGE * spread).mean()),
        "line_width": float(np.log((dark.sum() + 1) / (outline / 2 + 1))),
        "flat_share": (gradient < 1 / 255).mean(),
    }


def _spectrum(luma: _Plane) -> dict[str, float]:
    """The share of each band of spatial frequency, in cycles a pixel, in the power of the windowed picture."""
    # Without a window the picture's borders would fill every band of the spectrum.
    window = np.outer(np.hanning(luma.shape[0]), np.hanning(luma.shape[1]))
    power = np.abs(np.fft.rfft2((luma - luma.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(luma.shape[0])[:, None], np.fft.rfftfreq(luma.shape[1])[None, :])
    sums, _ = np.histogram(radius, bins=_BANDS, weights=power)
    # Shares, so that contrast does not count twice.
    shares = sums / max(float(power.sum()), 1e-12)
    bands = {f"band_{i}": _log(share) for i, share in enumerate(shares)}
    return {"fine_detail": _log(shares[-2:].sum()), **bands}


def _noise(luma: _Plane) -> float:
    """Immerkær 1996, "Fast noise variance estimation", with a median, which edges move less than a mean."""
    # The difference of two Laplacians: blind to brightness and its slopes. Its answer to noise of σ has a spread of 6σ.
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    return _log(float(np.median(np.abs(convolve(luma, kernel)))) / 6)


def _blocks(luma: _Plane) -> float:
    """How much greater steps are at the 8-pixel grid of JPEG than beside it."""
    steps = np.abs(np.diff(luma, axis=1)).mean(axis=0)
    # JPEG codes squares of 8×8: its steps lie between pixel 7 and 8, 15 and 16 …
    grid = np.arange(steps.size) % 8 == 7
    return _log(steps[grid].mean()) - _log(steps[~grid].mean())


def _orientation(luma: _Plane, yellow_blue: _Plane) -> dict[str, float]:
    """Rows against columns, and top against bottom, in brightness, colour and the steps across and down."""
    # Both (H - 1, W - 1), so that they stand on the same places.
    across, down = np.diff(luma, axis=1)[:-1], np.diff(luma, axis=0)[:, :-1]
    planes = dict(zip(_PLANES, (luma, yellow_blue, np.abs(across), np.abs(down)), strict=True))
    found = _repetition(luma, planes["across"], planes["down"])
    for name, plane in planes.items():
        # A turned picture has its steps across where it had those down: only so do the differences change sign.
        turned = planes[{"across": "down", "down": "across"}.get(name, name)]
        rows, columns = plane.mean(axis=1), turned.mean(axis=0)
        found[f"{name}_profile"] = _log(rows.std()) - _log(columns.std())
        found[f"{name}_steps"] = _log(np.diff(rows).std()) - _log(np.diff(columns).std())
        for n in _STEPS:
            upright, lying = (_log((profile - uniform_filter1d(profile, n)).std()) for profile in (rows, columns))
            found[f"{name}_ripple_{n}"] = upright - lying
        # Each strip less its mirror: upside down the sign changes.
        parts = [float(part.mean()) for part in np.array_split(plane, _ROWS)]
        found |= {f"{name}_rows_{i}": parts[i] - parts[-1 - i] for i in range(_ROWS // 2)}
    power, least = float((down**2).mean()) + 1e-9, _EDGE * _spread(luma)
    found["steps_down"] = _log((down > least).mean()) - _log((down < -least).mean())
    found["steps_skew"] = float((down**3).mean()) / power**1.5
    return found


def _repetition(luma: _Plane, across: _Plane, down: _Plane) -> dict[str, float]:
    """How far edges run on, and how like a picture is to itself shifted: downwards against sideways."""
    found = {}
    for n in _SHIFTS:
        # Upright edges run on downwards: autocorrelation of the steps across, n rows apart.
        upright = (across[n:] * across[:-n]).mean() / ((across**2).mean() + 1e-9)
        lying = (down[:, n:] * down[:, :-n]).mean() / ((down**2).mean() + 1e-9)
        found[f"persistence_{n}"] = _log(upright) - _log(lying)
    centred = luma - luma.mean()
    power = float((centred**2).mean()) + 1e-9
    for n in _FAR_SHIFTS:
        n_down, n_across = (min(n, side // 2) for side in luma.shape)
        # Autocorrelation of brightness.
        upright = (centred[n_down:] * centred[:-n_down]).mean()
        lying = (centred[:, n_across:] * centred[:, :-n_across]).mean()
        found[f"likeness_{n}"] = float(upright - lying) / power
    return found


def _spread(luma: _Plane) -> float:
    return max(float(luma.std()), _LEAST_SPREAD)


def _log(value: float) -> float:
    # An amount of 0 is common, as noise of a drawn map, and has no logarithm.
    return float(np.log(float(value) + 1e-4))
