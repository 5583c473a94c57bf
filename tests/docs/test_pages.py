"""The documentation builds without a warning and says what the program says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import COMMANDS
from tests.test_layers import LEVELS

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_picture_of_the_layers_is_the_rule_the_imports_are_held_to() -> None:
    picture = FENCED.search((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))

    assert picture
    assert [frozenset(line.split()) for line in reversed(picture[1].splitlines())] == list(LEVELS)


def test_the_persian_pages_show_the_same_output_as_the_english_one() -> None:
    english = FENCED.search((ROOT / "docs" / "tutorial" / "first-run.md").read_text(encoding="utf-8"))

    assert english
    for page in ("docs/tutorial/fa.md", "README.fa.md"):
        assert english[0] in (ROOT / page).read_text(encoding="utf-8")


def test_persian_is_written_with_its_own_letters() -> None:
    for page in ("docs/tutorial/fa.md", "README.fa.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert re.findall("[كيى٠-٩]| ها[ي ]| می |^می ", text) == [], page


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="needs the extra `docs`")
def test_the_site_builds_strictly_and_loads_nothing_from_the_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_quiet_environment())

    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    commands = (tmp_path / "site" / "reference" / "commands.html").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f'id="harness-{name}"' not in commands] == []
    for page in (tmp_path / "site").rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="(?:https?:)?//', html) == [], page


def _quiet_environment() -> dict[str, str]:
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
