"""Every dataset of the two official download scripts.

Names and addresses: `datasets/download_cyclegan_dataset.sh:3,15` and `datasets/download_pix2pix_dataset.sh:3,16` of the
pinned PyTorch repository; origin of the pictures: its `docs/datasets.md`. Sizes and SHA-256 of the CycleGAN archives
are those tensorflow/datasets recorded (`url_checksums/cycle_gan.txt`) when the files lay on the authors' former host;
the counts are those of its `docs/catalog/cycle_gan.md`, since those of `docs/datasets.md` do not fit the archives.
"""

from __future__ import annotations

from typing import Any

from harness.catalog import licences
from harness.catalog.types import Dataset, Family, Layout

# Reached by users in 2024 and 2025; the former host, people.eecs.berkeley.edu, does not answer any more.
_HOST = "efrosgans.eecs.berkeley.edu"
_OF_CHECKSUMS = "; tensorflow/datasets url_checksums/cycle_gan.txt"
_OF_TESTS = "; scripts/test_before_push.py:"

# Bytes and SHA-256 of the CycleGAN archives.
# No sums were ever published of the pix2pix archives: those are recorded when they are first brought.
_ARCHIVES = {
    "apple2orange": (78_456_409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"),
    "summer2winter_yosemite": (132_640_856, "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9"),
    "horse2zebra": (116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
    "monet2photo": (305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
    "cezanne2photo": (279_885_071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff"),
    "ukiyoe2photo": (292_946_532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08"),
    "vangogh2photo": (306_590_349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff"),
    "maps": (1_476_754_427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e"),
    "facades": (35_135_868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0"),
    "iphone2dslr_flower": (339_964_458, "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113"),
    "cityscapes": (279_601_602, "d2f6910fd056c1ee9873777ae838e7ac4a2c833598ae62a04188e5ab2f4ea036"),
}

# Upstream asks to cite the collectors: `docs/datasets.md:4,22` and `datasets/bibtex/`.
_CITATIONS = {
    "facades": ("facades",),
    "cityscapes": ("cityscapes",),
    "edges2shoes": ("shoes", "hed"),
    "edges2handbags": ("handbags", "hed"),
    "night2day": ("transattr",),
}


def _dataset(
    family: Family,
    name: str,
    layout: Layout,
    domains: tuple[str, str],
    splits: dict[str, int | None],
    *,
    also: str = "",
    **facts: Any,
) -> Dataset:
    """`also` is what else tells of it, beside the official script."""
    script = f"datasets/download_{family}_dataset.sh"
    # Both families unpack `facades`, `maps` and `cityscapes` into one folder in the authors' scripts; here each has its
    # own.
    line, suffix = (16, ".tar.gz") if family == "pix2pix" else (15, ".zip")
    address = f"{_HOST}/{family}/datasets/{name}{suffix}"
    if name == "cityscapes":
        note = f"the official script refuses to bring it (`{script}:8-10`): get it from https://cityscapes-dataset.com"
        # Its licence forbids to hand it on: the scripts end with a word on where to register.
        facts |= {"downloadable": False, "note": note}
    return Dataset(
        family=family,
        name=name,
        # As the scripts say it; users report that https answers, too, which is the mirror.
        url=f"http://{address}",
        layout=layout,
        splits=splits,
        domain_a=domains[0],
        domain_b=domains[1],
        source=f"{script}:3,{line}{also}",
        mirrors=(f"https://{address}",),
        citations=_CITATIONS.get(name, ()),
        **facts,
    )


def _paired(name: str, domains: tuple[str, str], splits: dict[str, int | None], licence: str, **facts: Any) -> Dataset:
    # 256×256 for each of A and B, but for maps.
    facts = {"tile": (256, 256), **facts}
    return _dataset("pix2pix", name, "paired", domains, splits, licence=licence, **facts)


def _unpaired(
    name: str, domains: tuple[str, str], counts: tuple[int, int, int, int], licence: str, note: str = ""
) -> Dataset:
    """`counts` of trainA, trainB, testA and testB."""
    splits: dict[str, int | None] = dict(zip(("trainA", "trainB", "testA", "testB"), counts, strict=True))
    # Every archive that is listed has been seen, with halves of 256×256.
    size, sha256 = _ARCHIVES[name]
    return _dataset(
        "cyclegan", name, "unpaired", domains, splits, also=_OF_CHECKSUMS,
        licence=licence, tile=(256, 256), size_bytes=size, sha256=sha256, note=note,
    )  # fmt: skip


_DATASETS = (
    _paired(
        # The size is that of a user's wget log of 2022-03.
        "facades", ("facade_photo", "facade_label"), {"train": 400, "val": 100, "test": 106}, licences.CMP,
        size_bytes=30_168_306,
    ),
    _paired(
        # The size is that of a user's wget log of 2023-06.
        "maps", ("satellite", "map"), {"train": 1096, "val": 1098}, licences.GOOGLE_MAPS,
        size_bytes=250_242_400, tile=(600, 600), note="has no test split: test on val",
    ),
    _paired(
        "edges2shoes", ("edges", "shoe_photo"), {"train": 49_825, "val": 200}, licences.ZAPPOS,
        note="about 2.2 GB; has no test split: test on val",
    ),
    _paired(
        # Counts that are only told as about 137,000 stay unknown rather than wrong.
        "edges2handbags", ("edges", "handbag_photo"), {"train": None, "val": None}, licences.HANDBAGS,
        note="about 8.6 GB and 137,000 pairs; has no test split: test on val",
    ),
    _paired(
        # The counts are those of a listing of the unpacked archive in another project.
        "night2day", ("night_photo", "day_photo"), {"train": 17_823, "val": 10, "test": 2_287}, licences.TRANSIENT,
        note="A is night: day to night is `BtoA` (docs/datasets.md:31)",
    ),
    _paired("cityscapes", ("cityscapes_photo", "cityscapes_label"), {"train": 2975, "val": 500}, licences.CITYSCAPES),
    _unpaired("apple2orange", ("apple", "orange"), (995, 1019, 266, 248), licences.IMAGENET),
    _unpaired("summer2winter_yosemite", ("summer_photo", "winter_photo"), (1231, 962, 309, 238), licences.FLICKR),
    # docs/datasets.md says 939 and 1,177, which do not fit the archive.
    _unpaired("horse2zebra", ("horse", "zebra"), (1067, 1334, 120, 140), licences.IMAGENET),
    _unpaired("monet2photo", ("monet_painting", "photo"), (1072, 6287, 121, 751), licences.ART),
    _unpaired("cezanne2photo", ("cezanne_painting", "photo"), (525, 6287, 58, 751), licences.ART),
    _unpaired("ukiyoe2photo", ("ukiyoe_print", "photo"), (562, 6287, 263, 751), licences.ART),
    _unpaired("vangogh2photo", ("vangogh_painting", "photo"), (400, 6287, 400, 751), licences.ART),
    _unpaired(
        "maps", ("satellite", "map"), (1096, 1096, 1098, 1098), licences.GOOGLE_MAPS,
        # Their loader looks into subfolders too: `--model pix2pix` on it would learn from train/resize as well.
        "the archive also holds train/ (with train/resize/), val/ and test/, which users reported",
    ),
    _unpaired("facades", ("facade_photo", "facade_label"), (400, 400, 106, 106), licences.CMP),
    _unpaired("iphone2dslr_flower", ("iphone_flower", "dslr_flower"), (1812, 3325, 569, 480), licences.FLICKR),
    _unpaired("cityscapes", ("cityscapes_photo", "cityscapes_label"), (2975, 2975, 500, 500), licences.CITYSCAPES),
    _dataset(
        "cyclegan", "mini", "unpaired", ("photo", "photo"), dict.fromkeys(("trainA", "trainB", "testA", "testB")),
        also=f"{_OF_TESTS}14,54", licence=licences.UNSTATED,
        note="a few pictures for upstream's own tests; its domains are not documented",
    ),
    _dataset(
        "cyclegan", "mini_pix2pix", "paired", ("photo", "photo"), {"train": None, "test": None},
        also=f"{_OF_TESTS}17,73-82", licence=licences.UNSTATED,
        note="a few pairs for upstream's own tests; its domains are not documented",
    ),
    _dataset(
        "cyclegan", "mini_colorization", "single", ("photo", "photo"), {"train": None, "test": None},
        also=f"{_OF_TESTS}20,111-120", licence=licences.UNSTATED,
        note="a few colour photos for upstream's own tests of colourisation",
    ),
    _dataset(
        "cyclegan", "ae_photos", "single", ("photo", "photo"), {"testA": None}, licence=licences.UNSTATED,
        also="; junyanz/CycleGAN README.md:79-91, data/data_util.lua:16",
        note="photos by A. Efros to try the painters' styles on",
    ),
)  # fmt: skip

DATASETS: dict[str, Dataset] = {dataset.id: dataset for dataset in _DATASETS}
"""By `family/name`."""
