"""Which recipe turns a user's pictures into what a model eats."""

from __future__ import annotations

from harness.catalog.types import Model
from harness.prepare.recipes.base import Recipe
from harness.prepare.recipes.labels import LABELS
from harness.prepare.recipes.photo import PHOTO


def input_recipe(model: Model | None) -> Recipe:
    """Returns the recipe for a model's inputs; photos where no model is named."""
    return _for(model, model.input_domain) if model else PHOTO


def target_recipe(model: Model | None) -> Recipe:
    """Returns the recipe for a model's targets."""
    return _for(model, model.output_domain) if model else PHOTO


def _for(model: Model | None, domain: str) -> Recipe:
    return LABELS if model is not None and model.dataset == "facades" and "label" in domain else PHOTO
