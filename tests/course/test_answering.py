"""What the template asks is what is read back, whatever was typed in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.course.answering import ASKED, own_questions, read_answers, template, unanswered
from harness.errors import HarnessError


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_a_template_asks_all_and_answers_none(tmp_path: Path, lang: str) -> None:
    path = tmp_path / "answers.md"
    path.write_text(template(lang, ["first: ssim 0.5", "![my worst](first/output/a.png)"]), encoding="utf-8")
    found = read_answers(path)
    assert tuple(one.id for one in found) == ASKED
    assert all(one.question and not one.text and not one.pictures for one in found)
    assert unanswered(found) == list(ASKED)


def test_text_headings_and_pictures_are_read(tmp_path: Path) -> None:
    path = tmp_path / "answers.md"
    text = template("en").replace(
        "<!-- structure -->\n", "<!-- structure -->\nTwo nets.\n\n### G\nA U-Net. ![a](b c.png)\n"
    )
    path.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig")
    first, *others = read_answers(path)
    assert first.text.replace("\r", "") == "Two nets.\n\n### G\nA U-Net."
    assert (first.pictures, first.words) == ((("a", "b c.png"),), 6)
    assert first.question.startswith("Explain the structure") and not any(o.text for o in others)
    assert unanswered([first, *others]) == list(ASKED[1:])


def test_a_course_asks_its_own(tmp_path: Path) -> None:
    toml = tmp_path / "seminar.toml"
    toml.write_text('title = "Seminar"\n[[question]]\nid = "why"\ntext = "Why\\nat all?"\n', encoding="utf-8-sig")
    path = tmp_path / "answers.md"
    path.write_text(template("en", questions=toml), encoding="utf-8")
    last = read_answers(path)[-1]
    assert (last.id, last.question) == ("why", "Why at all?")
    # A file that asks nothing of ours is a course's own altogether.
    path.write_text("## Why?\n<!-- why -->\nBecause.\n## And?\n<!-- and -->\n", encoding="utf-8")
    assert unanswered(read_answers(path)) == ["and"]


@pytest.mark.parametrize("text", ["title = 1", "[[question]]\nid = 'a'", "[[question]]\nid = 'a b'\ntext = 'x'", "="])
def test_what_is_no_list_of_questions_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HarnessError, match=r"q.toml` holds no questions"):
        own_questions(path)


@pytest.mark.parametrize("content", [b"I wrote without the template", b"\xff\xfe\x00", b""])
def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.md"
    path.write_bytes(content)
    with pytest.raises(HarnessError) as caught:
        read_answers(path)
    assert caught.value.hint == "harness handin --template"
    with pytest.raises(HarnessError, match="holds no answers"):
        read_answers(tmp_path / "none.md")
