"""Results go to stdout, talk to stderr, and tables align even with wide letters."""

from __future__ import annotations

import json
import sys

import pytest

from harness.cli.console import Console
from harness.errors import HarnessError


def test_talk_is_on_stderr_and_quiet_silences_it(capsys: pytest.CaptureFixture[str]) -> None:
    Console().say("working")
    Console(quiet=True).say("silent")
    Console(quiet=True).warn("heard", "do x")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["working", "warning: heard", "hint: do x"]


def test_a_log_gets_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("harness.cli.console.time.monotonic", lambda: next(clock))
    with Console().step("drawing", 7) as step:
        for _ in range(7):
            step.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["drawing", "drawing: 3 of 7 images, 0.5/s", "drawing: 6 of 7 images, 0.5/s"]


def test_documents_are_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    Console().document({"نام": 1})
    assert json.loads(capsys.readouterr().out) == {"نام": 1}
    with pytest.raises(ValueError, match="JSON"):
        Console().document({"x": float("nan")})


def test_a_long_document_is_written_in_pieces_and_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    long, written = {"names": [f"image {place}" for place in range(120_000)]}, list[int]()
    write = sys.stdout.write
    monkeypatch.setattr(sys.stdout, "write", lambda text: written.append(len(text)) or write(text))
    Console().document(long)
    assert json.loads(capsys.readouterr().out) == long
    assert max(written) < sum(written)


def test_tables_align_by_cells(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table(["name", "n"], [["漢字", "1"], ["a", "2"]])
    assert capsys.readouterr().out.splitlines() == ["name  n", "漢字  1", "a     2"]


HOSTILE = "\x1b]0;evil\x07\u202egnp.exe\x9b2J"
SHOWN = "\\u001b]0;evil\\u0007\\u202egnp.exe\\u009b2J"


def test_a_name_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.say(HOSTILE)
    console.warn(HOSTILE, HOSTILE)
    console.error(HarnessError(HOSTILE, HOSTILE))
    with console.step(HOSTILE):
        pass
    console.result(HOSTILE)
    console.table(["name"], [[HOSTILE]])
    console.document({"name": HOSTILE})
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        SHOWN, f"warning: {SHOWN}", f"hint: {SHOWN}", f"error: {SHOWN}", f"hint: {SHOWN}", SHOWN,
    ]  # fmt: skip
    assert out.startswith(f"{SHOWN}\nname\n{SHOWN}\n{{")
    assert json.loads(out[out.index("{") :]) == {"name": HOSTILE}
