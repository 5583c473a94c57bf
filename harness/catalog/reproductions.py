"""What `harness reproduce` makes again: published tables as data, row by row, with what each row trains or tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.catalog.models import MODELS
from harness.catalog.published_scores import PublishedScore, published_scores, scores_of
from harness.catalog.types import Discriminator

Rule = Literal["order", "value", "context"]
REAL = "real pictures"
"""The row of what an evaluator says of the targets themselves, the most that it can say of any output."""
TOLERANCE = 0.02
"""By rule `value` a number is reproduced within so much of the published one, which has two digits after the point."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A training in which something is left out or changed, or a model of the catalog as it is.

    Attributes:
        options: of `train.py`, which win over those of the user.
        model: id of the catalog model that is tested; nothing is trained then.
    """

    id: str
    discriminator: Discriminator = "conditional"
    without_skips: bool = False
    options: tuple[str, ...] = ()
    model: str | None = None


@dataclass(frozen=True)
class TableRow:
    """One row: its name, the variant it is of (None: the real pictures themselves), and what was published of it."""

    label: str
    variant: str | None
    published: tuple[PublishedScore, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows that are compared with each other; `reference` is the label of the one that all others are held against."""

    id: str
    rows: tuple[TableRow, ...]
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How published numbers are made again.

    Attributes:
        rule: what a verdict is of: the `order` of rows, `value` within `TOLERANCE`, or nothing (`context`).
        inputs: kind of the input pictures, by which the direction is found; see `harness.catalog.types.Domain`.
        palette: of the label maps that the published numbers are of, None where any will do.
        images: held-out pictures that the published numbers are of.
        preset: of the trainings, unless the user says another.
        columns: what is measured of every row, by the names of `harness.metrics.registry`.
    """

    id: str
    rule: Rule
    variants: tuple[Variant, ...]
    tables: tuple[Table, ...]
    columns: tuple[str, ...]
    inputs: str | None = None
    palette: str | None = None
    images: int | None = None
    preset: Literal["quick", "paper"] = "paper"

    @property
    def trains(self) -> bool:
        return all(variant.model is None for variant in self.variants)


def _table(id_: str, reference: str | None, *rows: tuple[str, str | None, str]) -> Table:
    """A table of rows, each given by its label, its variant, and names of rows in published tables."""
    made = []
    for label, variant, names in rows:
        # Scores of a row stand under its name alone and with the endings of further columns.
        ids = {f"{name}{end}" for name in names.split() for end in ("", "-c", "-i", "-L", "-a", "-b")}
        made.append(TableRow(label, variant, tuple(score for score in published_scores() if score.id in ids)))
    return Table(id_, tuple(made), reference)


_AGREEMENT = ("agreement_pixel", "agreement_class", "agreement_iou")
_COLOURS = ("lab_l", "lab_a", "lab_b")
_NO_L1 = ("--lambda_L1", "0")
_L1 = Variant(id="l1", discriminator="none")
_CGAN = Variant(id="cgan", options=_NO_L1)
_BOTH = Variant(id="l1-cgan")
_PATCH_1 = Variant(id="patch-1", options=("--netD", "pixel"))

_ABLATION = Recipe(
    id="ablation",
    rule="order",
    variants=(
        # Those that ask most of the pictures' size come first: what cannot be trained shows in the first minute.
        Variant(id="patch-286", options=("--netD", "n_layers", "--n_layers_D", "5")),
        _BOTH,
        _L1,
        Variant(id="gan", discriminator="unconditional", options=_NO_L1),
        _CGAN,
        Variant(id="l1-gan", discriminator="unconditional"),
        Variant(id="no-skips-l1", discriminator="none", without_skips=True),
        Variant(id="no-skips", without_skips=True),
        _PATCH_1,
        Variant(id="patch-16", options=("--netD", "n_layers", "--n_layers_D", "1")),
    ),
    tables=(
        _table(
            "objective",
            "L1+cGAN",
            ("L1", "l1", "p2p-t1-l1 p2p-hist-l1"),
            ("GAN", "gan", "p2p-t1-gan"),
            ("cGAN", "cgan", "p2p-t1-cgan p2p-hist-cgan"),
            ("L1+GAN", "l1-gan", "p2p-t1-l1gan"),
            ("L1+cGAN", "l1-cgan", "p2p-t1-l1cgan p2p-hist"),
            (REAL, None, "p2p-t1-gt"),
        ),
        _table(
            "skips",
            "U-Net, L1+cGAN",
            ("encoder-decoder, L1", "no-skips-l1", "p2p-t2-encdec-l1"),
            ("encoder-decoder, L1+cGAN", "no-skips", "p2p-t2-encdec"),
            ("U-Net, L1", "l1", "p2p-t2-unet-l1"),
            ("U-Net, L1+cGAN", "l1-cgan", "p2p-t2-unet"),
        ),
        _table(
            "patch",
            "70×70",
            ("1×1", "patch-1", "p2p-t3-1 p2p-hist-pixel"),
            ("16×16", "patch-16", "p2p-t3-16"),
            ("70×70", "l1-cgan", "p2p-t3-70 p2p-hist"),
            ("286×286", "patch-286", "p2p-t3-286"),
        ),
    ),
    columns=(*_AGREEMENT, *_COLOURS, "ssim", "psnr"),
    inputs="label_map",
    preset="quick",
)
_TABLE_6 = Recipe(
    id="table6",
    rule="value",
    variants=(_L1, _CGAN, _BOTH),
    tables=(
        _table(
            "labels",
            None,
            ("L1", "l1", "p2p-t6-l1"),
            ("cGAN", "cgan", "p2p-t6-cgan"),
            ("L1+cGAN", "l1-cgan", "p2p-t6-l1cgan"),
        ),
    ),
    columns=("palette_pixel", "palette_class", "palette_iou"),
    inputs="photo",
    palette="cityscapes",
    images=500,
)
_FIGURE_7 = Recipe(
    id="figure7",
    rule="value",
    variants=(_L1, _CGAN, _BOTH, _PATCH_1),
    tables=(
        _table(
            "colours",
            None,
            ("L1", "l1", "p2p-hist-l1"),
            ("cGAN", "cgan", "p2p-hist-cgan"),
            ("L1+cGAN", "l1-cgan", "p2p-hist"),
            ("L1+cGAN, patch 1×1", "patch-1", "p2p-hist-pixel"),
        ),
    ),
    columns=_COLOURS,
    inputs="label_map",
    palette="cityscapes",
    images=500,
)
_PAIRED_MODELS = [model for model in MODELS.values() if model.family == "pix2pix"]
_PAIRED = Recipe(
    id="paired",
    rule="context",
    variants=tuple(Variant(id=model.name, model=model.id) for model in _PAIRED_MODELS),
    tables=(Table("models", tuple(TableRow(m.name, m.name, scores_of(m)) for m in _PAIRED_MODELS)),),
    columns=("ssim", "psnr", "mae", "lpips", "fid"),
)

RECIPES = {recipe.id: recipe for recipe in (_ABLATION, _PAIRED, _TABLE_6, _FIGURE_7)}
"""By the name that `harness reproduce` takes."""
