"""A generator that colours photos: what goes in, what comes out, and the same pixels from both engines."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from harness.catalog.types import Architecture
from harness.engines.job import Job, NativeSettings
from harness.engines.native.colour import Lab, Rgb, colours_of
from harness.errors import EngineError
from harness.sets.item import Item
from harness.weights.layers import set_mode
from harness.weights.networks import build_generator
from tests.engines.translating import images_of
from tests.engines.translating import native as translate
from tests.pictures import picture, save_pair, save_picture

COLOUR = Architecture("unet_32", "batch", True, ngf=2, input_nc=1, output_nc=2)


def job(folder: Path, architecture: Architecture = COLOUR, side: int = 32, count: int = 3, **fields: object) -> Job:
    items = tuple(Item(n, save_picture(folder / f"{n}.png", side, side), False) for n in "abcde"[:count])
    weights = folder / "weights.pth"
    if not weights.is_file():
        torch.manual_seed(0)
        torch.save(build_generator(architecture).state_dict(), weights)
    known: dict[str, object] = {
        "weights": weights, "architecture": architecture, "items": items, "direction": "AtoB", "mode": "paper",
        "seed": 3, "device": "cpu", "size": (side, side), "log": folder / "log.txt",
    }  # fmt: skip
    made = Job(**(known | fields))  # type: ignore[arg-type]
    images_of(made).mkdir(exist_ok=True)
    return made


def test_one_channel_in_and_two_out_mean_lab() -> None:
    assert isinstance(colours_of(COLOUR), Lab)
    assert isinstance(colours_of(replace(COLOUR, output_nc=1)), Rgb)
    assert isinstance(colours_of(Architecture("unet_32", "batch", True)), Rgb)


def test_a_photo_goes_in_as_its_lightness_and_its_own_axes_bring_it_back() -> None:
    photo = picture("a", 16, 16)
    lab = rgb2lab(np.asarray(photo))
    inputs = Lab().inputs([photo])
    np.testing.assert_allclose(inputs[0, 0].numpy(), lab[..., 0] / 50 - 1, atol=1e-6)
    axes = torch.from_numpy(lab[..., 1:].astype(np.float32)).permute(2, 0, 1)[None] / 110
    back = Lab().pixels(inputs, axes)[0].numpy()
    assert np.abs(back.astype(int) - np.asarray(photo)).max() <= 1  # truncated as upstream does
    np.testing.assert_array_equal(back, np.asarray(Lab().target_as_saved(photo)))
    grey = np.asarray(Lab().input_as_saved(photo))
    np.testing.assert_array_equal(grey[..., 0], ((inputs[0, 0].numpy() + 1) / 2 * 255).astype(np.uint8))
    assert (grey == grey[..., :1]).all()


def test_the_native_engine_writes_all_three_pictures(tmp_path: Path) -> None:
    made = job(tmp_path, mode="eval")
    translate(made, settings=NativeSettings(batch_size=2))
    network = build_generator(COLOUR)
    network.load_state_dict(torch.load(made.weights, weights_only=True))
    set_mode(network, "eval")
    for item in made.items:
        lab = rgb2lab(np.asarray(Image.open(item.path)))
        with torch.no_grad():
            axes = network(torch.from_numpy(lab[None, None, ..., 0].astype(np.float32) / 50 - 1))[0].permute(1, 2, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = lab2rgb(np.concatenate([lab[..., :1], axes.numpy() * 110], axis=2)) * 255
        drawn = np.asarray(Image.open(images_of(made) / "output" / f"{item.name}.png")).astype(int)
        assert np.abs(drawn - expected).max() <= 1.01
        assert (images_of(made) / "target" / f"{item.name}.png").is_file()


def test_pairs_are_refused(tmp_path: Path) -> None:
    pair = (Item("p", save_pair(tmp_path / "p.png", 32), True),)
    with pytest.raises(EngineError, match="colours photos") as caught:
        translate(replace(job(tmp_path), items=pair))
    assert "prepare-images" in str(caught.value.hint)


@pytest.mark.upstream
@pytest.mark.parametrize("netG", ["unet_128", "unet_256"])
@pytest.mark.parametrize("mode", ["paper", "deterministic"])
def test_both_engines_draw_the_same(tmp_path: Path, upstream_git: str, netG: str, mode: str) -> None:
    from harness.fetch.git import ensure_clone
    from tests.engines.official.test_upstream import PINS, initialised
    from tests.engines.translating import official

    ensure_clone(upstream_git, PINS["today"], tmp_path / "clone")
    architecture = Architecture(netG, "batch", True, ngf=4, input_nc=1, output_nc=2)
    side = int(netG.removeprefix("unet_"))
    weights = initialised(tmp_path / "clone", architecture, tmp_path / "weights.pth")
    theirs = job(tmp_path, architecture, side, weights=weights, mode=mode)
    ours = replace(theirs, log=tmp_path / "ours" / "log.txt")
    images_of(ours).mkdir(parents=True)
    official(theirs, tmp_path / "clone")
    translate(ours, settings=NativeSettings(batch_size=3))
    for kind in ("input", "output", "target"):
        for item in ours.items:
            a, b = (
                np.asarray(Image.open(images_of(j) / kind / f"{item.name}.png")).astype(int) for j in (theirs, ours)
            )
            assert np.abs(a - b).max() <= (1 if kind == "output" else 0)
