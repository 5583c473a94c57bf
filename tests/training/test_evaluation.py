"""When outputs that look like inputs are the sign of something wrong, and when they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.metrics.measure import measure_images
from harness.training.evaluation import _alike
from tests.pictures import picture


@pytest.mark.parametrize(
    ("spoilt", "changed", "warned"),
    [
        (12, 12, False),  # inputs near their targets: outputs as near to the one as the other is
        (12, 0, True),  # the same, copied
        (200, 12, True),  # inputs far from their targets, outputs near the inputs
    ],
)
def test_only_outputs_nearer_to_inputs_than_inputs_are_to_targets(
    tmp_path: Path, spoilt: int, changed: int, warned: bool
) -> None:
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        target = np.asarray(picture(name, 64, 64)).astype(int)
        source = target + rng.integers(-spoilt, spoilt + 1, target.shape)
        output = source + rng.integers(-changed, changed + 1, target.shape)
        for kind, pixels in (("target", target), ("input", source), ("output", output)):
            path = tmp_path / "images" / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    measured = measure_images(tmp_path / "images", ["a", "b"], paired=True)
    assert bool(_alike(tmp_path, measured, "mine")) is warned
