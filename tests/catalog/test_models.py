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
# The Lua original's, `README.md:99-104` at its pin.
ORIGINAL = "facades_label2image, cityscapes_label2image, cityscapes_image2label, edges2shoes, edges2handbags, day2night"


def test_every_official_model_is_there_and_no_other():
    families = {"pix2pix": PIX2PIX, "cyclegan": CYCLEGAN, "lua": ORIGINAL}

    assert list(MODELS) == [f"{family}/{name}" for family, names in families.items() for name in names.split(", ")]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_model_fits_its_dataset(model):
    dataset = DATASETS[model.dataset_id]

    assert model.split in dataset.splits
    sides = (dataset.domain_a, dataset.domain_b)
    assert (model.input_domain, model.output_domain) == (sides if model.direction == "AtoB" else sides[::-1])
    assert {model.input_domain, model.output_domain} <= set(DOMAINS)
    if not model.paired:
        assert model.split == ("testA" if model.direction == "AtoB" else "testB")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_model_names_its_source_and_licence(model):
    addresses = {"pix2pix": "pix2pix/models-pytorch/{}.pth", "lua": "pix2pix/models/{}.t7"}
    path = addresses.get(model.family, "cyclegan/pretrained_models/{}.pth").format(model.name)
    assert model.url == f"http://efrosgans.eecs.berkeley.edu/{path}"
    assert "download_" in model.source
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
        ("lua/cityscapes_label2image", ("cityscapes_label", "cityscapes_photo", "BtoA", "val")),
        ("lua/edges2handbags", ("edges", "handbag_photo", "AtoB", "val")),
        ("lua/day2night", ("day_photo", "night_photo", "BtoA", "test")),
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


def test_models_of_the_lua_original_have_its_network():
    a = MODELS["lua/edges2handbags"].architecture

    assert (a.code, a.biased, a.skips, a.dropout_levels) == ("lua", True, True, (5, 6, 7))
    assert MODELS["lua/edges2shoes"].paired
    assert MODELS["pix2pix/edges2shoes"].architecture.code == "pytorch"


def test_a_rough_size_is_known_of_every_model_but_the_lua_original_s():
    assert about_bytes(MODELS["pix2pix/sat2map"]) == 217_704_720
    assert all((about_bytes(model) is None) == (model.family == "lua") for model in MODELS.values())
    assert all((about_bytes(model) or 41e6) > 40e6 for model in MODELS.values())


def test_repositories_are_pinned_by_full_commits():
    assert PYTORCH.commit == "2a7afba2895d52556dd5dfe07e8555ef657ced6f"
    assert LUA.commit == "89ff2a81ce441fbe1f1b13eca463b87f1e539df8"
