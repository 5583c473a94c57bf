from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import Job
from harness.engines.official.staging import Stage, plan_stage, stage_images, stage_weights
from harness.errors import HarnessError, ImageError, WeightsError
from harness.progress import Silent
from harness.sets.item import Item
from tests.engines.official.conftest import MakeJob
from tests.pictures import picture

UNET = Architecture("unet_256", "batch", None)


def staged(job: Job, root: Path) -> Stage:
    stage = plan_stage(job, root)
    stage_images(job, stage, Silent())
    return stage


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        assert opened.mode == "RGB"
        return np.asarray(opened)


def test_single_pictures_get_numbers_and_keep_their_pixels(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(("نما", "b #1? 100%", "🏠"))
    stage = staged(job, tmp_path / "root")
    assert not stage.paired
    assert [(i.stem, i.item.name) for i in stage.images] == [
        ("000001", "نما"),
        ("000002", "b #1? 100%"),
        ("000003", "🏠"),
    ]
    assert sorted(p.name for p in stage.data.iterdir()) == ["000001.png", "000002.png", "000003.png"]
    for image in stage.images:
        np.testing.assert_array_equal(pixels(stage.data / f"{image.stem}.png"), pixels(image.item.path))


def test_each_half_of_a_pair_is_resized_for_itself(make_job: MakeJob, tmp_path: Path) -> None:
    source = tmp_path / "pair.png"
    left, right = picture("left", 100, 80), picture("right", 100, 80)
    Image.fromarray(np.hstack([left, right])).save(source)
    stage = staged(make_job(items=(Item("pair", source, True),), size=(32, 32)), tmp_path / "root")
    assert stage.paired
    got = pixels(stage.data / "test" / "000001.png")
    for half, expected in ((got[:, :32], left), (got[:, 32:], right)):
        np.testing.assert_array_equal(half, expected.resize((32, 32), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_picture_becomes_plain_rgb(make_job: MakeJob, tmp_path: Path, mode: str) -> None:
    source = tmp_path / ("kind.tif" if mode == "CMYK" else "kind.png")
    if mode == "I;16":
        Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16).save(source)
    else:
        picture("kind", 64, 64).convert(mode).save(source)
    stage = staged(make_job(items=(Item("kind", source, False),)), tmp_path / "root")
    got = pixels(stage.data / "000001.png")
    assert got.shape == (64, 64, 3)
    assert got.std() > 10  # a 16-bit picture that upstream clips would be white all over


def test_own_sizes_are_framed_where_the_network_takes_no_such(make_job: MakeJob, tmp_path: Path) -> None:
    sizes, frames = [(64, 48), (35, 101)], [(64, 48), (36, 104)]
    items = []
    for number, (width, height) in enumerate(sizes):
        path = tmp_path / f"{number}.png"
        picture("own", width, height).save(path)
        items.append(Item(str(number), path, False))
    job = make_job(items=tuple(items), size=None)
    stage = plan_stage(job, tmp_path / "root")
    framed = stage_images(job, stage, Silent())
    assert [(f.size, f.frame) for f in framed.values()] == list(zip(sizes, frames, strict=True))
    assert [pixels(path).shape[1::-1] for path in sorted(stage.data.iterdir())] == frames
    assert np.array_equal(pixels(stage.data / "000002.png")[1:102, :35], pixels(items[1].path))


def test_unreadable_pictures_are_named_with_the_reason(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    job.items[0].path.write_text("<html>404</html>")
    job.items[1].path.unlink()
    with pytest.raises(ImageError, match="2 pictures cannot be used") as caught:
        staged(job, tmp_path / "root")
    assert caught.value.message.count(str(job.items[0].path)) == 1
    assert caught.value.message.count(str(job.items[1].path)) == 1
    assert "HTML" in caught.value.message


def test_a_pair_of_odd_width_is_no_pair(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(("a",), paired=True)
    picture("odd", 65, 32).save(job.items[0].path)
    with pytest.raises(ImageError, match="65 pixels wide"):
        staged(job, tmp_path / "root")


def test_jobs_that_make_no_sense(make_job: MakeJob, tmp_path: Path) -> None:
    pair = make_job(("p",), paired=True).items
    single = make_job(("s",)).items
    for items, message in [
        ((), "no pictures"),
        (pair + single, "pairs and single pictures"),
        ((*single, replace(single[0], name="S")), "two pictures are called `s`"),
        ((replace(single[0], name="../up"),), "cannot be the name of a picture"),
    ]:
        with pytest.raises(HarnessError, match=message):
            staged(make_job(items=items), tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_weights_are_linked_beside_which_their_script_may_write(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    stage = staged(job, tmp_path / "root")
    assert stage_weights(job.weights, stage) == []
    link = stage.checkpoints / "harness" / "latest_net_G.pth"
    assert link.is_symlink()
    assert link.read_bytes() == job.weights.read_bytes()


def test_weights_are_copied_where_links_are_forbidden(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*arguments: object) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", forbidden)
    job = make_job()
    stage = staged(job, tmp_path / "root")
    stage_weights(job.weights, stage)
    copy = stage.checkpoints / "harness" / "latest_net_G.pth"
    assert not copy.is_symlink()
    assert copy.read_bytes() == job.weights.read_bytes()


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_saved_in_parallel_lose_their_prefix(make_job: MakeJob, tmp_path: Path, zipped: bool) -> None:
    job = make_job()
    state = {"module.model.1.weight": torch.rand(4, 3, 7, 7), "module.model.1.bias": torch.rand(4)}
    torch.save(state, job.weights, _use_new_zipfile_serialization=zipped)
    stage = staged(job, tmp_path / "root")
    shims = stage_weights(job.weights, stage)
    assert shims == ["mended copy of the weights: prefix `module.` of the keys taken away"]
    cleaned = torch.load(stage.checkpoints / "harness" / "latest_net_G.pth", weights_only=True)
    assert set(cleaned) == {"model.1.weight", "model.1.bias"}
    assert torch.equal(cleaned["model.1.weight"], state["module.model.1.weight"])
    assert "module.model.1.weight" in torch.load(job.weights, weights_only=True)


def test_missing_weights_are_told_at_once(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(weights=tmp_path / "none.pth")
    with pytest.raises(WeightsError, match=r"none\.pth"):
        stage_weights(job.weights, staged(job, tmp_path / "root"))
