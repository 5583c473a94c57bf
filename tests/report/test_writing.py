"""The written pages: golden copies of what they say, nothing orphaned, nothing private, everything else refused."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from harness.errors import RunError, UnknownNameError
from harness.files import is_held
from harness.metrics.comparing import compare
from harness.metrics.rows import Row, Rows
from harness.metrics.storage import load_measurement, save_measurement
from harness.report import writing
from harness.report.comparison import compare_document, compare_page
from harness.report.gallery import run_document, script_texts
from harness.report.gathering import run_page
from harness.report.index import index_page
from harness.report.single import write_single_file
from harness.report.writing import (
    comparison_name,
    render_run,
    write_comparison,
    write_index,
    write_run_report,
)
from harness.version import __version__
from harness.web.language import language
from harness.web.render import render_page
from tests.report.samples import (
    HOSTILE_NAMES,
    change_facts,
    change_record,
    draw,
    plain_measurement,
    read_document,
    sample_record,
    sample_run,
)

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
        rows = page.examples.values()
        addresses = {row: dict(page.pictures[row].addresses, difference=f"thumbs/{row}.webp") for row in rows}
        document = run_document(page, words)
        pages[f"run.{code}"] = render_run(page, words, document, addresses, home="../index.html")
        index = index_page([("golden", page)], [("broken", "`run.json` is damaged")])
        pages[f"index.{code}"] = render_page("index.html.j2", words, page=index, names={}, data=script_texts(words))
        first = plain_measurement(5, NAMES)
        rows = Rows.of(replace(r, values={c: 1.1 * v for c, v in r.values.items()}) for r in first.rows)
        second = replace(first, rows=rows)
        other = run_page(sample_record("other", NAMES), second, (), words)
        compared = compare_page([page, other], ["golden/", "other/"], [compare(first, second)], words)
        document = compare_document(compared, words)
        pages[f"compare.{code}"] = render_page(
            "compare.html.j2", words, page=compared, data=document, cells=document["cells"], home="index.html"
        )
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


@pytest.mark.parametrize(
    ("lang", "prepared", "unhashed"),
    [("en", "prepared in different ways", "Pixels were not hashed then"), ("fa", "به شکل‌های متفاوت", "چکیدهٔ پیکسل‌ها")],
)
def test_pictures_prepared_in_different_ways_and_not_hashed_are_told_above_the_numbers(
    tmp_path: Path, lang: str, prepared: str, unhashed: str
) -> None:
    first, second = (sample_run(tmp_path / n, names=("a", "b"), noise=z) for n, z in (("first", 30), ("second", 50)))
    target = tmp_path / "page.html"
    html = write_comparison([first, second], target, lang)[0].read_text(encoding="utf-8")
    assert prepared not in html and unhashed not in html
    change_facts(second, lambda facts: facts.update(sha256="0" * 64))
    html = write_comparison([first, second], target, lang)[0].read_text(encoding="utf-8")
    assert html.index(prepared) < html.index('class="finding"') and unhashed not in html
    assert "input-B" in html and ("Input B" in html or lang == "fa")
    change_facts(second, lambda facts: [facts.pop(key) for key in ("sha256", "source_sha256", "target_sha256")])
    html = write_comparison([first, second], target, lang)[0].read_text(encoding="utf-8")
    assert html.index(unhashed) < html.index('class="finding"') and prepared not in html


def test_runs_of_entirely_other_pictures_of_the_same_names_are_not_compared(tmp_path: Path) -> None:
    first, second = (sample_run(tmp_path / name, names=("a", "b")) for name in ("first", "second"))
    change_facts(second, lambda facts: facts.update(target_sha256="0" * 64))
    with pytest.raises(RunError, match="the target is another picture for `a`, `b`"):
        write_comparison([first, second], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


EDITS = {
    "started is null": {"started": None},
    "started is no time": {"started": "yesterday"},
    "started is no moment": {"started": "0001-01-01T00:00:00+14:00"},
    "name is a number": {"name": 3},
    "seed is text": {"seed": "0"},
    "the model is null": {"model": None},
    "the model has no id": {"model": {}},
    "the architecture is a list": {"model": {"id": "m", "architecture": []}},
    "the set has no layout": {"test_set": {"name": "s", "count": 2}},
    "the set has another count": {"test_set": {"name": "s", "layout": "paired", "count": 3}},
    "a size is text": {"test_set": {"name": "s", "layout": "paired", "count": 2, "size": ["1", 2]}},
    "an image is null": {"images": [None, {"name": "b"}]},
    "an image has no name": {"images": [{"source": "a"}, {"name": "b"}]},
    "nearness is text": {"images": [{"name": "a", "nearness": "far"}, {"name": "b"}]},
    "versions are a list": {"versions": ["torch"]},
    "a duration is text": {"durations": {"translate": "long"}},
    "a warning is null": {"warnings": [None]},
    "the engine is unknown": {"engine": "fast"},
    "upstream is text": {"upstream": "https://example.org"},
    "upstream has a number for a commit": {"upstream": {"commit": 2}},
    "a name leads out": {"images": [{"name": "../../secret"}, {"name": "b"}]},
    "a name is absolute": {"images": [{"name": "/etc/passwd"}, {"name": "b"}]},
    "a name leads out on Windows": {"images": [{"name": "C:secret"}, {"name": "b"}]},
    "its own name leads out": {"name": "../other"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_damaged_record_is_listed_and_everything_else_goes_on(tmp_path: Path, edit: str) -> None:
    sample_run(tmp_path / "good", names=("a", "b"))
    bad = sample_run(tmp_path / "bad", names=("a", "b"))
    change_record(bad, lambda document: document.update(EDITS[edit]))
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert 'href="good/index.html"' in html and 'href="bad/index.html"' not in html
    assert re.search("…/(run.json|images.jsonl)</code> is damaged", html)
    with pytest.raises(RunError, match="is damaged"):
        write_run_report(bad)


@pytest.mark.parametrize("file", ["images.jsonl", "metrics.csv"])
def test_no_picture_outside_of_a_run_gets_into_a_file_to_send(tmp_path: Path, file: str) -> None:
    run = sample_run(tmp_path / "results" / "run", names=("a", "bb"))
    draw("secret").save(tmp_path / "secret.png")
    path = run / file
    path.write_text(path.read_text().replace("bb", "../../../../secret"))
    with pytest.raises(RunError, match=r"damaged.*: `\.\./\.\./\.\./\.\./secret` cannot be the name of a picture"):
        write_single_file(run)
    assert not (run / "run.html").exists()


@pytest.mark.parametrize("place", ["images/output/bb.png", "images/target", "thumbs", "metrics.csv"])
def test_a_link_out_of_a_run_is_refused(tmp_path: Path, place: str) -> None:
    run = sample_run(tmp_path / "results" / "run", names=("a", "bb"))
    write_run_report(run)
    (run / place).rename(tmp_path / "elsewhere")
    (run / place).symlink_to(tmp_path / "elsewhere")
    for write in (write_single_file, write_run_report):
        with pytest.raises(RunError, match="is a link that leads out of the run") as caught:
            write(run)
        assert place in caught.value.message
    (run / place).unlink()
    (tmp_path / "elsewhere").rename(run / "moved")
    (run / place).symlink_to(run / "moved")
    assert write_run_report(run).is_file()


def test_the_newest_run_is_the_one_that_started_last_on_any_clock(tmp_path: Path) -> None:
    sample_run(tmp_path / "tehran", names=("a", "b"), started="2026-01-02T03:30:00+03:30")  # midnight UTC
    sample_run(tmp_path / "newyork", names=("a", "b"), started="2026-01-01T23:00:00-05:00")  # 4 in the morning UTC
    sample_run(tmp_path / "utc", names=("a", "b"), started="2026-01-02T02:00:00+00:00")
    html = write_index(tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'data-name="(\w+)"', html) == ["newyork", "utc", "tehran"]
    moments = [float(moment) for moment in re.findall(r'data-date="([\d.]+)"', html)]
    assert moments == sorted(moments, reverse=True)


def test_of_two_jobs_that_end_together_the_later_one_reads_what_the_earlier_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_run(tmp_path / "first", names=("a", "b"))
    inside: list[bool] = []

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            # Nobody else may read the runs from here on, or may write a list without those that end meanwhile.
            inside.append(is_held(tmp_path / ".index-lock"))
            return real(*given, **more)

        return call

    for name in ("_read_all", "write_pages"):
        monkeypatch.setattr(writing, name, watched(getattr(writing, name)))
    write_index(tmp_path)
    assert inside == [True] * 4  # runs, trainings, notes; and the pages
    assert not is_held(tmp_path / ".index-lock")


def test_what_was_not_drawn_is_told_in_the_pages_language(tmp_path: Path) -> None:
    reason = "is 500x10 pixels, its padding apart: SSIM needs 11 pixels a side at least"
    run = sample_run(tmp_path / "run", names=("a", "b"), left_out=({"name": "thin", "reason": reason},))
    write_run_report(run, "en")
    pages = [(run / name).read_text(encoding="utf-8") for name in ("index.html", "index.fa.html")]
    english, persian = (re.search(r'<td class="words">(.*?)</td>', page)[1] for page in pages)
    assert english == reason
    assert "500x10" in persian and "padding" not in persian


def test_differences_of_images_that_are_no_examples_any_more_go(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", names=("a", "b"))
    write_run_report(run)
    drawn = {path.name for path in (run / "thumbs").glob("difference-*")}
    (run / "thumbs" / "difference-00099.webp").touch()
    write_run_report(run)
    assert {path.name for path in (run / "thumbs").glob("difference-*")} == drawn != set()


def test_names_of_comparisons_stay_short_enough_for_a_file() -> None:
    assert comparison_name([Path("a"), Path("b")]) == "compare-a-b.html"
    assert len(comparison_name([Path("x" * 150), Path("y" * 150)])) < 40


def test_runs_of_other_metrics_are_set_side_by_side_in_those_they_share(tmp_path: Path) -> None:
    names = [f"{n:03d}" for n in range(6)]
    runs = [sample_run(tmp_path / name, names, noise=noise) for name, noise in (("whole", 30.0), ("few", 60.0))]
    whole, few = map(load_measurement, runs)
    less = replace(
        few,
        columns=("psnr",),
        rows=Rows.of(Row(row.name, {"psnr": row.values["psnr"]}) for row in few.rows),
        summary={"psnr": few.summary["psnr"]},
        baselines={name: {"psnr": columns["psnr"]} for name, columns in few.baselines.items()},
    )
    save_measurement(runs[1], less)
    page, _ = write_comparison(runs, tmp_path / "compare.html")
    text = page.read_text(encoding="utf-8")
    document = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1])
    values = {column["id"]: column["values"] for column in document["columns"]}
    assert "ssim-A" not in values
    assert values["psnr-A"] == [row.values["psnr"] for row in whole.rows]
    assert values["psnr-B"] == [row.values["psnr"] for row in few.rows]


def test_a_run_recorded_before_boxes_says_what_was_measured(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", NAMES)
    said = "recorded before padding was told from the picture"
    assert said not in write_run_report(run).read_text(encoding="utf-8")
    change_record(run, lambda record: [image.pop("geometry") for image in record["images"]])
    assert said in write_run_report(run).read_text(encoding="utf-8")


def test_a_run_of_format_1_has_the_same_page(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", names=("b", "a"))
    now = write_run_report(run).read_text(encoding="utf-8")
    document = read_document(run)
    (run / "images.jsonl").unlink()
    (run / "run.json").write_text(json.dumps({**document, "format": 1}), encoding="utf-8")
    assert write_run_report(run).read_text(encoding="utf-8") == now
