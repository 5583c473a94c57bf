"""The written pages: golden copies of what they say, nothing orphaned, nothing private, everything else refused."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from harness.errors import RunError, UnknownNameError
from harness.metrics.comparing import compare
from harness.report.comparison import compare_cells, compare_document, compare_page
from harness.report.gallery import run_document, script_texts
from harness.report.gathering import run_page
from harness.report.index import index_page
from harness.report.writing import (
    comparison_name,
    load_page,
    render_run,
    write_comparison,
    write_index,
    write_run_report,
)
from harness.version import __version__
from harness.web.language import language
from harness.web.render import render_page
from tests.report.samples import HOSTILE_NAMES, plain_measurement, sample_record, sample_run

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("one", "two & three", "چهار", "<five>", "six")


def _scrubbed(html: str) -> str:
    """What a page says, without its style, its scripts and the version that made it."""
    html = re.sub(r"<style>.*?</style>", "<style></style>", html, flags=re.DOTALL)
    html = re.sub(r"<script>.*?</script>", "<script></script>", html, flags=re.DOTALL)
    html = re.sub(r"sha256-[\w+/=]+", "sha256", html)
    return html.replace(f"harness {__version__}", "harness VERSION")


def _golden_pages() -> dict[str, str]:
    pages = {}
    for code in ("en", "fa"):
        words = language(code)
        page = run_page(sample_record("golden", NAMES), plain_measurement(5, NAMES), (), words)
        addresses = {
            e.row: dict(page.pictures[e.row].addresses, difference=f"thumbs/{e.row}.webp") for e in page.examples
        }
        pages[f"run.{code}"] = render_run(page, words, run_document(page, words), addresses, "../index.html")
        index = index_page([("golden", page)], [("broken", "`run.json` is damaged")])
        pages[f"index.{code}"] = render_page("index.html.j2", words, page=index, data=script_texts(words))
        first = plain_measurement(5, NAMES)
        rows = tuple(replace(r, values={c: 1.1 * v for c, v in r.values.items()}) for r in first.rows)
        second = replace(first, rows=rows)
        other = run_page(sample_record("other", NAMES), second, (), words)
        compared = compare_page([page, other], ["golden/", "other/"], [compare(first, second)], words)
        pages[f"compare.{code}"] = render_page(
            "compare.html.j2", words, page=compared, data=compare_document(compared, words),
            cells=compare_cells(compared, words), home="index.html",
        )  # fmt: skip
    return {name: _scrubbed(html) for name, html in pages.items()}


@pytest.mark.parametrize("name", [f"{page}.{code}" for page in ("run", "index", "compare") for code in ("en", "fa")])
def test_pages_say_what_they_said(name: str, tmp_path: Path) -> None:
    """Set UPDATE_GOLDEN=1 after a wanted change and look at the difference before you commit it."""
    said, golden = _golden_pages()[name], GOLDEN / f"{name}.html"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8", newline="\n")
    (tmp_path / golden.name).write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8"), f"what it says now: {tmp_path / golden.name}"


def test_every_address_of_a_run_is_there_and_nothing_is_orphaned(results: Path) -> None:
    run = results / "hostile"
    html = (run / "index.html").read_text(encoding="utf-8")
    static = {unquote(src.replace("&amp;", "&")) for src in re.findall(r' src="([^"]+)"', html)}
    assert static and all((run / src).is_file() for src in static)
    rows = {path.relative_to(run).as_posix() for path in (run / "thumbs").glob("*/*.webp")}
    assert rows == {f"thumbs/000/{row:05d}.webp" for row in range(len(HOSTILE_NAMES))}
    alone = {path.relative_to(run).as_posix() for path in (run / "thumbs").glob("*.webp")}
    assert alone <= static


def test_nothing_private_and_nothing_foreign_stands_in_the_pages(results: Path) -> None:
    for page in results.rglob("*.html"):
        html = unescape(page.read_text(encoding="utf-8"))
        assert "/home/" not in html and str(results) not in html
        assert not re.search(r"""(src|href)=["'](https?:)?//(?!github\.com|efrosgans)""", html)
        assert "default-src 'none'" in html and "unsafe" not in html


def test_a_page_can_be_written_again_and_again(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "results" / "run", names=("a", "b", "c"))
    first = write_run_report(run).read_text(encoding="utf-8")
    files = sorted(run.rglob("*"))
    assert write_run_report(run).read_text(encoding="utf-8") == first
    assert sorted(run.rglob("*")) == files


def test_pictures_taken_away_leave_a_page_with_its_numbers(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "results" / "run", names=("a", "b", "c"))
    for picture in (run / "images" / "target").glob("*.png"):
        picture.unlink()
    assert "SSIM" in write_run_report(run).read_text(encoding="utf-8")


def test_what_is_no_run_is_answered(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no `run\.json`"):
        write_run_report(tmp_path)
    run = sample_run(tmp_path / "run", names=("a", "b"))
    with pytest.raises(UnknownNameError, match="language"):
        write_run_report(run, "tlh")
    assert not (run / "index.html").exists()


def test_the_index_shows_good_runs_beside_damaged_ones(tmp_path: Path) -> None:
    sample_run(tmp_path / "good", names=("a", "b"))
    for name, text in (("damaged", "{"), ("newer", json.dumps({"format": 99}))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text, encoding="utf-8")
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert 'href="good/index.html"' in html
    assert "…/run.json</code> is damaged" in html and "format 99" in html
    assert str(tmp_path) not in html


def test_an_empty_index_says_how_to_begin(tmp_path: Path) -> None:
    assert "harness demo" in write_index(tmp_path).read_text(encoding="utf-8")


def test_runs_of_other_images_are_not_compared(tmp_path: Path) -> None:
    first = sample_run(tmp_path / "first", names=("a", "b"))
    second = sample_run(tmp_path / "second", names=("a", "c"))
    target = tmp_path / "page.html"
    with pytest.raises(RunError, match="not of the same images"):
        write_comparison([first, second], target)
    for runs in ([first], [first, first]):
        with pytest.raises(RunError, match="different runs can be compared"):
            write_comparison(runs, target)
    assert not target.exists()


def test_three_runs_are_each_set_against_the_first(tmp_path: Path) -> None:
    runs = [sample_run(tmp_path / n, names=("a", "b", "c"), noise=z) for n, z in (("x", 30), ("y", 60), ("z", 10))]
    page, comparisons = write_comparison(runs, tmp_path / "page.html")
    html = page.read_text(encoding="utf-8")
    assert len(comparisons) == 2
    assert "2 runs against" in html and "SSIM B−A" in html and "SSIM C−A" in html


def test_sets_prepared_in_different_ways_are_told(tmp_path: Path) -> None:
    first = sample_run(tmp_path / "first", names=("a", "b"))
    facts = {**load_page(first, language("en")).record.test_set, "digest": "ee" * 32}
    second = sample_run(tmp_path / "second", names=("a", "b"), noise=50, test_set=facts)
    html = write_comparison([first, second], tmp_path / "page.html")[0].read_text(encoding="utf-8")
    assert "not prepared in the same way" in html and "Input B" in html


def test_names_of_comparisons_stay_short_enough_for_a_file() -> None:
    assert comparison_name([Path("a"), Path("b")]) == "compare-a-b.html"
    assert len(comparison_name([Path("x" * 150), Path("y" * 150)])) < 40
