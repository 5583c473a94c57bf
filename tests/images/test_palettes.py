"""The facades palette, from its formula; raw CMP maps go by number, never by nearest colour."""

from __future__ import annotations

import numpy as np

from harness.images.palettes import FACADES, facades_colours, is_raw_palette, raw_colours, recolour_indexes, snap


def jet(levels: int) -> np.ndarray:
    """MATLAB's jet: three trapezoids a quarter of the map wide, shifted by a quarter each."""
    quarter = int(np.ceil(levels / 4))
    ramp = np.arange(1, quarter + 1) / quarter
    trapezoid = np.concatenate([ramp, np.ones(quarter - 1), ramp[::-1]])
    green = int(np.ceil(quarter / 2)) - (levels % 4 == 1) + np.arange(1, len(trapezoid) + 1)
    colours = np.zeros((levels + quarter * 4, 3))
    for channel, shift in ((1, 0), (0, quarter), (2, -quarter)):
        places = green + shift
        inside = (places >= 1) & (places <= levels)
        colours[places[inside] - 1, channel] = trapezoid[inside]
    return colours[:levels] * 255


def test_the_colours_are_jet() -> None:
    assert np.abs(facades_colours() - jet(64)[[5 * c.index for c in FACADES]]).max() <= 1
    assert np.abs(raw_colours() - jet(12)).max() <= 1


def test_classes_are_numbered_in_order() -> None:
    assert [c.index for c in FACADES] == list(range(1, 13))
    assert len({c.name for c in FACADES}) == len({c.rgb for c in FACADES}) == 12


def test_snapping_takes_jpeg_noise_away() -> None:
    rng = np.random.default_rng(0)
    clean = facades_colours()[rng.integers(0, 12, (40, 50))]
    noisy = np.clip(clean + rng.normal(0, 4, clean.shape), 0, 255).round().astype(np.uint8)
    snapped = snap(noisy, facades_colours(), facades_colours())
    assert np.array_equal(snapped.pixels, clean)
    assert snapped.off_palette < 0.1


def test_the_off_palette_share_is_exact() -> None:
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:] = FACADES[2].rgb
    pixels[:3] = (128, 128, 128)
    assert snap(pixels, facades_colours(), facades_colours()).off_palette == 0.3
    assert snap(facades_colours()[None], facades_colours(), facades_colours()).off_palette == 0.0


def test_indexes_give_the_datasets_colours() -> None:
    indexes = np.arange(0, 14).reshape(1, -1)
    made = recolour_indexes(indexes)
    assert np.array_equal(made.pixels[0, 1:13], facades_colours())
    assert made.off_palette == 2 / 14
    assert tuple(made.pixels[0, 0]) == FACADES[0].rgb


def test_nearest_colour_would_have_confused_the_raw_palette() -> None:
    raw = raw_colours()[None]
    assert is_raw_palette(raw)
    assert not is_raw_palette(facades_colours()[None])
    by_colour = snap(raw, facades_colours(), facades_colours()).pixels[0]
    assert tuple(by_colour[1]) == FACADES[0].rgb, "facade would become background"
    assert tuple(by_colour[2]) == FACADES[1].rgb, "window would become facade"
    assert np.array_equal(snap(raw, raw_colours(), facades_colours()).pixels[0], facades_colours())
