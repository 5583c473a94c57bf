"""Every pretrained generator of the two official download scripts.

Names and addresses: `scripts/download_pix2pix_model.sh:3,8` and `scripts/download_cyclegan_model.sh:3,9` of the pinned
PyTorch repository; networks: the options its README tests them with (`README.md:200,226`) and the defaults behind those
(`models/pix2pix_model.py:33`, `options/base_options.py:28-46`, `options/test_options.py:21`).
Nine ResNet blocks are confirmed from key names for apple2orange alone; weights are looked into before every use.
"""

from __future__ import annotations

from harness.catalog.datasets import DATASETS
from harness.catalog.licences import of_weights
from harness.catalog.types import Architecture, Dataset, Family, Model

_HOST = "efrosgans.eecs.berkeley.edu"
_UNET = Architecture("unet_256", "batch", use_dropout=True)
_RESNET = Architecture("resnet_9blocks", "instance", use_dropout=False)
_PIX2PIX = "scripts/download_pix2pix_model.sh:3,8; README.md:226"
_CYCLEGAN = "scripts/download_cyclegan_model.sh:3,9; README.md:200"


def _model(
    family: Family,
    name: str,
    dataset: Dataset,
    split: str,
    to_b: bool,
    size_bytes: int | None = None,
    note: str = "",
) -> Model:
    path = f"{'pix2pix/models-pytorch' if family == 'pix2pix' else 'cyclegan/pretrained_models'}/{name}.pth"
    domains = (dataset.domain_a, dataset.domain_b)
    return Model(
        family=family,
        name=name,
        url=f"http://{_HOST}/{path}",
        architecture=_UNET if family == "pix2pix" else _RESNET,
        direction="AtoB" if to_b else "BtoA",
        dataset=dataset.name,
        split=split,
        input_domain=domains[0 if to_b else 1],
        output_domain=domains[1 if to_b else 0],
        load_size=256,
        crop_size=256,
        licence=of_weights(dataset.licence),
        source=_PIX2PIX if family == "pix2pix" else _CYCLEGAN,
        size_bytes=size_bytes,
        mirrors=(f"https://{_HOST}/{path}",),
        note=note,
    )


def _paired(name: str, dataset: str, split: str, to_b: bool, size_bytes: int | None = None, note: str = "") -> Model:
    return _model("pix2pix", name, DATASETS[f"pix2pix/{dataset}"], split, to_b, size_bytes, note)


def _unpaired(name: str, dataset: str, to_b: bool, note: str = "") -> Model:
    return _model("cyclegan", name, DATASETS[f"cyclegan/{dataset}"], "testA" if to_b else "testB", to_b, None, note)


MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        _paired("edges2shoes", "edges2shoes", "val", True),
        # Its size stands in a user's wget log of 2023-06.
        _paired("sat2map", "maps", "val", True, 217_704_720),
        _paired("map2sat", "maps", "val", False),
        _paired("facades_label2photo", "facades", "test", False),
        _paired(
            "day2night", "night2day", "test", False,
            note="weak outside the some 90 places it was trained on, say the authors (issues 393 and 1210)",
        ),
        _unpaired(
            "apple2orange", "apple2orange", True,
            "a copy elsewhere has 45,575,747 bytes and SHA-256 "
            "ff989c98f3a077cd11c2623ed8742e2ef147e81d10b4e4c2ee6935796bda957a; not proven to be the authors' file",
        ),
        _unpaired("orange2apple", "apple2orange", False),
        _unpaired("summer2winter_yosemite", "summer2winter_yosemite", True),
        _unpaired("winter2summer_yosemite", "summer2winter_yosemite", False),
        _unpaired("horse2zebra", "horse2zebra", True),
        _unpaired("zebra2horse", "horse2zebra", False),
        _unpaired("monet2photo", "monet2photo", True),
        _unpaired("style_monet", "monet2photo", False),
        _unpaired("style_cezanne", "cezanne2photo", False),
        _unpaired("style_ukiyoe", "ukiyoe2photo", False),
        _unpaired("style_vangogh", "vangogh2photo", False),
        _unpaired("sat2map", "maps", True),
        _unpaired("map2sat", "maps", False),
        _unpaired("cityscapes_photo2label", "cityscapes", True),
        _unpaired("cityscapes_label2photo", "cityscapes", False),
        _unpaired("facades_photo2label", "facades", True),
        _unpaired("facades_label2photo", "facades", False),
        _unpaired("iphone2dslr_flower", "iphone2dslr_flower", True),
    )
}  # fmt: skip
"""By `family/name`."""

LEGACY_FILE_BYTES = {"unet_256": 217_704_720, "resnet_9blocks": 45_575_747}
"""Sizes seen of weights of these networks with 64 filters, for a word on how long a download will take."""


def about_bytes(model: Model) -> int | None:
    """Returns the size of a model's weights in bytes, roughly where the catalog does not know it exactly."""
    return model.size_bytes or LEGACY_FILE_BYTES.get(model.architecture.netG)
