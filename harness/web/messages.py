"""Messages of the program, which its code says in English, in another language.

Code writes `f"no {kind} is called {name}"`; a catalog `strings/messages/CODE.json` maps the same text, its values as
`{0}`, `{1}` …, to that language. A message is matched with the templates when it is shown, so code, logs, records and
tests stay in English, and what an old record says can be read in any language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise

# Where a message that has no template of its own is made of several: lines, then sentences, then words of a list.
_JOINTS = ("\n", "; ", ": ", ", ")
_LED = re.compile(r"(\s*(?:[;,.] )?)(.*?)(\s*)", re.DOTALL)
_PLACE = re.compile(r"\{\d+\}")
_FEW_LETTERS, _FEW_WORDS = 8, 3


class Messages:
    """One language's messages; `templates` maps each English one to this language's."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self.templates = templates
        self._plain = {english: other for english, other in templates.items() if not _PLACE.search(english)}
        # What has most words of its own is tried first: it says more than a template that fits nearly everything.
        filled = [english for english in templates if english not in self._plain]
        self._filled = [(_words(e), e, templates[e]) for e in sorted(filled, key=lambda e: -len("".join(_words(e))))]

    def translated(self, english: str) -> str:
        """Returns a message in this language, with what it quotes as it is; an unknown one stays English."""
        if not self.templates:
            return english
        led = _LED.fullmatch(english)
        assert led
        # A piece of a sentence brings its joint along.
        joint, text, after = led.groups()
        return f"{self._marks(joint)}{self._whole(text) or self._made_of_parts(text)}{after}" if text else english

    def _whole(self, text: str) -> str | None:
        if text in self._plain:
            return self._plain[text]
        for words, template, other in self._filled:
            # Cheap, and true of few: most templates are never compiled.
            found = _pattern(template).fullmatch(text) if all(word in text for word in words) else None
            # `{0} and {1}` fits any sentence: where a template says so little, it must hold little too.
            if found and not (_slight(words) and any(map(_is_sentence, found.groups()))):
                return self._filled_in(other, found)
        return None

    def _filled_in(self, other: str, found: re.Match[str]) -> str:
        """The template in this language with the message's values: names and commands as they are, words in it too."""
        values = []
        for number, value in enumerate(found.groups(), 1):
            quoted = found.string[: found.start(number)].count("`") % 2 == 1
            values.append(value if quoted else self.translated(value))
        return _PLACE.sub(lambda place: values[int(place[0][1:-1])], other)

    def _made_of_parts(self, text: str) -> str:
        for joint in _JOINTS:
            parts = _split(text, joint)
            if len(parts) > 1:
                known = [self.translated(part) for part in parts]
                # Half a sentence in another language is worse than all of it in English.
                if any(part == now and _is_sentence(part) for part, now in zip(parts, known, strict=True)):
                    return text
                return text if known == parts else self._marks(joint).join(known)
        return text

    def _marks(self, joint: str) -> str:
        """Comma and semicolon as this language writes them."""
        return "".join(self._plain.get(mark, mark) for mark in joint)


def _slight(words: list[str]) -> bool:
    own = "".join(words)
    return len(own) < _FEW_LETTERS and not set(own) & {":", "`"}


def _is_sentence(text: str) -> bool:
    """Whether it is more than a name, a number or a command."""
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"`[^`]*`", "", text))
    return len(words) > _FEW_WORDS and not text.lstrip().startswith("harness ")


def _words(template: str) -> list[str]:
    return [part for part in _PLACE.split(template) if part]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    made = re.escape(parts[0])
    for before, after in pairwise(parts):
        # A name between backticks holds none.
        made += ("([^`]*)" if before.endswith("`") and after.startswith("`") else "(.*?)") + re.escape(after)
    return re.compile(made, re.DOTALL)


def _split(text: str, joint: str) -> list[str]:
    """Splits at a joint, but for one between backticks or within brackets."""
    parts = [""]
    for piece in text.split(joint):
        whole = parts[-1].count("`") % 2 == 0 and parts[-1].count("(") <= parts[-1].count(")")
        if whole and parts != [""]:
            parts.append(piece)
        else:
            parts[-1] += piece if parts == [""] else joint + piece
    return parts


def outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """Returns text in which what stands outside of backticks is changed."""
    return "`".join(part if number % 2 else change(part) for number, part in enumerate(text.split("`")))


@cache
def messages(code: str) -> Messages:
    """Returns the messages of a language; English has none to translate."""
    found = files("harness.web") / "strings" / "messages" / f"{code}.json"
    return Messages(json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {})
