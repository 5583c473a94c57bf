"""What metrics need, found in the workspace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.catalog.models import MODELS
from harness.errors import MetricError, UnknownNameError
from harness.metrics.registry import find_metrics
from harness.testing.instruments import Wanted, find_instruments
from harness.workspace import Workspace
from tests.metrics.drawn import noise
from tests.pictures import save_picture
from tests.testing.test_measuring import install


def found(workspace: Workspace, model: str, *metrics: str, **more):
    asked = Wanted(metrics=find_metrics(metrics), model=MODELS[model], device="cpu", **more)
    return find_instruments(workspace, asked)


def test_nothing_is_looked_for_that_no_metric_needs(bare: Workspace):
    there = found(bare, "pix2pix/facades_label2photo", "ssim", "spectrum")
    assert (there.backbones, there.evaluator, there.reverse, there.reals, there.lacks) == ({}, None, None, None, {})


def test_label_maps_of_known_domains_are_read_by_their_palettes(bare: Workspace):
    labels = found(bare, "cyclegan/cityscapes_photo2label", "palette")
    assert labels.output_palette and labels.output_palette.name == "cityscapes"
    assert labels.input_palette is None
    other = found(bare, "cyclegan/horse2zebra", "palette", palette="facades")
    assert other.output_palette and other.output_palette.name == "facades"
    with pytest.raises(UnknownNameError, match="no palette is called `facade`"):
        found(bare, "cyclegan/horse2zebra", "palette", palette="facade")


def test_the_way_back_is_the_generator_of_the_other_direction(bare: Workspace):
    missing = found(bare, "cyclegan/horse2zebra", "cycle")
    assert missing.reverse is None
    assert missing.lacks["reverse"] == (
        "the weights of `cyclegan/zebra2horse` are not installed",
        "harness setup --model cyclegan/zebra2horse",
    )
    install(bare, "cyclegan/zebra2horse", 4)
    back = found(bare, "cyclegan/horse2zebra", "cycle").reverse
    assert back is not None
    drawn = back(noise(1, 32, 48), "a")
    assert (drawn.shape, drawn.dtype) == ((32, 48, 3), np.uint8)
    assert (drawn == back(noise(1, 32, 48), "b")).all()


def test_a_model_without_a_way_back_says_so(bare: Workspace):
    lacks = found(bare, "cyclegan/style_vangogh", "cycle").lacks
    assert "no model translates what `cyclegan/style_vangogh` draws back" in lacks["reverse"][0]


def test_real_pictures_are_the_other_side_of_an_unpaired_set_or_a_folder(bare: Workspace, tmp_path: Path):
    for i in range(3):
        save_picture(bare.official_dataset("cyclegan", "horse2zebra") / "testB" / f"{i}.jpg", 40, 40)
        save_picture(bare.official_dataset("cyclegan", "horse2zebra") / "testA" / f"{i}.jpg", 40, 40)
    there = found(bare, "cyclegan/horse2zebra", "fid", reference="cyclegan/horse2zebra", split="testA", size=(32, 24))
    assert there.reals is not None
    assert [picture.shape for picture in there.reals()] == [(24, 32, 3)] * 3
    save_picture(tmp_path / "mine" / "a.png", 32, 24)
    mine = found(bare, "cyclegan/horse2zebra", "fid", real=tmp_path / "mine", size=(32, 24))
    assert mine.reals is not None and len(list(mine.reals())) == 1
    (tmp_path / "none").mkdir()
    with pytest.raises(MetricError, match="holds no picture"):
        found(bare, "cyclegan/horse2zebra", "fid", real=tmp_path / "none")
