from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import WeightsError
from harness.metrics.meters import Instruments, Shot
from harness.metrics.network_distances import SMALLEST_SIDE, distance_meter
from harness.metrics.registry import METRICS
from tests.metrics.drawn import flat, noise


def their_network(net: str, folder: Path) -> Any:
    """The authors' own package; torchvision finds the backbone where torch keeps its downloads."""
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = torch.hub.get_dir()
        torch.hub.set_dir(str(folder))
        try:
            return lpips.LPIPS(net=net, verbose=False)
        finally:
            torch.hub.set_dir(before)


@pytest.mark.parametrize(("name", "net", "backbone"), [("lpips", "alex", "alexnet"), ("lpips_vgg", "vgg", "vgg16")])
def test_lpips_is_what_the_authors_package_computes(
    backbones: dict[str, Path], name: str, net: str, backbone: str
) -> None:
    from lpips import im2tensor

    meter = METRICS[name].begin(Instruments(backbones=backbones))
    theirs = their_network(net, backbones[backbone].parent.parent)
    a = noise(1, 72, 64)
    for b in (noise(2, 72, 64), a // 2, a):
        (ours,) = meter.one(Shot("a", a, a, b))
        with torch.inference_mode():
            assert ours == pytest.approx(theirs(im2tensor(a), im2tensor(b)).item(), abs=1e-5)
    assert meter.one(Shot("a", a, a, a)) == (0.0,)


@pytest.mark.parametrize(("net", "backbone"), [("alex", "alexnet"), ("vgg", "vgg16"), ("dists", "vgg16")])
def test_the_smallest_side_is_told_truly(backbones: dict[str, Path], net, backbone: str) -> None:
    meter, side = distance_meter(net, backbones[backbone], "cpu"), SMALLEST_SIDE[net]
    assert meter.one(Shot("a", flat(0), noise(1, side, side), flat(0, side, side))) > (0,)
    with pytest.raises(ValueError, match=f"each side needs {side} at least"):
        meter.one(Shot("a", flat(0), noise(1, side - 1, side), flat(0, side - 1, side)))


def test_a_file_of_another_network_is_told(backbones: dict[str, Path], tmp_path: Path) -> None:
    wrong = tmp_path / "checkpoints" / backbones["alexnet"].name
    wrong.parent.mkdir()
    wrong.write_bytes(backbones["vgg16"].read_bytes())
    with pytest.raises(WeightsError, match="is not torchvision's AlexNet"):
        distance_meter("alex", wrong, "cpu")


def test_dists_is_what_the_authors_package_computes(backbones: dict[str, Path]) -> None:
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
