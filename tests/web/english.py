"""What is left English in a page of another language, and what code says in English."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import harness

ROOT = Path(harness.__file__).parent
# Four words in a row with nothing between them: names in a list are no sentence.
_SENTENCE = re.compile(r"(?:\b[A-Za-z][a-z'’]* ){3,}[a-z]+")
_VOID = {"meta", "link", "img", "input", "br", "hr", "col"}


class _Texts(HTMLParser):
    """Texts that a reader sees or hears, without code and what is marked as English or left to right."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        if tag not in _VOID:
            foreign = tag in {"code", "pre", "script", "style"} or told.get("lang") == "en" or told.get("dir") == "ltr"
            self.open.append(foreign or any(self.open[-1:]))
        if not any(self.open[-1:]):
            self.texts += [told[name] or "" for name in ("alt", "title", "aria-label", "placeholder") if told.get(name)]

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open[-1:]):
            self.texts.append(data)


def english_sentences(html: str) -> list[str]:
    """Four English words in a row and more, of what a page says itself."""
    parser = _Texts()
    parser.feed(html)
    return [text.strip() for text in parser.texts if _SENTENCE.search(text)]


def english_lines(told: str) -> list[str]:
    """The same of what a terminal shows; commands, addresses and what stands between backticks are no sentences."""
    lines = (re.sub(r"`[^`]*`|(?:harness|git|pip) [^؛]*|\S+://\S+", "", line) for line in told.splitlines())
    return [line.strip() for line in lines if _SENTENCE.search(line)]
