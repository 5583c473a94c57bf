"""A test that was cut goes on with the images that were whole, and ends as if it had never been cut."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalog.preprocessing import Preprocessing
from harness.catalog.repositories import PYTORCH
from harness.cli.main import main
from harness.images.geometry import Sizing
from harness.runs.record import load_record
from harness.runs.trained import find_model
from harness.sets.finding import find_set
from harness.sets.selection import select
from harness.testing.loading import load_generator
from harness.testing.recording import Assignment
from harness.testing.request import TestRequest
from harness.testing.taking_over import translated
from harness.workspace import Workspace
from tests.cutting import content, cut, expected_code, names
from tests.pictures import save_picture
from tests.testing.conftest import MODEL, SET
from tests.upstream_standin import make_standin
from tests.weights.torch7_files import make_generator, save

NOT_EQUAL = ("run.json", "index.html", "index.fa.html", "log.txt")  # times stand in them


def asked(workspace: Workspace, engine: str, *options: str) -> list[str]:
    told = ["test", "--model", MODEL, "--dataset", SET, "--device", "cpu", "--engine", engine, "--name", "again"]
    return ["--workspace", str(workspace.root), *told, *options]


@pytest.fixture
def with_clone(workspace: Workspace, tmp_path: Path) -> Workspace:
    url, _ = make_standin(tmp_path / "standin")
    shutil.copytree(url, workspace.upstream(PYTORCH.id))
    return workspace


@pytest.mark.parametrize(
    ("engine", "options", "number"),
    [
        ("native", ("--batch-size", "1", "--samples", "2"), signal.SIGKILL),
        ("native", ("--batch-size", "1", "--size", "512"), signal.SIGKILL),  # with outputs in the source's own shape
        ("official", (), signal.SIGTERM),
    ],
)
def test_it_goes_on_and_equals_an_uncut_one(
    with_clone: Workspace,
    engine: str,
    options: tuple[str, ...],
    number: signal.Signals,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = with_clone.run("again")
    code, said = cut(*asked(with_clone, engine, *options), after=2, by=number)
    assert code == expected_code(number), said
    assert not run.exists()
    assert main(asked(with_clone, engine, *options)) == 0
    assert "2 of 3 images were whole when this test was cut: taken over" in capsys.readouterr().err
    assert load_record(run).extra["taken_over"] == 2
    assert not [name for name in names(with_clone.results) if name.startswith(".") and name != ".index-lock"]
    gone_on = content(run, *NOT_EQUAL)
    shutil.rmtree(run)
    assert main(asked(with_clone, engine, *options)) == 0
    assert "taken_over" not in load_record(run).extra
    assert content(run, *NOT_EQUAL) == gone_on


def test_what_was_drawn_otherwise_is_not_taken_over_and_checks_take_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(*asked(workspace, "native"), after=2)
    (kept,) = workspace.results.glob(".*.cut")
    before = content(kept)
    assert len(before) == 2 * 4  # input, output, target and what was told of them
    assert main(["verify", "mine", "--device", "cpu"]) == 0
    assert main(asked(workspace, "native", "--seed", "4")) == 0
    assert "taken over" not in capsys.readouterr().err
    assert content(kept) == before


def test_pictures_brought_to_size_in_another_way_are_not_taken_over(workspace: Workspace) -> None:
    model = replace(find_model(workspace, MODEL), preprocessing=Preprocessing("scale_width", 300, 256))
    generator = load_generator(workspace, model)
    selection = select(find_set(workspace, SET, family="pix2pix"), model, None)

    def kept(size: Sizing | None) -> Path | None:
        request = TestRequest(model=model, engine="native", size=size)
        with translated(workspace, Assignment(generator, selection, request, "cpu")) as before:
            return before.pieces.folder

    # Neither has one size for all pictures; only one brings them to sizes as the training did.
    assert kept(None) != kept("own")


def test_the_dropout_of_torch7_goes_on_where_a_cut_test_stopped(bare: Workspace, tmp_path: Path) -> None:
    save(tmp_path / "mine.t7", make_generator(levels=5))
    for name in ("a", "b", "c"):
        save_picture(tmp_path / "photos" / "test" / f"{name}.png", 64, 32)
    words = ["--workspace", str(bare.root), "test", "--model", "lua/facades_label2image", "-q", "--name", "again"]
    words += ["--weights", str(tmp_path / "mine.t7"), "--dataset", str(tmp_path / "photos"), "--device", "cpu"]
    words += ["--lua-seed", "2383", "--batch-size", "1"]
    cut(*words, after=1)
    assert main(words) == 0
    assert load_record(bare.run("again")).extra["taken_over"] == 1
    gone_on = content(bare.run("again") / "images")
    shutil.rmtree(bare.run("again"))
    assert main(words) == 0
    assert content(bare.run("again") / "images") == gone_on
