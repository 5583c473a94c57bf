"""Which recipe turns a user's pictures into what a model eats."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from harness.catalog.domains import DOMAINS
from harness.catalog.models import MODELS
from harness.catalog.types import Model
from harness.errors import ImageError, TestSetError, UnknownNameError, quoted
from harness.images.edges import is_drawing
from harness.prepare.recipes.base import Recipe, Settings, read_rgb
from harness.prepare.recipes.edge_maps import EDGES_FROM_DRAWING, EDGES_FROM_PHOTO
from harness.prepare.recipes.labels import CITYSCAPES_LABELS, FACADE_LABELS
from harness.prepare.recipes.maps import MAP
from harness.prepare.recipes.photo import PHOTO
from harness.prepare.recipes.spoilt import BLANK, GREY, SUPERRES

RECIPES: dict[str, dict[str, Recipe]] = {
    "photo": {"photo": PHOTO},
    "drawing": {"photo": PHOTO},
    "facade_label": {"labels": FACADE_LABELS},
    "cityscapes_label": {"labels": CITYSCAPES_LABELS},
    "edges": {"photo": EDGES_FROM_PHOTO, "drawing": EDGES_FROM_DRAWING},
    "map": {"map": MAP},
    "grey": {"photo": GREY},
    "blank": {"photo": BLANK},
    "superres": {"photo": SUPERRES},
}
"""What a model eats – a domain of the catalog that has recipes of its own, or its kind – and what the user's pictures
may be (`--as`)."""

AUTO = "auto"
KINDS = (AUTO, *sorted({kind for recipes in RECIPES.values() for kind in recipes}))
"""Words for `--as`."""

_LOOKED_AT = 9


def input_recipe(
    model: Model | None, to: str | None, as_: str, contents: Iterable[bytes], settings: Settings | None = None
) -> Recipe:
    """Returns the recipe for inputs.

    Args:
        model: its input domain says what inputs become.
        to: what inputs become where no model is named, a key of `RECIPES`; photos by default.
        as_: what the user's pictures are, of `KINDS`; `auto` looks at the first few where there is a choice.
        contents: content of the user's files, read only as far as needed.
        settings: how they are opened to be looked at.

    Raises:
        UnknownNameError: no such kind.
        TestSetError: no recipe makes that of such pictures.
    """
    if as_ not in KINDS:
        raise UnknownNameError("kind of picture", as_, KINDS)
    if to is not None and to not in RECIPES:
        raise UnknownNameError("kind of input", to, RECIPES)
    eaten = to or (_eaten(model.input_domain) if model else "photo")
    recipes = RECIPES[eaten]
    if as_ == AUTO:
        as_ = next(iter(recipes)) if len(recipes) == 1 else _looks_like(contents, settings or Settings())
    if as_ not in recipes:
        hint = way_from_photos(eaten) or f"say what your pictures are: --as {' or '.join(recipes)}"
        whose = f"`{model.id}` eats {DOMAINS[model.input_domain].description}" if model else f"inputs become `{eaten}`"
        raise TestSetError(f"{whose}; nothing here makes that of `--as {as_}`", hint)
    return recipes[as_]


def target_recipe(model: Model | None) -> Recipe:
    """Returns the recipe for targets given as files of their own."""
    eaten = _eaten(model.output_domain) if model else "photo"
    # A target of edges is a drawing already; of spoilt photos it is the whole one.
    own = {"edges": EDGES_FROM_DRAWING, "grey": PHOTO, "blank": PHOTO, "superres": PHOTO}
    return own.get(eaten) or next(iter(RECIPES[eaten].values()))


def _eaten(domain: str) -> str:
    return domain if domain in RECIPES else DOMAINS[domain].kind


def _looks_like(contents: Iterable[bytes], settings: Settings) -> str:
    """`drawing` or `photo`, by the majority of the first pictures that can be read."""
    votes = []
    for content in contents:
        try:
            image = read_rgb(content, settings).image
        except ImageError:
            continue
        votes.append(is_drawing(np.asarray(image)))
        if len(votes) == _LOOKED_AT:
            break
    return "drawing" if votes and sum(votes) * 2 > len(votes) else "photo"


def way_from_photos(domain: str, model: Model | None = None, folder: str = "FOLDER") -> str | None:
    """Returns the commands that make label maps of photos first, None where no official model draws them.

    Args:
        domain: what is wanted, an id of the catalog.
        model: what they are for.
        folder: the photos, as the user names them.
    """
    drawing = next((m for m in MODELS.values() if m.output_domain == domain), None)
    if drawing is None or DOMAINS[domain].kind != "label_map":
        return None
    test = f"harness test --model {drawing.id} --dataset {quoted(folder)}"
    then = f"--model {model.id.removeprefix('pix2pix/')}" if model else f"--to {domain}"
    return f"label maps of photos: {test}, then: harness prepare-images RUN {then}"
