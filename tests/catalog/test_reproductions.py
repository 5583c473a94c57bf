"""Recipes as data: every row has what it needs, and the numbers of its own row of the paper."""

from __future__ import annotations

import pytest

from harness.catalog.reproductions import RECIPES
from harness.metrics.registry import find_metrics

ROWS = [(recipe, table, row) for recipe in RECIPES.values() for table in recipe.tables for row in table.rows]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_row_has_a_variant_and_every_variant_a_row(recipe) -> None:
    rows = [row for table in recipe.tables for row in table.rows]
    assert {row.variant for row in rows if row.variant} == {variant.id for variant in recipe.variants}
    assert all(table.reference in {row.label for row in table.rows} for table in recipe.tables if table.reference)
    assert find_metrics(recipe.columns)
    assert len({(v.discriminator, v.without_skips, v.options, v.model) for v in recipe.variants}) == len(
        recipe.variants
    )


def test_what_is_held_against_published_numbers_is_measured() -> None:
    for recipe, _, row in ROWS:
        wanted = {score.column for score in row.published}
        assert recipe.rule == "context" or wanted <= set(recipe.columns)


@pytest.mark.parametrize(
    ("target", "table", "metric", "values"),
    [
        ("ablation", "objective", "fcn_pixacc", [0.42, 0.22, 0.57, 0.64, 0.66, 0.80]),
        ("ablation", "skips", "fcn_pixacc", [0.35, 0.29, 0.48, 0.55]),
        ("ablation", "patch", "fcn_iou", [0.10, 0.17, 0.17, 0.11]),
        ("table6", "labels", "seg_pixacc", [0.86, 0.74, 0.83]),
        ("figure7", "colours", "lab_hist_inter_a", [0.69, 0.74, 0.84, 0.68]),
    ],
)
def test_rows_have_the_papers_numbers_in_its_order(target, table, metric, values) -> None:
    (found,) = [t for t in RECIPES[target].tables if t.id == table]
    assert [score.value for row in found.rows for score in row.published if score.metric == metric] == values


def test_rows_train_what_their_names_say() -> None:
    variants = {v.id: v for v in RECIPES["ablation"].variants}
    kinds = {name: (v.discriminator, "--lambda_L1" in v.options, v.without_skips) for name, v in variants.items()}
    assert kinds["l1"] == ("none", False, False)
    assert kinds["gan"] == ("unconditional", True, False)
    assert kinds["cgan"] == ("conditional", True, False)
    assert kinds["l1-gan"] == ("unconditional", False, False)
    assert kinds["l1-cgan"] == ("conditional", False, False)
    assert kinds["no-skips-l1"] == ("none", False, True)
    assert kinds["no-skips"] == ("conditional", False, True)
    # 4×4 kernels, n of stride 2 and two of stride 1: the patch is 16, 70 (the default, 3 layers) or 286 pixels wide.
    for name, layers, side in (("patch-16", 1, 16), ("l1-cgan", 3, 70), ("patch-286", 5, 286)):
        options = dict(zip(variants[name].options[::2], variants[name].options[1::2], strict=True))
        assert int(options.get("--n_layers_D", 3)) == layers
        field = 1
        for stride in (1, 1, *[2] * layers):
            field = (field - 1) * stride + 4
        assert field == side
