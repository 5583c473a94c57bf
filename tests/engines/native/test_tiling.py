"""Large pictures in overlapping tiles: what they are where statistics do not differ, their noise, seams and memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import Job, NativeSettings
from harness.engines.native import tiling
from harness.engines.native.generator import Translator
from harness.sets.item import Item
from tests.engines.native.conftest import RESNET, UNET, save_generator
from tests.engines.translating import images_of
from tests.engines.translating import native as translate
from tests.pictures import picture

MakeJob = Callable[..., Job]
PLAIN = Architecture("resnet_6blocks", "none", False, ngf=2)
"""Without norm layers a tile's inner pixels are those of the whole."""


def job_of(make_job: MakeJob, tmp_path: Path, architecture: Architecture, *sizes: tuple[int, int]) -> Job:
    items = []
    for number, size in enumerate(sizes):
        path = tmp_path / f"picture{number}.png"
        picture(path.stem, *size).save(path)
        items.append(Item(path.stem, path, False))
    return replace(make_job(architecture, count=0, size=None), items=tuple(items))


def outputs(job: Job) -> list[np.ndarray]:
    return [np.asarray(Image.open(images_of(job) / "output" / f"{i.name}.png")).astype(int) for i in job.items]


def tiled(job: Job, tmp_path: Path, side: int | str, overlap: int | None = None) -> tuple[list[np.ndarray], dict]:
    job = replace(job, log=tmp_path / f"tiled-{side}-{overlap}" / "log.txt")
    answer = translate(job, settings=NativeSettings(tiled=side, overlap=overlap))  # type: ignore[arg-type]
    return outputs(job), answer.extra.get("tiled", {})


def narrow(tmp_path: Path) -> Path:
    """Weights of which each output looks at the pixels near it: the blocks in the middle add nothing."""
    path = save_generator(tmp_path / "narrow.pth", PLAIN)
    state = torch.load(path)
    state = {key: value * (0.0 if "conv_block" in key else 0.2) for key, value in state.items()}
    torch.save(state, path)
    return path


@pytest.mark.parametrize("size", [(200, 150), (257, 90), (100, 300), (64, 65)])
def test_without_statistics_tiles_are_the_whole(make_job: MakeJob, tmp_path: Path, size: tuple[int, int]) -> None:
    job = replace(job_of(make_job, tmp_path, PLAIN, size), weights=narrow(tmp_path))
    translate(job)
    (whole,), ((made,), told) = outputs(job), tiled(job, tmp_path, 64, 32)
    # At their borders tiles mirror, as the whole does at its own: what the ramps give little weight.
    assert made.shape == whole.shape
    assert np.abs(made - whole).mean() < 1
    assert told["pictures"] == 1
    assert told["tiles"] == [{"side": 64, "overlap": 32}]
    assert told["whole"]["mean"] == pytest.approx(np.abs(made - whole).mean(), abs=1e-3)


def test_what_fits_into_one_tile_is_drawn_whole(make_job: MakeJob, tmp_path: Path) -> None:
    job = job_of(make_job, tmp_path, UNET, (100, 128))
    translate(job)
    made, told = tiled(job, tmp_path, 100)  # 128, the next multiple
    assert np.array_equal(made[0], outputs(job)[0])
    assert told == {}


def test_noise_follows_the_tile(make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, names = Translator.translate, []

    def watched(self: Translator, inputs: torch.Tensor, given: list[str], sample: int = 0) -> torch.Tensor:
        names.extend(given)
        return plain(self, inputs, given, sample)

    monkeypatch.setattr(Translator, "translate", watched)
    job = job_of(make_job, tmp_path, UNET, (300, 128))
    first, _ = tiled(job, tmp_path, 128, 32)
    assert names == ["picture0@0,0", "picture0@1,0", "picture0@2,0", "picture0@3,0", "picture0"]
    assert np.ptp(first[0]) > 0


def test_the_seam_is_what_blending_takes_away(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A network that does nothing but take each tile's own mean off.
    monkeypatch.setattr(Translator, "translate", lambda self, x, names, sample=0: x - x.mean((2, 3), keepdim=True))
    job = job_of(make_job, tmp_path, RESNET, (256, 192))
    # A smooth picture, darker on the left: statistics of the tiles differ.
    across = np.broadcast_to(np.linspace(20, 235, 256)[None, :, None], (192, 256, 3))
    Image.fromarray(across.astype(np.uint8)).save(job.items[0].path)
    (_, hard), (_, soft) = tiled(job, tmp_path, 64, 0), tiled(job, tmp_path, 64, 32)
    assert hard["seam"]["borders"] > 4 * hard["seam"]["elsewhere"]
    assert soft["seam"]["borders"] < 2 * soft["seam"]["elsewhere"]


def test_auto_tiles_what_does_not_fit_and_nothing_else(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(make_job, tmp_path, RESNET, (640, 512), (64, 64))
    _, told = tiled(job, tmp_path, "auto")
    assert told == {}
    monkeypatch.setattr(tiling, "needed", lambda architecture, size: size[0] * size[1])
    monkeypatch.setattr("harness.engines.native.generator.free_on", lambda device: 300 * 300)
    made, told = tiled(job, tmp_path, "auto", 64)
    assert told["tiles"] == [{"side": 256, "overlap": 64}]
    assert told["pictures"] == 1
    assert told["whole"] is None
    assert made[0].shape == (512, 640, 3)


@pytest.mark.parametrize(("length", "side", "overlap"), [(300, 64, 16), (65, 64, 0), (64, 64, 32), (1000, 256, 255)])
def test_weights_add_up_to_one_everywhere(length: int, side: int, overlap: int) -> None:
    starts = tiling._starts(length, side, overlap)
    total = np.zeros(length)
    for start, ramp in zip(starts, tiling._ramp(side, overlap, starts, length), strict=True):
        total[start : start + side] += ramp
    assert total == pytest.approx(np.ones(length), abs=1e-5)
    assert starts[0] == 0 and starts[-1] == length - side


def test_tiles_are_larger_than_their_overlap() -> None:
    with pytest.raises(ValueError, match="larger than their overlap"):
        NativeSettings(tiled=64, overlap=64)
