from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from harness.metrics.dists import SMALLEST_SIDE, dists_meter
from harness.metrics.meters import Instruments, Shot
from harness.metrics.registry import METRICS
from tests.metrics.drawn import flat, noise


def test_it_is_what_the_authors_package_computes(backbones: dict[str, Path]) -> None:
    import DISTS_pytorch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = torch.hub.get_dir()
        torch.hub.set_dir(str(backbones["vgg16"].parent.parent))
        try:
            theirs = DISTS_pytorch.DISTS(load_weights=False)
        finally:
            torch.hub.set_dir(before)
    known = torch.load(Path(DISTS_pytorch.__file__).with_name("weights.pt"))
    theirs.alpha.data, theirs.beta.data = known["alpha"], known["beta"]
    meter = METRICS["dists"].begin(Instruments(backbones=backbones))
    a = noise(1, 72, 64)
    for b in (noise(2, 72, 64), a // 2):
        x, y = (torch.from_numpy(p.copy()).permute(2, 0, 1)[None].float() / 255 for p in (a, b))
        assert meter.one(Shot("a", a, a, b))[0] == pytest.approx(theirs(x, y).detach().item(), abs=1e-5)
    assert meter.one(Shot("a", a, a, a))[0] == pytest.approx(0, abs=1e-5)


def test_the_smallest_side_is_told_truly(backbones: dict[str, Path]) -> None:
    meter = dists_meter(backbones["vgg16"], "cpu")
    side = SMALLEST_SIDE
    assert meter.compute(noise(1, side, side), flat(0, side, side)) > 0
    with pytest.raises(ValueError, match=f"each side needs {side} at least"):
        meter.compute(noise(1, side - 1, side), flat(0, side - 1, side))
