from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.label_agreement import AgreementMeter
from harness.metrics.meters import Shot
from harness.metrics.pairs import Picture
from harness.metrics.palette_accuracy import class_colours
from tests.metrics.drawn import noise

PALETTE = class_colours()["facade_label"]


def half_read(photo: Picture, name: str) -> Picture:
    """An evaluator that reads the left half and calls the rest background; photos here are label maps upside down."""
    read = photo[::-1].copy()
    read[:, read.shape[1] // 2 :] = PALETTE.colours[0]
    return read


def test_what_the_evaluator_reads_is_set_against_the_input_and_beside_what_it_reads_of_real_photos() -> None:
    classes = 1 + np.random.default_rng(3).integers(0, 11, (20, 20))
    labels = PALETTE.colours[classes]
    meter = AgreementMeter(PALETTE, half_read)
    assert meter.one(Shot("a", labels, labels[::-1], labels[::-1])) == (0.5,)
    worse = labels[::-1].copy()
    worse[:, :5] = PALETTE.colours[0]
    assert meter.one(Shot("b", labels, worse, labels[::-1])) == (0.25,)
    pixels, classes_, _ = meter.whole()
    assert pixels.value == pytest.approx(0.375)
    assert pixels.beside["ground_truth"] == 0.5 and classes_.beside["ground_truth"] > classes_.value


def test_without_targets_there_is_no_row_of_the_real_photos() -> None:
    labels = PALETTE.colours[np.ones((8, 8), int)]
    meter = AgreementMeter(PALETTE, lambda photo, name: noise(1, 8, 8))
    meter.one(Shot("a", labels, labels))
    assert all(total.beside == {} for total in meter.whole())
