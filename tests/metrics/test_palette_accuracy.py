from __future__ import annotations

import numpy as np
import pytest

from harness.images.palettes import CITYSCAPES
from harness.metrics.meters import Shot
from harness.metrics.pairs import Picture
from harness.metrics.palette_accuracy import PaletteMeter, class_colours, confusion

FACADES, STREETS = class_colours()["facade_label"], class_colours()["cityscapes_label"]


def label_map(classes: np.ndarray, palette=FACADES) -> Picture:
    return np.concatenate([palette.colours, palette.void])[classes].astype(np.uint8)


def official_scores(truth: np.ndarray, drawn: np.ndarray, classes: int) -> tuple[float, float, float]:
    """`fast_hist` and `get_scores` of the authors' scripts/eval_cityscapes/util.py, line by line."""
    k = (truth >= 0) & (truth < classes)
    hist = np.bincount(classes * truth[k].astype(int) + drawn[k], minlength=classes**2).reshape(classes, classes)
    acc = np.diag(hist).sum() / (hist.sum() + 1e-12)
    cl_acc = np.diag(hist) / (hist.sum(1) + 1e-12)
    iu = np.diag(hist) / (hist.sum(1) + hist.sum(0) - np.diag(hist) + 1e-12)
    return acc, np.nanmean(cl_acc), np.nanmean(iu)


def test_it_is_what_the_authors_script_counts_void_left_out() -> None:
    generator = np.random.default_rng(1)
    meter = PaletteMeter(STREETS)
    every = []
    for i in range(3):
        truth = generator.integers(0, len(CITYSCAPES), (40, 50))
        drawn = np.where(generator.random((40, 50)) < 0.6, truth % 19, generator.integers(0, 19, (40, 50)))
        every.append((truth, drawn))
        shown, wanted = (label_map(classes, STREETS) for classes in (drawn, truth))
        (accuracy,) = meter.one(Shot(str(i), wanted, shown, wanted))
        assert accuracy == pytest.approx(official_scores(truth, drawn, 19)[0])
    truth, drawn = (np.stack(part) for part in zip(*every, strict=True))
    found = [total.value for total in meter.whole()]
    assert found == pytest.approx(official_scores(truth, drawn, 19), abs=1e-9)


def test_the_noise_of_jpeg_changes_no_class_of_flat_areas() -> None:
    classes = np.repeat(np.repeat(np.arange(12).reshape(3, 4), 8, axis=0), 8, axis=1)
    noisy = label_map(classes).astype(int) + np.random.default_rng(2).integers(-12, 13, (24, 32, 3))
    counts = confusion(noisy.clip(0, 255).astype(np.uint8), label_map(classes), FACADES)
    assert (np.diag(counts) == 64).all() and counts.sum() == 24 * 32


def test_a_class_that_is_nowhere_does_not_count() -> None:
    classes = np.zeros((8, 8), int)
    classes[:, 4:] = 1
    meter = PaletteMeter(FACADES)
    meter.one(Shot("a", label_map(classes), label_map(np.zeros((8, 8), int)), label_map(classes)))
    assert [total.value for total in meter.whole()] == pytest.approx([0.5, 0.5, 0.25])


def test_a_target_of_nothing_but_void_is_refused() -> None:
    void = label_map(np.full((8, 8), 19), STREETS)
    with pytest.raises(ValueError, match="shows no class of the palette `cityscapes`"):
        PaletteMeter(STREETS).one(Shot("a", void, void, void))
