from __future__ import annotations

import pytest

from harness.catalog.citations import CITATIONS, citations_of
from harness.catalog.datasets import DATASETS
from harness.catalog.domains import DOMAINS
from harness.catalog.models import MODELS
from harness.training.tasks import TASKS

# The names the official scripts take, `datasets/download_{pix2pix,cyclegan}_dataset.sh:3` at the pin.
PIX2PIX = {"cityscapes", "night2day", "edges2handbags", "edges2shoes", "facades", "maps"}
CYCLEGAN = {
    "ae_photos", "apple2orange", "summer2winter_yosemite", "horse2zebra", "monet2photo", "cezanne2photo",
    "ukiyoe2photo", "vangogh2photo", "maps", "cityscapes", "facades", "iphone2dslr_flower", "mini", "mini_pix2pix",
    "mini_colorization",
}  # fmt: skip


def test_every_official_dataset_is_there_and_no_other():
    assert set(DATASETS) == {f"pix2pix/{n}" for n in PIX2PIX} | {f"cyclegan/{n}" for n in CYCLEGAN}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_dataset_says_where_it_is_and_what_it_holds(dataset):
    suffix = ".tar.gz" if dataset.family == "pix2pix" else ".zip"
    assert dataset.url == f"http://efrosgans.eecs.berkeley.edu/{dataset.family}/datasets/{dataset.name}{suffix}"
    assert {dataset.domain_a, dataset.domain_b} <= set(DOMAINS)
    assert dataset.licence
    assert dataset.source.startswith("datasets/download_")
    assert dataset.splits
    assert dataset.sha256 is None or (len(dataset.sha256) == 64 and dataset.size_bytes)
    sides = [split[-1] for split in dataset.splits]
    assert all(side in "AB" for side in sides) if dataset.layout == "unpaired" else "B" not in sides


def test_hashes_are_known_of_eleven_archives_and_differ():
    hashes = [d.sha256 for d in DATASETS.values() if d.sha256]

    assert len(hashes) == len(set(hashes)) == 11


def test_paired_sets_without_a_test_split_are_tested_on_val():
    for name in ("maps", "edges2shoes", "edges2handbags", "cityscapes"):
        assert "test" not in DATASETS[f"pix2pix/{name}"].splits
        assert "val" in DATASETS[f"pix2pix/{name}"].splits


def test_cityscapes_is_refused_by_the_official_scripts_and_no_other():
    assert {d.id for d in DATASETS.values() if not d.downloadable} == {"pix2pix/cityscapes", "cyclegan/cityscapes"}
    assert "cityscapes-dataset.com" in DATASETS["pix2pix/cityscapes"].note


def test_every_domain_is_used():
    used = {d for s in DATASETS.values() for d in (s.domain_a, s.domain_b)}
    of_own_trainings = {"own_a", "own_b", *TASKS} - used

    assert used | of_own_trainings == set(DOMAINS)
    assert DOMAINS["facade_label"].kind == "label_map"
    assert DOMAINS["monet_painting"].kind == "drawing"


def test_papers_to_cite_begin_with_the_method():
    assert [c.id for c in citations_of(MODELS["pix2pix/facades_label2photo"])] == ["pix2pix", "facades"]
    assert [c.id for c in citations_of(MODELS["cyclegan/horse2zebra"])] == ["cyclegan"]
    assert [c.id for c in citations_of(DATASETS["pix2pix/edges2handbags"])] == ["pix2pix", "handbags", "hed"]


@pytest.mark.parametrize("citation", CITATIONS.values(), ids=CITATIONS)
def test_bibtex_is_balanced(citation):
    assert citation.bibtex.startswith("@")
    assert citation.bibtex.count("{") == citation.bibtex.count("}") > 3
    assert "title={" in citation.bibtex and "year={" in citation.bibtex
