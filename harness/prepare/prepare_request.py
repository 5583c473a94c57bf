"""What a preparation is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.catalog.types import Model
from harness.images.geometry import Sizing
from harness.prepare.recipes.base import PictureOptions
from harness.prepare.recipes.choosing import AUTO


@dataclass(frozen=True, kw_only=True)
class PrepareRequest(PictureOptions):
    """What a preparation is asked for.

    Attributes:
        folder: the inputs: a folder, a ZIP archive or one picture; or a run, by name or folder, whose outputs are the
            inputs and whose inputs are the targets where the domains fit. A folder that holds the pictures of A and
            of B apart gives both.
        model: what the set is for: its domains choose the recipes, its direction the side of the input.
        targets: partners of the same stem; the set is then `paired`.
        name: the set's name; by default the folder's, with the model's where that is taken.
        size: width and height in pixels; each picture's `own`; its own with a longest side of so many pixels; by
            default the model's crop size, or 256.
        as_: what the user's pictures are, see `harness.prepare.recipes.choosing.KINDS`.
        to: what inputs become where no model is named, a key of `harness.prepare.recipes.choosing.RECIPES`.
        split: shares of train, val and test such as `80/10/10`; None keeps the user's own parts, or makes a test set.
        hed: weights of the HED network, which then draws the edges of photos.
        profile: of the training pictures, in place of that of the model's dataset, see `harness.nearness.profile`.
        strict: any refusal is an error, and nothing is written.
        workers: threads; by default one a core.
        follow_links: links that lead out of the folders are followed.
        lang: the language of the contact sheet, see `harness.web.language.spoken`.
        replace: a set made of the same folders in another way is made anew; if not, this one gets another name.
    """

    folder: Path
    model: str | Model | None = None
    targets: Path | None = None
    name: str | None = None
    size: Sizing | None = None
    as_: str = AUTO
    to: str | None = None
    split: str | None = None
    hed: Path | None = None
    profile: Path | None = None
    strict: bool = False
    workers: int | None = None
    follow_links: bool = False
    lang: str | None = None
    replace: bool = True
