"""The explanation of a model, on the terminal and as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.catalog.models import MODELS
from harness.cli.main import cli
from harness.errors import UnknownNameError
from harness.explain.explaining import explain, write_explanation
from harness.explain.pictures import make_pictures
from harness.explain.statements import QUESTIONS, STATEMENTS
from harness.explain.text_page import text_lines
from harness.workspace import Workspace
from tests.weights.torch7_files import make_generator, save


def test_every_model_can_be_explained() -> None:
    for model in (next(m for m in MODELS.values() if m.family == family) for family in ("pix2pix", "cyclegan")):
        explanation = explain(Workspace(Path()), model.id)
        assert explanation.model == model
        channels = 6 if model.paired else 3
        assert explanation.basic.network.input[0] == channels
        assert explanation.basic.map == 30


def test_the_lua_original_is_explained_as_its_file_shows_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    of_the_catalog = explain(workspace, "lua/edges2handbags")
    assert of_the_catalog.generator.parameters == 54_419_459  # as Torch7 counts them
    placed = workspace.weights("lua", "edges2handbags")
    placed.parent.mkdir(parents=True)
    save(placed, make_generator(levels=7, skips=False, bottleneck=True))
    of_the_file = explain(workspace, "lua/edges2handbags")
    assert of_the_file.generator.input == (3, 128, 128) and not of_the_file.generator.skips
    kinds = [layer.kind for layer in of_the_file.generator.layers]
    assert kinds.count("BatchNorm2d") == 12 and kinds.count("Dropout") == 3


def test_an_unknown_model_is_answered() -> None:
    with pytest.raises(UnknownNameError):
        explain(Workspace(Path()), "facades")


def test_the_terminal_says_every_statement_with_its_sources() -> None:
    text = "\n".join(text_lines(explain(Workspace(Path()))))

    assert "70×70" in text
    assert "54,413,955" in text
    for statement in STATEMENTS:
        assert f"[{', '.join(map(str, statement.sources))}]" in text
    assert f"{len(QUESTIONS)}. " in text


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("fa", "rtl")])
def test_the_page_needs_nothing_beside_it(lang: str, direction: str, tmp_path: Path) -> None:
    page = write_explanation(Workspace(tmp_path), None, lang).read_text(encoding="utf-8")

    assert f'dir="{direction}"' in page
    assert page.count("<rect class=") == 16 + 4
    assert page.count('class="arc') == 7
    loaded = re.findall(r'<(?:img|image|script|link)\b[^>]*?(?:src|href)="([^"]*)"', page)
    assert len(loaded) == 12
    assert all(address.startswith("data:image/png;base64,") for address in loaded)
    assert "style=" not in page.partition("<body")[2]


def test_pictures_differ_where_they_should() -> None:
    pictures = make_pictures()

    addresses = [p.address for p in (*pictures.samples, *pictures.states[1:])]
    assert len(set(addresses)) == len(addresses)
    assert 0 < pictures.spread < 128
    assert pictures == make_pictures()


def test_the_command_prints_the_page_s_link(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--workspace", str(tmp_path), "explain", "horse2zebra", "--html", "--lang", "fa"])

    assert result.exit_code == 0, result.output
    page = tmp_path / "results" / "explain-cyclegan-horse2zebra.html"
    assert result.stdout == f"صفحه: {page.as_uri()}\n"
    assert page.is_file()
