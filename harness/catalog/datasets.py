"""Every dataset of the two official download scripts.

Names and addresses: `datasets/download_cyclegan_dataset.sh:3,15` and `datasets/download_pix2pix_dataset.sh:3,16` of the
pinned PyTorch repository; origin of the pictures: its `docs/datasets.md`. Sizes and SHA-256 of the CycleGAN archives
are those tensorflow/datasets recorded (`url_checksums/cycle_gan.txt`) when the files lay on the authors' former host;
the counts are those of its `docs/catalog/cycle_gan.md`, since those of `docs/datasets.md` do not fit the archives.
"""

from __future__ import annotations

from dataclasses import replace

from harness.catalog import licences
from harness.catalog.types import Dataset, Family, Layout

_HOST = "efrosgans.eecs.berkeley.edu"
_CYCLEGAN = "datasets/download_cyclegan_dataset.sh:3,15; tensorflow/datasets url_checksums/cycle_gan.txt"
_PIX2PIX = "datasets/download_pix2pix_dataset.sh:3,16"
_REFUSED = "the official script refuses to bring it (`{}:8-10`): get it from https://cityscapes-dataset.com"


def _dataset(
    family: Family,
    name: str,
    layout: Layout,
    domains: tuple[str, str],
    splits: dict[str, int | None],
    licence: str,
    source: str,
    note: str = "",
) -> Dataset:
    path = f"{family}/datasets/{name}" + (".tar.gz" if family == "pix2pix" else ".zip")
    return Dataset(
        family=family,
        name=name,
        url=f"http://{_HOST}/{path}",
        layout=layout,
        splits=splits,
        domain_a=domains[0],
        domain_b=domains[1],
        licence=licence,
        source=source,
        mirrors=(f"https://{_HOST}/{path}",),
        note=note,
    )


def _unpaired(
    name: str,
    domains: tuple[str, str],
    counts: tuple[int | None, int | None, int | None, int | None],
    licence: str,
    size_bytes: int | None = None,
    sha256: str | None = None,
    note: str = "",
    source: str = _CYCLEGAN,
) -> Dataset:
    splits = dict(zip(("trainA", "trainB", "testA", "testB"), counts, strict=True))
    made = _dataset("cyclegan", name, "unpaired", domains, splits, licence, source, note)
    return replace(made, tile=(256, 256) if sha256 else None, size_bytes=size_bytes, sha256=sha256)


_UNPAIRED = (
    _unpaired(
        "apple2orange", ("apple", "orange"), (995, 1019, 266, 248), licences.IMAGENET,
        78_456_409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8",
    ),
    _unpaired(
        "summer2winter_yosemite", ("summer_photo", "winter_photo"), (1231, 962, 309, 238), licences.FLICKR,
        132_640_856, "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9",
    ),
    _unpaired(
        "horse2zebra", ("horse", "zebra"), (1067, 1334, 120, 140), licences.IMAGENET,
        116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1",
    ),
    _unpaired(
        "monet2photo", ("monet_painting", "photo"), (1072, 6287, 121, 751), licences.ART,
        305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04",
    ),
    _unpaired(
        "cezanne2photo", ("cezanne_painting", "photo"), (525, 6287, 58, 751), licences.ART,
        279_885_071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff",
    ),
    _unpaired(
        "ukiyoe2photo", ("ukiyoe_print", "photo"), (562, 6287, 263, 751), licences.ART,
        292_946_532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08",
    ),
    _unpaired(
        "vangogh2photo", ("vangogh_painting", "photo"), (400, 6287, 400, 751), licences.ART,
        306_590_349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff",
    ),
    _unpaired(
        "maps", ("satellite", "map"), (1096, 1096, 1098, 1098), licences.GOOGLE_MAPS,
        1_476_754_427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e",
        "the archive also holds train/ (with train/resize/), val/ and test/, which users reported",
    ),
    _unpaired(
        "facades", ("facade_photo", "facade_label"), (400, 400, 106, 106), licences.CMP,
        35_135_868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0",
    ),
    _unpaired(
        "iphone2dslr_flower", ("iphone_flower", "dslr_flower"), (1812, 3325, 569, 480), licences.FLICKR,
        339_964_458, "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113",
    ),
    replace(
        _unpaired(
            "cityscapes", ("cityscapes_photo", "cityscapes_label"), (2975, 2975, 500, 500), licences.CITYSCAPES,
            279_601_602, "d2f6910fd056c1ee9873777ae838e7ac4a2c833598ae62a04188e5ab2f4ea036",
            _REFUSED.format("datasets/download_cyclegan_dataset.sh"),
        ),
        downloadable=False,
    ),
    _unpaired(
        "mini", ("photo", "photo"), (None, None, None, None), licences.UNSTATED,
        note="a few pictures for upstream's own tests; its domains are not documented",
        source="datasets/download_cyclegan_dataset.sh:3,15; scripts/test_before_push.py:14,54",
    ),
)  # fmt: skip

_FOR_UPSTREAMS_TESTS = (
    _dataset(
        "cyclegan", "mini_pix2pix", "paired", ("photo", "photo"), {"train": None, "test": None},
        licences.UNSTATED, "datasets/download_cyclegan_dataset.sh:3,15; scripts/test_before_push.py:17,73-82",
        "a few pairs for upstream's own tests; its domains are not documented",
    ),
    _dataset(
        "cyclegan", "mini_colorization", "single", ("photo", "photo"), {"train": None, "test": None},
        licences.UNSTATED, "datasets/download_cyclegan_dataset.sh:3,15; scripts/test_before_push.py:20,111-120",
        "a few colour photos for upstream's own tests of colourisation",
    ),
    _dataset(
        "cyclegan", "ae_photos", "single", ("photo", "photo"), {"testA": None}, licences.UNSTATED,
        "datasets/download_cyclegan_dataset.sh:3,15; junyanz/CycleGAN README.md:79-91, data/data_util.lua:16",
        "photos by A. Efros to try the painters' styles on",
    ),
)  # fmt: skip

_PAIRED = (
    replace(
        _dataset(
            "pix2pix", "facades", "paired", ("facade_photo", "facade_label"),
            {"train": 400, "val": 100, "test": 106}, licences.CMP, _PIX2PIX,
        ),
        size_bytes=30_168_306, tile=(256, 256),
    ),
    replace(
        _dataset(
            "pix2pix", "maps", "paired", ("satellite", "map"), {"train": 1096, "val": 1098},
            licences.GOOGLE_MAPS, _PIX2PIX, "has no test split: test on val",
        ),
        size_bytes=250_242_400, tile=(600, 600),
    ),
    replace(
        _dataset(
            "pix2pix", "edges2shoes", "paired", ("edges", "shoe_photo"), {"train": 49_825, "val": 200},
            licences.ZAPPOS, _PIX2PIX, "about 2.2 GB; has no test split: test on val",
        ),
        tile=(256, 256),
    ),
    replace(
        _dataset(
            "pix2pix", "edges2handbags", "paired", ("edges", "handbag_photo"), {"train": None, "val": None},
            licences.HANDBAGS, _PIX2PIX, "about 8.6 GB and 137,000 pairs; has no test split: test on val",
        ),
        tile=(256, 256),
    ),
    replace(
        _dataset(
            "pix2pix", "night2day", "paired", ("night_photo", "day_photo"),
            {"train": 17_823, "val": 10, "test": 2_287}, licences.TRANSIENT, _PIX2PIX,
            "A is night: day to night is `BtoA` (docs/datasets.md:31)",
        ),
        tile=(256, 256),
    ),
    replace(
        _dataset(
            "pix2pix", "cityscapes", "paired", ("cityscapes_photo", "cityscapes_label"),
            {"train": 2975, "val": 500}, licences.CITYSCAPES, _PIX2PIX,
            _REFUSED.format("datasets/download_pix2pix_dataset.sh"),
        ),
        tile=(256, 256), downloadable=False,
    ),
)  # fmt: skip

# Upstream asks to cite the collectors: `docs/datasets.md:4,22` and `datasets/bibtex/`.
_CITATIONS = {
    "facades": ("facades",),
    "cityscapes": ("cityscapes",),
    "edges2shoes": ("shoes", "hed"),
    "edges2handbags": ("handbags", "hed"),
    "night2day": ("transattr",),
}

DATASETS: dict[str, Dataset] = {
    dataset.id: replace(dataset, citations=_CITATIONS.get(dataset.name, ()))
    for dataset in (*_PAIRED, *_UNPAIRED, *_FOR_UPSTREAMS_TESTS)
}
"""By `family/name`."""
