"""No English sentence stands on a Persian page, and every page leads to itself in the other language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.demo.demonstrating import run_demo
from harness.explain.explaining import write_explanation
from harness.report.writing import write_index, write_run_report
from harness.runs.record import load_record, save_record
from harness.training.page import write_training_page
from harness.web.language import language
from harness.workspace import Workspace
from tests.training.samples import sample_document, sample_page, sample_result
from tests.web.english import english_sentences

WARNED = (
    "the clone of the authors' code has local changes",
    "3 files of the set left out, as `a.png`: is damaged",
    "the best epoch will be chosen on `test`, where it is measured too",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo's runs and sets in Persian, the warnings of other runs with them."""
    workspace = Workspace(tmp_path_factory.mktemp("demo"))
    near, _ = run_demo(workspace, count=3, lang="fa")
    save_record(near.folder, replace(load_record(near.folder), warnings=WARNED))
    return workspace


def _pages(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.html") if 'lang="fa"' in p.read_text(encoding="utf-8")[:40])


def test_the_demo_speaks_persian_from_the_sheet_to_the_report(demo: Workspace) -> None:
    folders = [folder for folder in demo.results.iterdir() if (folder / "run.json").is_file()]
    for folder in folders:
        write_run_report(folder)
    write_index(demo.results)
    write_explanation(demo, lang="fa")
    pages = _pages(demo.root)
    assert {page.parent.parent.name for page in pages} >= {"datasets", "results"}, "the record keeps the language"
    assert {page.name: english_sentences(page.read_text(encoding="utf-8")) for page in pages} == {
        page.name: [] for page in pages
    }


def test_a_training_speaks_persian(tmp_path: Path) -> None:
    fa = language("fa")
    lines = [*WARNED, "the disk is full: nothing more could be written to `x`; nothing was trained yet"]
    said = {"fa": {line: fa.told(line) for line in lines}}
    document = sample_document(tmp_path, "pix2pix", 2, state="failed", results=[sample_result()])
    document |= {"warnings": list(WARNED), "message": lines[-1], "said": said}
    page = write_training_page(tmp_path, sample_page(document), "fa")
    assert english_sentences(page.read_text(encoding="utf-8")) == []
    assert all(english_sentences(text) == [] and text != line for line, text in said["fa"].items())


def test_every_page_leads_to_the_same_page_in_the_other_language(demo: Workspace) -> None:
    for page in (*demo.results.glob("*/index.html"), demo.results / "index.html", *demo.datasets.glob("*/index.html")):
        other = page.with_name("index.en.html")
        persian, english = page.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")
        assert 'href="index.en.html" hreflang="en" lang="en" dir="ltr">English</a>' in persian
        assert 'href="index.html" hreflang="fa" lang="fa" dir="rtl">فارسی</a>' in english
        assert '<html lang="en"' in english


def test_a_page_made_again_follows_its_record_and_another_choice_takes_the_first_place(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = next(demo.results.glob("*far*"))
    assert '<html lang="fa"' in write_run_report(folder).read_text(encoding="utf-8")
    monkeypatch.setenv("HARNESS_LANG", "en")
    assert '<html lang="en"' in write_run_report(folder).read_text(encoding="utf-8")
    assert not (folder / "index.en.html").exists(), "the English page is the first one now"
    assert (folder / "index.fa.html").exists()
