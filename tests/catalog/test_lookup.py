from __future__ import annotations

import pytest

from harness.catalog.lookup import find_dataset, find_model
from harness.errors import UnknownNameError


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sat2map", "pix2pix/sat2map"),
        ("cyclegan/sat2map", "cyclegan/sat2map"),
        ("pix2pix/sat2map", "pix2pix/sat2map"),
        ("horse2zebra", "cyclegan/horse2zebra"),
        ("edges2handbags", "lua/edges2handbags"),
        ("lua/edges2shoes", "lua/edges2shoes"),
        (" edges2shoes ", "pix2pix/edges2shoes"),
    ],
)
def test_models_by_bare_and_full_name(name, found):
    assert find_model(name).id == found


def test_datasets_by_bare_and_full_name():
    assert find_dataset("facades").id == "pix2pix/facades"
    assert find_dataset("cyclegan/facades").id == "cyclegan/facades"
    assert find_dataset("mini").id == "cyclegan/mini"


@pytest.mark.parametrize(
    ("typed", "meant"), [("hors2zebra", "`horse2zebra`"), ("cyclegan/zebra2hors", "`cyclegan/zebra2horse`")]
)
def test_a_typo_is_answered_in_the_form_it_was_typed_in(typed, meant):
    with pytest.raises(UnknownNameError, match=f"Did you mean {meant}") as raised:
        find_model(typed)

    assert raised.value.hint == "`harness models` lists them"


@pytest.mark.parametrize("name", ["", "../../etc", "pix2pix/horse2zebra", "pix2pix/pix2pix/sat2map"])
def test_what_is_not_there_is_not_found(name):
    with pytest.raises(UnknownNameError):
        find_model(name)


def test_a_dataset_that_is_not_there():
    with pytest.raises(UnknownNameError, match=r"no dataset is called `facade`\. Did you mean `facades`"):
        find_dataset("facade")
