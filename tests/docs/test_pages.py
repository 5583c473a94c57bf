"""The documentation builds without a warning and says what the program says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from playwright.sync_api import Page

from harness.cli.main import COMMANDS
from tests.test_layers import LEVELS

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_picture_of_the_layers_is_the_rule_the_imports_are_held_to() -> None:
    picture = FENCED.search((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))

    assert picture
    assert [frozenset(line.split()) for line in reversed(picture[1].splitlines())] == list(LEVELS)


def test_every_first_page_shows_the_same_output() -> None:
    english = FENCED.search((ROOT / "docs" / "tutorial" / "first-run.md").read_text(encoding="utf-8"))

    assert english
    assert english[0] in (ROOT / "README.md").read_text(encoding="utf-8")
    persian = [FENCED.search((ROOT / p).read_text(encoding="utf-8")) for p in ("docs/tutorial/fa.md", "README.fa.md")]
    assert persian[0] and persian[1] and persian[0][0] == persian[1][0]
    # The same run in another language.
    numbers = r"\d+\.\d+"
    assert re.findall(numbers, persian[0][0]) == re.findall(numbers, english[0])


def test_persian_is_written_with_its_own_letters() -> None:
    written = ("docs/tutorial/fa.md", "docs/how-to/course-fa.md", "README.fa.md")
    for page in (*written, *(f"docs/fa/{p.name}" for p in (ROOT / "docs" / "fa").glob("*.md"))):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert re.findall("[كيى٠-٩]| ها[ي ]| می |^می ", text) == [], page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built without a warning."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("needs the extra `docs`")
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_quiet_environment())
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    return folder


def test_the_site_tells_every_command_and_loads_nothing_from_the_network(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f'id="harness-{name}"' not in commands] == []
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="(?:https?:)?//', html) == [], page


@pytest.mark.browser
@pytest.mark.parametrize("page", ["index.html", "how-to/install.html"])
def test_the_site_is_searched_from_disk(site: Path, open_page: Callable[..., Page], page: str) -> None:
    shown = open_page(site / page)
    found = shown.locator(".md-search-result__item a").first
    # What is typed before the theme's scripts listen is not searched for: then it is typed again.
    for _ in range(20):
        shown.locator(".md-search__input").fill("")
        shown.locator(".md-search__input").press_sequentially("skip connections")
        shown.wait_for_timeout(500)
        if found.is_visible():
            break
    found.wait_for()
    address = found.evaluate("link => link.href")
    assert address.startswith(site.as_uri())
    assert (site / Path(url2pathname(urlsplit(address).path)).relative_to(site)).is_file()


def _quiet_environment() -> dict[str, str]:
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
