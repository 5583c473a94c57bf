from __future__ import annotations

import pytest

from harness.catalog.datasets import DATASETS
from harness.catalog.domains import DOMAINS
from harness.catalog.models import MODELS, about_bytes
from harness.catalog.repositories import LUA, PYTORCH

# The names as the official scripts list them, `scripts/download_{pix2pix,cyclegan}_model.sh:3` at the pin.
PIX2PIX = "edges2shoes, sat2map, map2sat, facades_label2photo, day2night"
CYCLEGAN = (
    "apple2orange, orange2apple, summer2winter_yosemite, winter2summer_yosemite, horse2zebra, zebra2horse, "
    "monet2photo, style_monet, style_cezanne, style_ukiyoe, style_vangogh, sat2map, map2sat, cityscapes_photo2label, "
    "cityscapes_label2photo, facades_photo2label, facades_label2photo, iphone2dslr_flower"
)


def test_every_official_model_is_there_and_no_other():
    wanted = [f"pix2pix/{n}" for n in PIX2PIX.split(", ")] + [f"cyclegan/{n}" for n in CYCLEGAN.split(", ")]

    assert list(MODELS) == wanted


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_model_fits_its_dataset(model):
    dataset = DATASETS[f"{model.family}/{model.dataset}"]

    assert model.split in dataset.splits
    sides = (dataset.domain_a, dataset.domain_b)
    assert (model.input_domain, model.output_domain) == (sides if model.direction == "AtoB" else sides[::-1])
    assert {model.input_domain, model.output_domain} <= set(DOMAINS)
    if not model.paired:
        assert model.split == ("testA" if model.direction == "AtoB" else "testB")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_model_names_its_source_and_licence(model):
    folder = "pix2pix/models-pytorch" if model.paired else "cyclegan/pretrained_models"
    assert model.url == f"http://efrosgans.eecs.berkeley.edu/{folder}/{model.name}.pth"
    assert model.source.startswith("scripts/download_")
    assert "none stated for the weights" in model.licence
    assert model.architecture.official
    assert model.crop_size % model.architecture.multiple_of == 0


def test_models_of_both_families_have_their_own_networks():
    assert MODELS["pix2pix/sat2map"].architecture.netG == "unet_256"
    assert MODELS["pix2pix/sat2map"].architecture.use_dropout is True
    assert MODELS["cyclegan/sat2map"].architecture.netG == "resnet_9blocks"
    assert MODELS["cyclegan/sat2map"].architecture.norm == "instance"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("pix2pix/facades_label2photo", ("facade_label", "facade_photo", "BtoA", "test")),
        ("pix2pix/day2night", ("day_photo", "night_photo", "BtoA", "test")),
        ("pix2pix/sat2map", ("satellite", "map", "AtoB", "val")),
        ("cyclegan/monet2photo", ("monet_painting", "photo", "AtoB", "testA")),
        ("cyclegan/style_vangogh", ("photo", "vangogh_painting", "BtoA", "testB")),
        ("cyclegan/cityscapes_label2photo", ("cityscapes_label", "cityscapes_photo", "BtoA", "testB")),
    ],
)
def test_directions_that_are_easily_confused(model, says):
    found = MODELS[model]

    assert (found.input_domain, found.output_domain, found.direction, found.split) == says


def test_a_rough_size_is_known_of_every_model():
    assert about_bytes(MODELS["pix2pix/sat2map"]) == 217_704_720
    assert all((about_bytes(model) or 0) > 40e6 for model in MODELS.values())


def test_repositories_are_pinned_by_full_commits():
    assert PYTORCH.commit == "2a7afba2895d52556dd5dfe07e8555ef657ced6f"
    assert LUA.commit == "89ff2a81ce441fbe1f1b13eca463b87f1e539df8"
