"""`answers.md`: the questions of a hand-in as a file to fill in, and what somebody wrote to each of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.documents import typed
from harness.errors import HarnessError
from harness.explain.explaining import explain_language
from harness.explain.statements import QUESTIONS

EXERCISES = {
    "exercise1": ("structure", "ideas", "tested", "well", "failed"),
    "exercise2": ("dataset", "idea", "training", "result", "baseline"),
    "questions": tuple(QUESTIONS),
}
"""The questions that every template asks, by chapter."""

ASKED = tuple(question for questions in EXERCISES.values() for question in questions)
_MARK = re.compile(r"^<!-- ([\w.-]{1,40}) -->[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]\n]*)\]\(\s*<?([^)>\n]+?)>?\s*\)")
_LARGEST = 2_000_000  # bytes; a thesis has fewer


@dataclass(frozen=True)
class Written:
    """What stands under one question.

    Attributes:
        id: of `ASKED`, or of a course's own questions.
        text: as typed, without comments and pictures.
        pictures: caption and address of each, in order; the address is a file beside the answers, or
            `RUN/output/NAME.png` of a run.
    """

    id: str
    question: str
    text: str
    pictures: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> int:
        return len(re.findall(r"\w+", self.text))


def template(lang: str, cited: Sequence[str] = (), questions: Path | None = None) -> str:
    """Returns the file to fill in.

    Args:
        cited: lines that offer runs' numbers and pictures, ready to copy.
        questions: a TOML file of a course's own, see `own_questions`.
    """
    words = explain_language(lang)
    lines = ["<!--", words.text("handin.how"), *cited, "-->"]
    for chapter, asked in EXERCISES.items():
        lines += ["", f"# {words.text(f'handin.{chapter}')}"]
        texts = {q: words.text(q if chapter == "questions" else f"handin.{q}") for q in asked}
        lines += _asked(texts)
    if questions is not None:
        title, texts = own_questions(questions)
        lines += ["", f"# {title}", *_asked(texts)]
    return "\n".join(lines) + "\n"


def _asked(texts: Mapping[str, str]) -> list[str]:
    return [line for key, text in texts.items() for line in ("", f"## {text}", f"<!-- {key} -->", "", "")]


def own_questions(path: Path) -> tuple[str, dict[str, str]]:
    """Returns the title and the questions by id of a TOML file: `title`, and `[[question]]` with `id` and `text`.

    Raises:
        HarnessError: it is none.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # as editors of Windows begin it
        asked = typed(tuple[dict[str, str], ...], content["question"], "question")
        found = {question["id"]: " ".join(question["text"].split()) for question in asked}
        if not found or not all(_MARK.match(f"<!-- {key} -->") for key in found):
            raise ValueError("an `id` is made of letters, digits, `.`, `-` and `_`")
        return typed(str, content.get("title", path.stem), "title"), found
    except (OSError, ValueError, KeyError) as error:
        raise HarnessError(
            f"`{path}` holds no questions: {error}", 'write `[[question]]`, `id = "one"` and `text = "…?"` for each'
        ) from error


def read_answers(path: Path) -> tuple[Written, ...]:
    """Returns what was written to each question of a file that `template` made, in its order.

    Raises:
        HarnessError: the file is missing, no text, too large, or holds none of the lines that name the questions.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST / 1e6:.0f} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise HarnessError(f"`{path}` holds no answers: {error}", "harness handin --template") from error
    marks = list(_MARK.finditer(text))
    if not marks:
        raise HarnessError(
            f"`{path}` has none of the lines such as `<!-- {ASKED[0]} -->` that say which question an answer is to",
            "harness handin --template",
        )
    found: dict[str, Written] = {}
    for mark, until in zip(marks, [*(m.start() for m in marks[1:]), len(text)], strict=True):
        body = text[mark.end() : until]
        if until < len(text):  # the next question's own heading, and its chapter's
            body = re.sub(r"(\n# [^\n]*\s*)?\n## [^\n]*\s*$", "", body)
        body = _COMMENT.sub("", body)
        heading = text[: mark.start()].rstrip().rpartition("\n")[2].lstrip("# ")
        one = Written(mark[1], heading, _PICTURE.sub("", body).strip(), tuple(_PICTURE.findall(body)))
        found.setdefault(one.id, one)
        if not found[one.id].text:
            found[one.id] = one
    return tuple(found.values())


def unanswered(answers: Sequence[Written]) -> list[str]:
    """Returns the ids of questions without a word: those in the file, and of `ASKED`, unless it asks none of them."""
    given = {one.id: one.words for one in answers}
    asked = ASKED if set(ASKED) & set(given) else ()
    return [key for key in dict.fromkeys((*asked, *given)) if not given.get(key)]
