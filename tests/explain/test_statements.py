"""Every statement has a source and a text in every language; every cited line stands in the authors' code."""

from __future__ import annotations

import json
import os
import re
import string
import subprocess
from importlib.resources import files

import pytest

from harness.catalog.repositories import LUA, PYTORCH
from harness.explain.statements import ANSWERS, CHAPTERS, QUESTIONS, STATEMENTS, Line, Section
from harness.web.language import languages

SOURCES = [source for s in STATEMENTS for source in s.sources]
SECTIONS = {
    "pix2pix": {"1", "2", *(f"3{n}" for n in ("", ".1", ".2", ".2.1", ".2.2", ".3")), "4"}
    | {*(f"4.{n}" for n in range(1, 8)), "5", *(f"6{n}" for n in ("", ".1", ".1.1", ".1.2", ".2", ".3"))},
    "CycleGAN": {"1", "2", "3", "3.1", "3.2", "3.3", "4", "5", "5.1", "5.2", "6", "7"},
}


def texts(code: str) -> dict[str, str]:
    return json.loads((files("harness.explain") / "text" / f"{code}.json").read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_statement_has_a_source() -> None:
    assert all(s.sources for s in STATEMENTS)


def test_cited_sections_exist() -> None:
    assert [s for s in SOURCES if isinstance(s, Section) and s.number not in SECTIONS[s.paper]] == []


def test_statements_and_texts_are_the_same_set() -> None:
    keys = {s.key for s in STATEMENTS} | {f"chapter.{c}" for c in CHAPTERS}
    chapters = tuple(f"{c}." for c in CHAPTERS)
    written = {key for key in texts("en") if key.startswith((*chapters, "chapter.", "question.", "answer."))}

    assert written == keys | set(QUESTIONS) | set(ANSWERS) | {"chapter.questions", "chapter.work"}


@pytest.mark.parametrize("code", languages())
def test_every_language_says_the_same(code: str) -> None:
    english, other = texts("en"), texts(code)

    assert set(other) == set(english)
    assert [key for key in english if placeholders(english[key]) != placeholders(other[key])] == []


def test_persian_is_written_with_its_own_letters() -> None:
    assert [k for k, text in texts("fa").items() if re.search("[كيى٠-٩]| ها[ي ]| می |^می ", text)] == []


@pytest.mark.upstream
@pytest.mark.parametrize("line", [s for s in SOURCES if isinstance(s, Line)], ids=str)
def test_the_cited_line_holds_the_token(line: Line, upstream_git: str) -> None:
    folder = upstream_git if line.repository is PYTORCH else os.environ.get("HARNESS_UPSTREAM_LUA")
    if folder is None:
        pytest.skip("needs HARNESS_UPSTREAM_LUA to name a git directory with the pinned Lua code")
    assert line.repository in (PYTORCH, LUA)
    show = ["git", "--git-dir", folder, "show", f"{line.repository.commit}:{line.file}"]
    text = subprocess.run(show, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    assert line.token in text.splitlines()[line.number - 1]
