"""What is played: which tools a model has, what one begins with, and the set that drawings go to."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog import browser_runtime
from harness.catalog.types import Architecture
from harness.errors import ChecksumError, FetchError, ImageError, TestSetError, WorkspaceError
from harness.files import sha256_of
from harness.images.palettes import FACADES
from harness.play.drawn_sets import add_drawing, free_name
from harness.play.drawn_sets import test_command as command_of
from harness.play.playing import Player, PlayRequest, chosen_generator
from harness.play.site import SiteRequest, write_site
from harness.progress import Silent
from harness.provision import browser_runtime_files
from harness.provision.browser_runtime_files import bring_runtime
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace
from tests.fetch.server import Answer, running_server, without_proxies
from tests.weights.state_dicts import state_dict_of

BLACK = np.zeros((256, 256, 3), np.uint8)


def player_of(folder: Path, model: str, **asked: object) -> Player:
    """A player of random weights, tiny as a test needs them."""
    cyclic = model.startswith("cyclegan/")
    netG, norm, dropout = ("resnet_9blocks", "instance", False) if cyclic else ("unet_256", "batch", True)
    architecture = Architecture(netG, norm, dropout, ngf=2)  # type: ignore[arg-type]
    torch.save(state_dict_of(architecture), folder / "weights.pth")
    request = PlayRequest(model=model, weights=folder / "weights.pth", **asked)  # type: ignore[arg-type]
    return Player(Workspace(folder), request, Silent())


@pytest.mark.parametrize(
    ("model", "kind", "classes", "drawn"),
    [
        ("facades_label2photo", "label_map", 12, 12),
        ("facades_photo2label", "picture", 0, 12),
        ("edges2shoes", "edges", 0, 0),
        ("cyclegan/horse2zebra", "picture", 0, 0),
        ("cyclegan/cityscapes_label2photo", "label_map", 20, 0),
    ],
)
def test_tools_and_beginnings_follow_from_what_the_model_eats(
    tmp_path: Path, model: str, kind: str, classes: int, drawn: int
) -> None:
    player = player_of(tmp_path, model)
    assert (player.kind, len(player.palette), len(player.starts)) == (kind, classes, drawn)


def test_without_weights_the_packages_own_is_played_and_installed_ones_go_first(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert chosen_generator(workspace, PlayRequest()).architecture.ngf == 12
    placed = workspace.weights("pix2pix", "facades_label2photo")
    placed.parent.mkdir(parents=True)
    torch.save(state_dict_of(Architecture("unet_256", "batch", True, ngf=2)), placed)
    assert chosen_generator(workspace, PlayRequest()).architecture.ngf == 2
    assert chosen_generator(workspace, PlayRequest(model="demo")).architecture.ngf == 12


def test_a_photo_becomes_edges_and_a_jpeg_of_labels_its_colours(tmp_path: Path) -> None:
    stream = io.BytesIO()
    picture = Image.new("RGB", (300, 300), (250, 250, 250))
    picture.paste((40, 60, 90), (80, 60, 220, 200))
    picture.save(stream, "PNG")
    drawn, _ = player_of(tmp_path, "edges2shoes").bring(stream.getvalue())
    values = set(np.unique(np.asarray(drawn)).tolist())
    assert drawn.size == (256, 256) and values == {0, 255}
    _, notes = player_of(tmp_path, "facades_label2photo").bring(stream.getvalue())
    assert any("looks like no label map" in note for note in notes)
    with pytest.raises(ImageError):
        player_of(tmp_path, "facades_label2photo").bring(b"hello")


def test_drawings_are_collected_under_their_names_and_never_into_another_set(tmp_path: Path) -> None:
    player = player_of(tmp_path, "facades_label2photo", seed=2)
    assert free_name(player) == "drawing-001"
    assert add_drawing(player, BLACK, "drawing-001") == 1
    assert free_name(player) == "drawing-002"
    assert add_drawing(player, BLACK, "dots", "maps/dots") == 2
    test_set = load_test_set(tmp_path / "datasets" / "drawings")
    assert [image.source for image in test_set.images] == ["drawing-001.png", "maps/dots"]
    assert test_set.domains == (None, "facade_label") and test_set.direction == "BtoA"
    for image in test_set.images:
        assert sha256_of(tmp_path / "datasets" / "drawings" / image.output) == image.output_sha256
    with pytest.raises(TestSetError, match="has a picture `DOTS`"):
        add_drawing(player, BLACK, "DOTS")
    other = player_of(tmp_path, "edges2shoes")
    with pytest.raises(TestSetError, match="for another model"):
        add_drawing(other, BLACK, "a")
    assert "--seed 2" in command_of(player, 2) and "--weights" in command_of(player, 0)


def test_a_size_that_is_not_the_models_stands_in_the_command(tmp_path: Path) -> None:
    player = player_of(tmp_path, "cyclegan/horse2zebra", size=(64, 32))
    assert player.draw(np.zeros((32, 64, 3), np.uint8), "a", 0)[0][0].size == (64, 32)
    assert "--size 64x32" in command_of(player, 0)


def test_nearness_names_classes_by_rank(tmp_path: Path) -> None:
    player = Player(Workspace(tmp_path), PlayRequest(model="demo"), Silent())
    windows = np.full((256, 256, 3), FACADES[2].rgb, np.uint8)
    told = player.near(windows)
    assert told and told["verdict"] == "far"
    assert told["classes"][0] == {"name": "window", "more": True, "than": 256, "of": 256}
    usual = player.near(np.asarray(player.start(player.starts[1])))
    assert usual and usual["verdict"] == "near" and len(usual["classes"]) < 3
    assert player_of(tmp_path, "edges2shoes").near(windows) is None


def test_a_model_in_lab_cannot_be_a_page_alone(tmp_path: Path) -> None:
    torch.save(state_dict_of(Architecture("unet_256", "batch", True, ngf=2, input_nc=1, output_nc=2)), tmp_path / "w")
    play = PlayRequest(model="facades_label2photo", weights=tmp_path / "w")
    with pytest.raises(Exception, match="CIELAB"):
        write_site(Workspace(tmp_path), SiteRequest(play=play, folder=tmp_path / "site"), Silent())
    (tmp_path / "there").mkdir()
    with pytest.raises(WorkspaceError, match="exists already"):
        write_site(Workspace(tmp_path), SiteRequest(play=play, folder=tmp_path / "there"), Silent())
    assert not (tmp_path / "site").exists()


def test_the_browsers_runtime_is_only_what_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package" / "dist"
    package.mkdir(parents=True)
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(FetchError, match="holds no `ort"):
        bring_runtime(workspace, tmp_path / "package", Silent())
    files = [browser_runtime_files.SCRIPT, browser_runtime_files.WASM]
    for file in files:
        (package / file.name).write_bytes(file.name.encode())
    with pytest.raises(ChecksumError, match="is not of onnxruntime-web"):
        bring_runtime(workspace, package, Silent())
    assert not list(workspace.root.rglob("*.mjs"))
    for constant, file in zip(("SCRIPT", "WASM"), files, strict=True):
        known = replace(file, sha256=sha256_of(package / file.name))
        monkeypatch.setattr(browser_runtime_files, constant, known)
    brought = bring_runtime(workspace, tmp_path / "package", Silent())
    assert [path.read_text() for path in brought] == [file.name for file in files]
    # Once they are there, no server is asked.
    assert bring_runtime(workspace, None, Silent()) == brought


def test_the_browsers_runtime_is_brought_and_a_wrong_one_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    workspace = Workspace(tmp_path)
    with running_server() as server:
        monkeypatch.setattr(browser_runtime, "_SERVERS", (f"{server.url}/npm/web",))
        files = {}
        for constant in ("SCRIPT", "WASM"):
            file = getattr(browser_runtime_files, constant)
            files[constant] = replace(file, sha256=hashlib.sha256(file.name.encode()).hexdigest(), size_bytes=None)
            monkeypatch.setattr(browser_runtime_files, constant, files[constant])
            server.serve(f"npm/web@{browser_runtime.VERSION}/dist/{file.name}", Answer(b"another file"))
        with pytest.raises(FetchError, match="is not what it should be") as refused:
            bring_runtime(workspace, None, Silent())
        assert "--from-file" in str(refused.value.hint)
        for file in files.values():
            server.serve(f"npm/web@{browser_runtime.VERSION}/dist/{file.name}", Answer(file.name.encode()))
        assert [path.read_text() for path in bring_runtime(workspace, None, Silent())] == [
            f.name for f in files.values()
        ]
