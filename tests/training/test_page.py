"""The page of a training as it is written; `tests/report/test_browser_training.py` opens it."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from harness.errors import UnknownNameError
from harness.training.page import write_progress, write_training_page
from harness.web.language import language, languages
from tests.training.samples import HOSTILE, sample_document, sample_page, sample_result


def inline_document(html: str) -> dict[str, object]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert block
    return json.loads(block[1])["document"]


@pytest.mark.parametrize("lang", ["en", "fa"])
@pytest.mark.parametrize("family", ["pix2pix", "cyclegan"])
@pytest.mark.parametrize("state", ["running", "finished"])
def test_the_page_holds_the_whole_document(tmp_path: Path, lang: str, family: str, state: str) -> None:
    results = [sample_result()] if state == "finished" else None
    document = sample_document(tmp_path, family, 2, state=state, results=results)

    address = write_training_page(tmp_path, sample_page(document, family), lang)

    html = address.read_text(encoding="utf-8")
    assert address == tmp_path / "index.html"
    assert inline_document(html) == document
    assert f'<html lang="{lang}" dir="{"rtl" if lang == "fa" else "ltr"}">' in html
    assert language(lang).text("training.fact.device") in html
    assert "harness train --resume tiny" in html
    assert ("harness test --model tiny-BtoA" in html) == (family == "cyclegan")
    assert ('<code dir="ltr">cycle_A</code>' in html) == (family == "cyclegan")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        {"index.html", "samples", f"index.{'en' if lang == 'fa' else 'fa'}.html"}
    )


def test_the_policy_lets_a_script_beside_the_page_load_and_nothing_far(tmp_path: Path) -> None:
    html = write_training_page(tmp_path, sample_page(sample_document(tmp_path, epochs=1))).read_text(encoding="utf-8")

    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy and re.search(r"script-src &#39;sha256-[^;]+&#39; &#39;self&#39; file:;", policy[1])
    assert "http" not in policy[1]


def test_a_hostile_name_is_text(tmp_path: Path) -> None:
    document = sample_document(tmp_path, epochs=1, run=HOSTILE, message=HOSTILE, warnings=[HOSTILE])
    page = sample_page(document)

    html = write_training_page(tmp_path, page).read_text(encoding="utf-8")
    write_progress(tmp_path, document)

    assert "<img src=x" not in html
    assert inline_document(html) == document
    assert html.count("</script>") == 2
    assert "</script>" not in (tmp_path / "progress.js").read_text(encoding="utf-8")


def test_progress_is_one_call_with_the_document(tmp_path: Path) -> None:
    document = sample_document(tmp_path, epochs=1, message="line\u2028separator")
    write_progress(tmp_path, {**document, "state": "starting"})

    write_progress(tmp_path, document)

    written = (tmp_path / "progress.js").read_text(encoding="utf-8")
    call = re.fullmatch(r"harnessProgress\((.*)\)\n", written)
    assert call and json.loads(call[1]) == document
    assert "\u2028" not in written
    assert sorted(p.name for p in tmp_path.iterdir()) == ["progress.js", "samples"]


def test_what_is_no_number_leaves_the_last_page_alone(tmp_path: Path) -> None:
    document = sample_document(tmp_path, epochs=1)
    before = write_training_page(tmp_path, sample_page(document)).read_bytes()
    broken = {**document, "seconds_left": float("nan")}

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_training_page(tmp_path, sample_page(broken))
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_progress(tmp_path, broken)

    assert (tmp_path / "index.html").read_bytes() == before
    assert not (tmp_path / "progress.js").exists()


def test_an_unknown_language_is_answered(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        write_training_page(tmp_path, sample_page(sample_document(tmp_path, epochs=1)), "xx")


def test_every_text_the_page_asks_for_is_there_and_every_text_there_is_asked_for() -> None:
    room = files("harness.training")
    script = "\n".join(p.read_text(encoding="utf-8") for p in (room / "static").iterdir() if p.name.endswith(".js"))
    template = (room / "templates" / "training.html.j2").read_text(encoding="utf-8")
    own = {key for code in languages() for key in language(code).strings if key.startswith("training.")}
    asked = {f"training.js.{key}" for key in re.findall(r'text\("([\w.]+)"', script)}
    asked |= {key for word in re.findall(r'"([\w.]+)"', script) if (key := f"training.js.{word}") in own}
    asked |= set(re.findall(r'"(training\.[\w.]+\w)"', template))
    # Families of keys whose last part is put in when the page is drawn.
    families = {f"training.js.{stem}." for stem in re.findall(r"text\(`(\w+)\.\$\{", script)}
    families |= {"training.guide.", "training.fact.", "training.js.alt."}
    shared = {"training.js.kind.output"}

    for code in languages():
        assert {key for key in asked - shared if key not in language(code).strings} == set()
    assert {key for key in own - asked if not key.startswith(tuple(families))} == set()
