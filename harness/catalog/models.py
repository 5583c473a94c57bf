"""Every pretrained generator of the three official download scripts.

Names and addresses: `scripts/download_pix2pix_model.sh:3,8` and `scripts/download_cyclegan_model.sh:3,9` of the pinned
PyTorch repository; networks: the options its README tests them with (`README.md:200,226`) and the defaults behind those
(`models/pix2pix_model.py:33`, `options/base_options.py:28-46`, `options/test_options.py:21`).
Those of the Lua original: `models/download_model.sh:2` of its pinned repository, names and domains `README.md:99-104`.
Nine ResNet blocks are confirmed from key names for apple2orange alone; weights are looked into before every use.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from harness.catalog.datasets import DATASETS
from harness.catalog.licences import of_weights
from harness.catalog.types import Architecture, Direction, Family, Model

_HOST = "efrosgans.eecs.berkeley.edu"
# 54,413,955 parameters. Dropout is the paper's z, and so it lives in a test, too (section 3.1).
_UNET = Architecture("unet_256", "batch", use_dropout=True)
_TORCH7_ONLY = "published for Torch7 alone"
# 11,378,179 parameters; upstream's README tests all of these with `--no_dropout`.
_RESNET = Architecture("resnet_9blocks", "instance", use_dropout=False)
# As `models.lua` makes it today; older files have a norm at the bottleneck, too, which each one shows.
_LUA = replace(_UNET, code="lua", biased=True, dropout_levels=(5, 6, 7))


def _model(family: Family, name: str, dataset: str, direction: Direction, **facts: Any) -> Model:
    pictures = DATASETS[f"{family}/{dataset}"]
    domains = (pictures.domain_a, pictures.domain_b)
    if family == "pix2pix":
        folder, architecture, lines = "models-pytorch", _UNET, ("3,8", "226")
        # What training did not see: some datasets have no test split.
        split = "test" if "test" in pictures.splits else "val"
    else:
        folder, architecture, lines = "pretrained_models", _RESNET, ("3,9", "200")
        split = f"test{direction[0]}"
    address = f"{_HOST}/{family}/{folder}/{name}.pth"
    return Model(
        family=family,
        name=name,
        url=f"http://{address}",
        architecture=architecture,
        direction=direction,
        dataset=dataset,
        split=split,
        # AtoB: the first letter names the input's side, the last the output's.
        input_domain=domains["AB".index(direction[0])],
        output_domain=domains["AB".index(direction[-1])],
        crop_size=256,
        licence=of_weights(pictures.licence),
        source=f"scripts/download_{family}_model.sh:{lines[0]}; README.md:{lines[1]}",
        mirrors=(f"https://{address}",),
        **facts,
    )


_paired, _unpaired = partial(_model, "pix2pix"), partial(_model, "cyclegan")


def _original(name: str, dataset: str, direction: Direction, note: str = "") -> Model:
    """A model of the paper's own repository, on the pictures of the same dataset."""
    address = f"{_HOST}/pix2pix/models/{name}.t7"
    return replace(
        _paired(name, dataset, direction, note=note),
        family="lua",
        url=f"http://{address}",
        mirrors=(f"https://{address}",),
        architecture=_LUA,
        source="models/download_model.sh:2; README.md:99-104 of phillipi/pix2pix",
    )


MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        _paired("edges2shoes", "edges2shoes", "AtoB"),
        # Its size stands in a user's wget log of 2023-06.
        _paired("sat2map", "maps", "AtoB", size_bytes=217_704_720),
        _paired("map2sat", "maps", "BtoA"),
        # BtoA as the dataset has photos on the left.
        _paired("facades_label2photo", "facades", "BtoA"),
        _paired(
            "day2night",
            "night2day",
            "BtoA",
            note="weak outside the some 90 places it was trained on, say the authors (issues 393 and 1210)",
        ),
        _unpaired(
            "apple2orange",
            "apple2orange",
            "AtoB",
            note="a copy elsewhere has 45,575,747 bytes and SHA-256 "
            "ff989c98f3a077cd11c2623ed8742e2ef147e81d10b4e4c2ee6935796bda957a; not proven to be the authors' file",
        ),
        _unpaired("orange2apple", "apple2orange", "BtoA"),
        _unpaired("summer2winter_yosemite", "summer2winter_yosemite", "AtoB"),
        _unpaired("winter2summer_yosemite", "summer2winter_yosemite", "BtoA"),
        _unpaired("horse2zebra", "horse2zebra", "AtoB"),
        _unpaired("zebra2horse", "horse2zebra", "BtoA"),
        # Its inputs are paintings; the four `style_…` go the other way.
        _unpaired("monet2photo", "monet2photo", "AtoB"),
        _unpaired("style_monet", "monet2photo", "BtoA"),
        _unpaired("style_cezanne", "cezanne2photo", "BtoA"),
        _unpaired("style_ukiyoe", "ukiyoe2photo", "BtoA"),
        _unpaired("style_vangogh", "vangogh2photo", "BtoA"),
        _unpaired("sat2map", "maps", "AtoB"),
        _unpaired("map2sat", "maps", "BtoA"),
        _unpaired("cityscapes_photo2label", "cityscapes", "AtoB"),
        _unpaired("cityscapes_label2photo", "cityscapes", "BtoA"),
        _unpaired("facades_photo2label", "facades", "AtoB"),
        _unpaired("facades_label2photo", "facades", "BtoA"),
        _unpaired("iphone2dslr_flower", "iphone2dslr_flower", "AtoB"),
        _original("facades_label2image", "facades", "BtoA"),
        _original("cityscapes_label2image", "cityscapes", "BtoA", _TORCH7_ONLY),
        _original("cityscapes_image2label", "cityscapes", "AtoB", _TORCH7_ONLY),
        _original("edges2shoes", "edges2shoes", "AtoB"),
        _original("edges2handbags", "edges2handbags", "AtoB", _TORCH7_ONLY),
        _original("day2night", "night2day", "BtoA", "trained on around 100 webcams, says its README"),
    )
}
"""By `family/name`."""

_FILE_BYTES = {"unet_256": 217_704_720, "resnet_9blocks": 45_575_747}
"""Sizes seen of weights of these networks with 64 filters, for a word on how long a download will take."""


def about_bytes(model: Model) -> int | None:
    """Returns the size of a model's weights in bytes, roughly where the catalog does not know it exactly."""
    if model.family == "lua":  # its files may hold gradients, too, of the same size again; nobody has told it
        return model.size_bytes
    return model.size_bytes or _FILE_BYTES.get(model.architecture.netG)
