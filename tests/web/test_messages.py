"""What code says in English is said in every language, by one catalog that is whole and holds nothing stale."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from harness.catalog.domains import DOMAINS
from harness.cli.main import COMMANDS, SECTIONS, cli
from harness.errors import UnknownNameError
from harness.web.language import language, languages, spoken
from harness.web.messages import Messages
from tests.web.english import ROOT, english_lines

OTHERS = [code for code in languages() if code != "en"]
# Calls whose texts are for whoever calls the code, not for whoever types a command.
_CALLERS = {"ValueError", "TypeError", "RuntimeError", "KeyError", "NotImplementedError", "AssertionError", "compile"}
_CALLERS.add("examples")  # of commands, typed as they stand
_SENTENCE = re.compile(r"[A-Za-z]{2,},? [a-z`{(]")
# Rooms that speak otherwise: texts of their own, programs of the authors' process, tables for papers.
_ELSEWHERE = {"bootstrap.py", "paper_table.py", "shells.py", "training_data.py", "api.py", "notebook.py", "hed.py"}
# What other programs say, looked for in their output, or are told; lists; the authors' words.
_FOREIGN = {
    "engines/native/memory.py",
    "engines/official/failures.py",
    "explain/statements.py",
    "export/masks.py",
    "fetch/git.py",
    "images/suffixes.py",
    "weights/perceptual.py",
}


def template(node: ast.AST) -> str | None:
    """A text as a catalog has it: values as `{0}`, `{1}` …, without the joint it begins with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        said = re.sub(r"\{[a-z]+\}", "{}", node.value)
    elif isinstance(node, ast.JoinedStr):
        said = "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    else:
        return None
    places = iter(range(99))
    said = re.sub(r"\{\}", lambda _: f"{{{next(places)}}}", said)
    return re.sub(r"^[;,.] ", "", said.strip())


def _passed_over(tree: ast.Module) -> set[int]:
    """Nodes whose texts nobody is shown, or that are shown in another way: docstrings, options, callers' errors."""
    over: set[int] = set()
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside = [node.value]  # a docstring
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in _CALLERS:
            inside = [node]
        elif isinstance(node, ast.FunctionDef):
            inside = list(node.decorator_list)
        elif isinstance(node, ast.JoinedStr):
            inside = [v for v in node.values if isinstance(v, ast.Constant)]  # parts of a whole
        elif isinstance(node, ast.keyword) and node.arg == "help":
            inside = [node]
        over |= {id(child) for found in inside for child in ast.walk(found)}
    return over


@cache
def said_by_code() -> dict[str, str]:
    """Every sentence of the code that may be shown, and where it stands."""
    found: dict[str, str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        if path.name in _ELSEWHERE or path.name.endswith("_hooks.py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        over = _passed_over(tree)
        for node in ast.walk(tree):
            text = template(node) if id(node) not in over else None
            if text and _SENTENCE.search(text) and "\\" not in text and not _is_command(text):
                found.setdefault(text, f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def _is_command(text: str) -> bool:
    return bool(re.match(r"(harness|pip|git|export|unset|python|mv|--?)\b", text)) and not re.search(
        r"; |, or | to ", text
    )


@pytest.mark.parametrize("code", OTHERS)
def test_whatever_code_says_can_be_said_in_every_language(code: str) -> None:
    known = language(code)
    told = {text: known.message(re.sub(r"\{\d+\}", "7", text)).replace("7", "") for text in said_by_code()}
    missing = {text: said_by_code()[text] for text, other in told.items() if english_lines(other)}
    # Foreign words stand among our own in these files: only a text that nothing of is translated is passed over.
    assert {t: w for t, w in missing.items() if w.split(":")[0] not in _FOREIGN and "Examples:" not in t} == {}


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalog_holds_the_same_places_on_both_sides(code: str) -> None:
    from harness.web.messages import messages

    for english, other in messages(code).templates.items():
        asked, given = (set(re.findall(r"\{\d+\}", text)) for text in (english, other))
        # A plural's letter, as in `{1} GPU{2}`, has no counterpart.
        assert given <= asked and len(asked - given) <= 1, english
        assert english.count("`") == other.count("`"), english


@pytest.mark.parametrize("code", OTHERS)
def test_help_speaks_the_language(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LANG", code)
    context = cli.context_class(cli, info_name="harness")
    told = [cli.get_help(context)]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        told.append(command.get_help(command.context_class(command, info_name=name, parent=context)))
    assert [line for text in told for line in english_lines(text)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_lists_of_the_catalog_speak_the_language(code: str) -> None:
    texts = [domain.description for domain in DOMAINS.values()]
    texts += [line for commands in SECTIONS.values() for _, line in commands.values()]
    assert [text for text in texts if language(code).message(text) == text] == []


def test_values_are_put_where_the_other_language_wants_them_and_translated_in_their_turn() -> None:
    made = Messages(
        {"{0} of {1}: {2}": "{1}/{0} {2}", "is damaged": "kaputt", ";": ",", "left out `{0}`": "ohne `{0}`"}
    )
    assert made.translated("3 of 9: is damaged") == "9/3 kaputt"
    assert made.translated("left out `is damaged`; is damaged") == "ohne `is damaged`, kaputt", "a quote stays"
    assert made.translated("; is damaged\n") == ", kaputt\n"
    assert made.translated("what nobody knows") == "what nobody knows"


def test_half_a_sentence_is_not_translated() -> None:
    made = Messages({"{0} and {1}": "{0} und {1}", "is damaged": "kaputt"})
    assert made.translated("a and b") == "a und b"
    whole = "nobody has ever written this one down; is damaged"
    assert made.translated(whole) == whole
    assert (
        made.translated("what nobody has ever said and what nobody will")
        == "what nobody has ever said and what nobody will"
    )


def test_numbers_of_a_page_are_in_its_digits_and_names_are_not() -> None:
    told = language("fa").told("epoch 3 of 10: G_L1 0.25, `file 7`, #a0b0c0, 12.png, 256x256")
    assert "۰٫۲۵" in told and "دورهٔ ۳ از ۱۰" in told
    assert all(name in told for name in ("G_L1", "`file 7`", "#a0b0c0", "12.png", "256x256"))


def test_the_language_is_what_is_said_then_the_variable_the_record_and_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert spoken().code == "en"
    monkeypatch.setenv("LANG", "fa_IR.UTF-8")
    assert spoken().code == "fa"
    assert spoken(recorded="en").code == "en"
    monkeypatch.setenv("HARNESS_LANG", "fa")
    assert spoken(recorded="en").code == "fa"
    assert spoken("en").code == "en"
    with pytest.raises(UnknownNameError):
        spoken("xx")
    monkeypatch.setenv("LC_ALL", "xx_YY")
    monkeypatch.delenv("HARNESS_LANG")
    assert spoken().code == "en", "a language without strings"
    assert spoken(recorded="xx").code == "en", "of a record of another version"
