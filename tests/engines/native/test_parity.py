"""The native networks and engine against the authors' own: every generator, norm, dropout and mode, pixel by pixel.

`pytest tests/engines/native/test_parity.py -s` prints the figures of docs/parity.md.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import OFFICIAL_GENERATORS, Architecture, Norm
from harness.demo.demo_weights import demo_weights
from harness.demo.scenes import draw_scene
from harness.engines.job import Job, Mode, NativeSettings
from harness.engines.native.generator import Translator, load_generator
from harness.engines.native.pixels import to_pixels, to_tensor
from harness.engines.seeds import image_seed
from harness.fetch.git import ensure_clone
from harness.runs.pixel_differences import difference_of
from harness.sets.item import Item
from harness.weights.layers import dropout_from, set_mode
from harness.weights.networks import build_generator
from tests.engines.translating import images_of, native, official
from tests.pictures import picture

pytestmark = pytest.mark.upstream

SEED, THREADS = 11, 1
NGF = {"resnet_9blocks": 8, "resnet_6blocks": 32, "unet_128": 8, "unet_256": 8}
"""32 is the least at which the fast convolutions of `harness.engines.native.winograd` come in."""
NAMES = tuple(f"image {number}" for number in range(16))
NORMS: tuple[Norm, ...] = ("batch", "instance", "none")
DEMO = Architecture("unet_256", "batch", True, ngf=12)

# Their networks in train mode, one image at a time, as test.py runs them. Scales and biases are shaken, or a layer
# that forgets its own would not show; Kaiming's weights keep outputs of networks without any norm away from 0 and 1.
UPSTREAM = """
import sys, torch
from models.networks import define_G, init_weights
from util.util import tensor2im
asked = torch.load(sys.argv[1])
torch.set_num_threads(asked["threads"])
answer = {}
for number, (netG, norm, dropout) in enumerate(asked["variants"]):
    torch.manual_seed(number)
    network = define_G(3, 3, asked["ngf"][netG], netG, norm, dropout)
    init_weights(network, "kaiming", 0.2)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, 0.0, 0.2)
    floats, pixels = [], []
    with torch.no_grad():
        images = asked["images"][256 if netG == "unet_256" else 128]
        for image, seed in zip(images[:7] if dropout else images, asked["seeds"]):
            torch.manual_seed(seed)
            output = network(image[None].clone())
            floats.append(output[0])
            pixels.append(torch.from_numpy(tensor2im(output)))
    answer[netG, norm, dropout] = network.state_dict(), torch.stack(floats), torch.stack(pixels)
torch.save(answer, sys.argv[2])
"""


@dataclass(frozen=True)
class Theirs:
    """What the authors' network gave: its inputs, its weights as a job, its outputs and their pixels."""

    job: Job
    inputs: torch.Tensor
    floats: torch.Tensor
    pixels: torch.Tensor


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, upstream_git: str) -> Path:
    folder = tmp_path_factory.mktemp("upstream") / "clone"
    ensure_clone(upstream_git, PYTORCH.commit, folder)
    return folder


@pytest.fixture(scope="module")
def theirs(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, Norm, bool], Theirs]:
    """All variants, drawn by one process of theirs."""
    folder = tmp_path_factory.mktemp("parity")
    variants = list(product(OFFICIAL_GENERATORS, NORMS, (False, True)))
    inputs = {side: to_tensor([picture(name, side, side) for name in NAMES], 3) for side in (128, 256)}
    seeds = [image_seed(SEED, name) for name in NAMES]
    asked = {"variants": variants, "ngf": NGF, "images": inputs, "seeds": seeds, "threads": THREADS}
    torch.save(asked, folder / "asked.pt")
    words = [sys.executable, "-B", "-c", UPSTREAM, str(folder / "asked.pt"), str(folder / "answer.pt")]
    subprocess.run(words, cwd=clone, check=True, capture_output=True)
    found = {}
    for (net, norm, dropout), (state, floats, pixels) in torch.load(folder / "answer.pt").items():
        weights = folder / f"{net}-{norm}-{dropout}.pth"
        torch.save(state, weights)
        side = pixels.shape[1]
        architecture = Architecture(net, norm, dropout, ngf=NGF[net])
        mode: Mode = "paper" if dropout else "deterministic"
        job = Job(weights, architecture, (), "AtoB", mode, SEED, "cpu", (side, side), folder / "log.txt")
        found[net, norm, dropout] = Theirs(job, inputs[side][: len(pixels)], floats, pixels)
    return found


@contextmanager
def their_threads() -> Iterator[None]:
    """Inside, as many threads as upstream has: sums are split among them, and another split rounds differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def figures(label: str, ours: torch.Tensor, theirs: torch.Tensor) -> int:
    """Prints the differences in levels of 255 of (N, H, W, 3) pixels and returns the greatest."""
    difference = (ours.to(torch.int16) - theirs).abs()
    changed = 100 * difference.amax(3).gt(0).double().mean()
    print(f"{label:46} max {difference.max()}  mean {difference.double().mean():.6f}  pixels {changed:.4f} %")
    return int(difference.max())


def translated(job: Job, inputs: torch.Tensor, size: int) -> torch.Tensor:
    translator = Translator(job, "cpu", NativeSettings(batch_size=size))
    names = NAMES[: len(inputs)]
    parts = [translator.translate(inputs[i : i + size], names[i : i + size]) for i in range(0, len(inputs), size)]
    return to_pixels(torch.cat(parts))


@pytest.mark.parametrize("dropout", [False, True], ids=["without dropout", "with dropout"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("net", OFFICIAL_GENERATORS)
def test_every_generator_draws_their_pixels(theirs: dict[Any, Theirs], net: str, norm: Norm, dropout: bool) -> None:
    known = theirs[net, norm, dropout]
    assert known.pixels.double().std(dim=(1, 2, 3)).min() > 8, "flat outputs would hide differences"
    with their_threads():
        for size in (1, 7 if dropout else 16):
            label = f"{net} {norm}{' dropout' if dropout else ''}, batch {size}"
            assert figures(label, translated(known.job, known.inputs, size), known.pixels) <= 1


@pytest.mark.parametrize("dropout", [False, True], ids=["without dropout", "with dropout"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("net", OFFICIAL_GENERATORS)
def test_one_image_in_their_memory_layout_is_the_same_bits(
    theirs: dict[Any, Theirs], net: str, norm: Norm, dropout: bool
) -> None:
    known = theirs[net, norm, dropout]
    network = load_generator(known.job)
    set_mode(network, known.job.mode)
    with their_threads(), torch.inference_mode():
        for name, image, output in zip(NAMES[:3], known.inputs, known.floats, strict=False):
            with dropout_from([torch.Generator().manual_seed(image_seed(SEED, name))]):
                assert torch.equal(network(image[None].clone())[0], output)


@pytest.mark.parametrize("mode", ["paper", "deterministic", "eval"])
def test_both_engines_draw_the_same_pixels(clone: Path, tmp_path: Path, mode: Mode) -> None:
    items = []
    for index in range(3):
        scene = draw_scene(5, index)
        path = tmp_path / f"facade_{index:04d}.png"
        Image.fromarray(np.hstack((scene.photo, scene.label))).save(path)
        items.append(Item(path.stem, path, True))
    job = Job(demo_weights(), DEMO, tuple(items), "BtoA", mode, SEED, "cpu", (256, 256), tmp_path / "log.txt")
    ours, theirs = (replace(job, log=tmp_path / engine / "log.txt") for engine in ("native", "official"))
    official(theirs, clone)
    native(ours)
    for kind, bound in (("input", 0), ("target", 0), ("output", 1)):
        differences = [difference_of(images_of(theirs), images_of(ours), kind, item.name) for item in items]
        assert not any(d.problem for d in differences)
        print(
            f"both engines, demo, {mode}, {kind}: {[(d.max, round(100 * d.share_different, 4)) for d in differences]}"
        )
        assert max(d.max for d in differences) <= bound, (kind, differences)


@pytest.mark.parametrize("kind", ["unet", "resnet"])
@pytest.mark.parametrize("mode", ["paper", "eval"])
def test_both_engines_draw_the_same_pixels_at_odd_sizes(clone: Path, tmp_path: Path, kind: str, mode: Mode) -> None:
    items = []
    for number, (width, height) in enumerate(((257, 255), (301, 90), (64, 128))):
        path = tmp_path / f"odd_{number}.png"
        picture(path.stem, 2 * width, height).save(path)
        items.append(Item(path.stem, path, True))
    architecture, weights = DEMO, demo_weights()
    if kind == "resnet":
        architecture, weights = Architecture("resnet_6blocks", "instance", False, ngf=16), tmp_path / "resnet.pth"
        torch.manual_seed(3)
        torch.save(build_generator(architecture).state_dict(), weights)
    job = Job(weights, architecture, tuple(items), "BtoA", mode, SEED, "cpu", None, tmp_path / "log.txt")
    ours, theirs = (replace(job, log=tmp_path / engine / "log.txt") for engine in ("native", "official"))
    official(theirs, clone)
    native(ours)
    for what, bound in (("input", 0), ("target", 0), ("output", 1)):
        differences = [difference_of(images_of(theirs), images_of(ours), what, item.name) for item in items]
        assert not any(d.problem for d in differences)
        shares = [(d.max, round(100 * d.share_different, 4)) for d in differences]
        print(f"both engines, odd sizes, {kind}, {mode}, {what}: {shares}")
        assert max(d.max for d in differences) <= bound, (what, differences)
