"""A training shows the network what a test shows: one opener for both, whatever the pictures are stored as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.inputs import read_halves
from harness.errors import TestSetError
from harness.progress import Silent
from harness.sets.item import Item
from harness.sets.trainable import find_data
from harness.training.laying_out import Staged, stage, stage_samples
from harness.workspace import Workspace
from tests.pictures import picture, save_pair, save_picture
from tests.training.conftest import OPTIONS, made_record

RESNET = Architecture("resnet_9blocks", "instance", False)


def sixteen_bits(path: Path) -> None:
    grey = np.asarray(picture(path.name, 64, 32).convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(path.with_suffix(".png"))


def on_its_side(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(path.name, 32, 64).save(path.with_suffix(".jpg"), exif=exif)


def see_through(path: Path) -> None:
    clear = picture(path.name, 64, 32).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize((64, 32)))
    clear.save(path.with_suffix(".png"))


def indexed(path: Path) -> None:
    picture(path.name, 64, 32).quantize(16).save(path.with_suffix(".png"), transparency=0)


def in_ink(path: Path) -> None:
    picture(path.name, 64, 32).convert("CMYK").save(path.with_suffix(".jpg"))


def of_the_web(path: Path) -> None:
    picture(path.name, 64, 32).save(path.with_suffix(".webp"), lossless=True)


def plain_png(path: Path) -> None:
    picture(path.name, 64, 32).save(path.with_suffix(".png"))


def plain_jpeg(path: Path) -> None:
    picture(path.name, 64, 32).save(path.with_suffix(".jpg"), quality=95)


def named_otherwise(path: Path) -> None:
    picture(path.name, 64, 32).save(path.with_suffix(".png"), format="JPEG")


KINDS = (sixteen_bits, on_its_side, see_through, indexed, in_ink, of_the_web, plain_png, plain_jpeg, named_otherwise)
LINKED = {plain_png, plain_jpeg, named_otherwise}


def laid_out(tmp_path: Path, family: str, parts: tuple[str, ...], save: Callable[[Path], None]) -> tuple[Staged, Path]:
    workspace = Workspace(tmp_path / "ws")
    for part in parts:
        for name in "ab":
            (workspace.datasets / "own" / part).mkdir(parents=True, exist_ok=True)
            save(workspace.datasets / "own" / part / name)
    data = find_data(workspace, "own", family)  # type: ignore[arg-type]
    return stage(data, family, tmp_path / "staged", Silent()), workspace.datasets / "own"  # type: ignore[arg-type]


def as_their_loader_reads(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


@pytest.mark.parametrize("save", KINDS)
@pytest.mark.parametrize(
    ("family", "parts", "paired"),
    [("pix2pix", ("train",), True), ("cyclegan", ("trainA", "trainB"), False), ("colorization", ("train",), False)],
)
def test_what_their_loader_reads_is_what_a_test_reads(
    tmp_path: Path, family: str, parts: tuple[str, ...], paired: bool, save: Callable[[Path], None]
) -> None:
    staged, folder = laid_out(tmp_path, family, parts, save)
    for part in parts:
        sources = sorted((folder / part).iterdir())
        for source, laid in zip(sources, sorted((tmp_path / "staged" / part).iterdir()), strict=True):
            expected = read_halves(Item("x", source, False), None, RESNET)[0]
            np.testing.assert_array_equal(as_their_loader_reads(laid), np.asarray(expected))
            assert laid.is_symlink() is (save in LINKED)
        side = (32, 32) if paired else (64, 32)
        assert staged.pictures[part] == [(source.name, side) for source in sources]


@pytest.mark.parametrize("save", [on_its_side, sixteen_bits, plain_png])
def test_pairs_are_taken_apart_as_a_test_takes_them_apart(tmp_path: Path, save: Callable[[Path], None]) -> None:
    staged, folder = laid_out(tmp_path, "cyclegan", ("train",), save)
    source = min((folder / "train").iterdir())
    for side, half in zip("AB", read_halves(Item("x", source, True), None, RESNET), strict=True):
        laid = min((tmp_path / "staged" / f"train{side}").iterdir())
        np.testing.assert_array_equal(as_their_loader_reads(laid), np.asarray(half))
    assert staged.counts == {"trainA": 2, "trainB": 2}


def test_what_a_test_would_refuse_is_left_out_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "ws" / "datasets" / "own" / "train"
    for name in "abc":
        save_pair(folder / f"{name}.png", 32)
    save_picture(folder / "odd.png", 65, 32)
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:500])
    data = find_data(Workspace(tmp_path / "ws"), "own")
    staged = stage(data, "pix2pix", tmp_path / "staged", Silent())
    assert list(staged.refused) == ["train/cut.png", "train/odd.png"]
    assert "65 pixels wide" in staged.refused["train/odd.png"]
    # Numbers are those of the names, so that a training that goes on finds every picture where it was.
    assert [p.name for p in sorted((tmp_path / "staged" / "train").iterdir())] == [f"00000{n}.png" for n in (1, 2, 3)]
    (folder / "a.png").unlink()
    (folder / "b.png").unlink()
    with pytest.raises(TestSetError, match=r"fewer than two can be used: `train/cut\.png`"):
        stage(find_data(Workspace(tmp_path / "ws"), "own"), "pix2pix", tmp_path / "staged", Silent())


def test_the_digest_sees_pixels_and_not_sizes_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ws" / "datasets" / "own" / "train"
    for name in "ab":
        pixels = np.asarray(picture(name, 64, 32))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{name}.bmp")
    data = find_data(Workspace(tmp_path / "ws"), "own")
    before = stage(data, "pix2pix", tmp_path / "staged", Silent()).digest
    assert stage(data, "pix2pix", tmp_path / "again", Silent()).digest == before
    size = (folder / "a.bmp").stat().st_size
    Image.fromarray(255 - np.asarray(picture("a", 64, 32))).save(folder / "a.bmp")
    assert (folder / "a.bmp").stat().st_size == size
    assert stage(data, "pix2pix", tmp_path / "staged", Silent()).digest != before


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"netG": "unet_32", "load_size": 36, "crop_size": 32}, (32, 32)),
        ({"netG": "resnet_9blocks", "preprocess": "none"}, (96, 64)),
        ({"netG": "resnet_9blocks", "preprocess": "scale_width", "load_size": 48, "crop_size": 16}, (48, 32)),
        ({"netG": "resnet_9blocks", "preprocess": "crop", "crop_size": 40}, (40, 40)),
    ],
)
def test_samples_are_upright_and_as_large_as_the_network_is_shown(
    tmp_path: Path, options: dict[str, Any], size: tuple[int, int]
) -> None:
    folder = tmp_path / "ws" / "datasets" / "own"
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side, 192x64 upright
    for part in ("train", "test"):
        (folder / part).mkdir(parents=True)
        for name in "ab":
            picture(name, 64, 192).save(folder / part / f"{name}.jpg", exif=exif)
    data = find_data(Workspace(tmp_path / "ws"), "own")
    record = made_record(direction="BtoA")
    samples = stage_samples(data, record, OPTIONS | options, tmp_path / "samples")
    assert [(s.network, s.name) for s in samples] == [("G", "a"), ("G", "b")]
    for path in (samples[0].input, samples[0].target):
        assert path is not None
        with Image.open(path) as drawn:
            assert drawn.size == size
