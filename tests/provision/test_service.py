"""`harness setup` end to end, against a local server and a tiny upstream."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from harness.catalog.datasets import DATASETS
from harness.catalog.lookup import find_dataset, find_model
from harness.catalog.models import MODELS
from harness.catalog.repositories import LUA, PYTORCH, REPOSITORIES
from harness.errors import ChecksumError, HarnessError, UnknownNameError
from harness.fetch.asset import Asset
from harness.files import sha256_of
from harness.provision.installed import clone_state, installed_weights, weights_differ
from harness.provision.mirrors import mirrored, mirrors_of
from harness.sets.finding import installed_dataset
from tests.fetch.server import Answer
from tests.provision.conftest import RESNET, UNET, Bench, dataset_bytes, generator_bytes, tar_bytes, torch7_bytes

CODE = dict.fromkeys(REPOSITORIES, "brought")


def states(report: object) -> dict[str, str]:
    return {row.id: row.state for row in report.rows}  # type: ignore[attr-defined]


def leftovers(folder: Path) -> list[str]:
    """Hidden files below a folder that are no part of a clone."""
    return [
        p.name for p in folder.rglob(".*") if ".git" not in p.parts and not p.name.startswith((".git", ".harness.lock"))
    ]


def test_code_weights_and_datasets_come_to_their_places(bench: Bench) -> None:
    report = bench.set_up("sat2map", datasets=("facades",))
    assert report.failures == ()
    assert states(report) == {**CODE, "pix2pix/sat2map": "brought", "pix2pix/facades": "brought"}
    root = bench.workspace.root
    assert (root / "third_party" / PYTORCH.id / "test.py").is_file()
    weights = root / "third_party/checkpoints/pix2pix/sat2map_pretrained/latest_net_G.pth"
    assert weights.read_bytes() == generator_bytes(UNET, 1)
    assert sorted(p.name for p in (root / "datasets/pix2pix/facades").iterdir()) == ["test", "train", "val"]
    lock = json.loads((root / "harness.lock").read_text())
    assert set(lock["downloaded"]) == {"weights pix2pix/sat2map", "dataset pix2pix/facades"}
    assert leftovers(root) == []
    assert bench.listener.warned == []


def test_a_second_call_has_nothing_to_do_and_says_nothing(bench: Bench) -> None:
    bench.set_up("sat2map", datasets=("facades",))
    asked, bench.listener.said = len(bench.server.requests), []
    report = bench.set_up("sat2map", datasets=("facades",), upstream_url="/gone")
    assert set(states(report).values()) == {"present"}
    assert len(bench.server.requests) == asked
    assert bench.listener.said == []


def test_what_both_families_have_lies_apart(bench: Bench) -> None:
    names = ("sat2map", "cyclegan/sat2map")
    report = bench.set_up(*names, datasets=("facades", "cyclegan/facades"))
    assert report.failures == ()
    files = [installed_weights(bench.workspace, find_model(name)) for name in names]
    assert [f.read_bytes() for f in files if f] == [generator_bytes(UNET, 1), generator_bytes(RESNET, 2)]
    folders = [installed_dataset(bench.workspace, find_dataset(name)) for name in ("facades", "cyclegan/facades")]
    assert [sorted(p.name for p in f.iterdir()) for f in folders if f] == [
        ["test", "train", "val"],
        ["testA", "testB", "trainA", "trainB"],
    ]


def test_one_failure_does_not_stop_the_rest(bench: Bench) -> None:
    report = bench.set_up("map2sat", "sat2map", datasets=("maps", "facades"), upstream_ref="1" * 40)
    assert [failure.id for failure in report.failures] == [PYTORCH.id, "pix2pix/map2sat", "pix2pix/maps"]
    assert "404" in report.failures[1].error.message
    assert states(report) == {LUA.id: "brought", "pix2pix/sat2map": "brought", "pix2pix/facades": "brought"}
    assert [failure["id"] for failure in report.to_json()["failures"]] == [f.id for f in report.failures]


def test_all_is_the_weights_of_every_model(bench: Bench) -> None:
    for model in MODELS.values():
        lua = model.family == "lua"
        bench.server.serve(model.id, Answer(torch7_bytes() if lua else generator_bytes(model.architecture)))
    report = bench.set_up(every_model=True)
    assert report.failures == ()
    assert {row.id for row in report.rows if row.kind == "weights"} == set(MODELS)


@pytest.mark.parametrize("names", [{"models": ("sat2mpa",)}, {"datasets": ("facade",)}])
def test_an_unknown_name_stops_before_anything_is_done(bench: Bench, names: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean"):
        bench.set_up(*names.get("models", ()), datasets=names.get("datasets", ()))
    assert not bench.workspace.root.exists()


def test_a_web_page_is_no_weights(bench: Bench) -> None:
    bench.server.serve("pix2pix/sat2map", Answer(b"<html>sorry</html>"))
    report = bench.set_up("sat2map")
    assert "web page" in report.failures[0].error.message
    assert installed_weights(bench.workspace, find_model("sat2map")) is None
    assert leftovers(bench.workspace.root) == []


def test_a_download_that_is_no_generator_is_neither_kept_nor_recorded(bench: Bench) -> None:
    bench.server.serve("pix2pix/sat2map", Answer(b"no pickle at all"), Answer(generator_bytes(UNET)))
    assert bench.set_up("sat2map").failures
    assert bench.set_up("sat2map").failures == ()


def test_weights_that_are_not_as_the_catalog_says_are_told(bench: Bench) -> None:
    bench.server.serve("pix2pix/sat2map", Answer(generator_bytes(replace(UNET, ngf=2))))
    assert bench.set_up("sat2map").failures == ()
    assert any("filters (ngf) 1 expected, 2 found" in warning for warning in bench.listener.warned)


def test_a_dataset_that_is_another_one_is_refused(bench: Bench) -> None:
    bench.server.serve("pix2pix/facades.zip", Answer(dataset_bytes("trainA", "testA")))
    report = bench.set_up(datasets=("facades",))
    assert "this is not `pix2pix/facades`: it holds `testA`, `trainA`" in report.failures[0].error.message
    assert not (bench.workspace.root / "datasets" / "pix2pix" / "facades").exists()
    assert leftovers(bench.workspace.root) == []


def test_another_number_of_pictures_is_an_error_unless_it_is_accepted(bench: Bench) -> None:
    bench.server.serve("pix2pix/facades.zip", Answer(dataset_bytes("train", "val", "test", pictures=1)))
    (failure,) = bench.set_up(datasets=("facades",)).failures
    assert "`pix2pix/facades`: 1 pictures in `train`, 2 were expected; 1 pictures in `val`" in failure.error.message
    assert "--accept-counts" in (failure.error.hint or "")
    assert not bench.workspace.official_dataset("pix2pix", "facades").exists()
    assert bench.set_up(datasets=("facades",), accept_counts=True).failures == ()
    assert "`pix2pix/facades`: 1 pictures in `train`, 2 were expected" in bench.listener.warned
    assert len(bench.server.requests) == 1  # what came was kept
    assert leftovers(bench.workspace.root) == []


@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_another_number_of_pictures_of_the_users_own_is_an_error_too(bench: Bench, tmp_path: Path, kind: str) -> None:
    mine = tmp_path / "mine.zip"
    mine.write_bytes(dataset_bytes("train", "val", "test", pictures=3))
    if kind == "folder":
        with zipfile.ZipFile(mine) as archive:
            archive.extractall(tmp_path / "mine")
        mine = tmp_path / "mine" / "facades"
    (failure,) = bench.set_up(datasets=("facades",), from_file=mine).failures
    assert "3 pictures in `train`, 2 were expected" in failure.error.message
    assert bench.set_up(datasets=("facades",), from_file=mine, accept_counts=True).failures == ()


def test_a_plain_tar_of_the_users_own_wants_its_digest(bench: Bench, tmp_path: Path) -> None:
    mine = tmp_path / "f.tar"
    mine.write_bytes(tar_bytes("train", "val", "test", mode="w"))
    (failure,) = bench.set_up(datasets=("facades",), from_file=mine).failures
    assert "no checksum" in failure.error.message
    with pytest.raises(ChecksumError, match=f"expected SHA-256 {'1' * 64}, got {sha256_of(mine)}"):
        bench.set_up(datasets=("facades",), from_file=mine, sha256="1" * 64)
    assert bench.set_up(datasets=("facades",), from_file=mine, sha256=sha256_of(mine).upper()).failures == ()


def test_a_plain_tar_from_a_server_is_refused(bench: Bench) -> None:
    bench.server.serve("pix2pix/facades.zip", Answer(tar_bytes("train", "val", "test", mode="w")))
    (failure,) = bench.set_up(datasets=("facades",)).failures
    assert "no checksum" in failure.error.message


def test_a_digest_needs_its_one_file(bench: Bench, tmp_path: Path) -> None:
    for options in ({}, {"from_file": tmp_path / "a", "bundle": tmp_path / "b"}):
        with pytest.raises(HarnessError, match="needs the one file"):
            bench.set_up("sat2map", sha256="1" * 64, **options)
    with pytest.raises(ChecksumError, match="got no file"):
        bench.set_up("sat2map", sha256="1" * 64, from_file=tmp_path / "none")


def test_a_changed_byte_of_weights_is_found_on_arrival(bench: Bench) -> None:
    damaged = bytearray(generator_bytes(UNET, 1))
    damaged[len(damaged) // 2] ^= 1
    bench.server.serve("pix2pix/sat2map", Answer(bytes(damaged)))
    (failure,) = bench.set_up("sat2map").failures
    assert "does not fit its checksum" in failure.error.message
    assert installed_weights(bench.workspace, find_model("sat2map")) is None


def test_the_digest_trusted_on_first_sight_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.set_up("sat2map")
    digest = hashlib.sha256(generator_bytes(UNET, 1)).hexdigest()
    assert f"weights pix2pix/sat2map: its SHA-256 was not known; from now on it must be {digest}" in bench.listener.talk
    (tmp_path / "mine.pth").write_bytes(generator_bytes(UNET, 5))
    bench.set_up("map2sat", from_file=tmp_path / "mine.pth")
    assert any("weights pix2pix/map2sat" in said for said in bench.listener.talk)
    assert not any("checksum" in said for said in bench.listener.talk)


def test_weights_without_a_checksum_of_their_own_are_told(bench: Bench) -> None:
    bench.server.serve("pix2pix/sat2map", Answer(generator_bytes(UNET, 1, legacy=True)))
    bench.set_up("sat2map")
    assert any("hold no checksum" in said for said in bench.listener.talk)


def test_installed_weights_that_changed_are_told(bench: Bench) -> None:
    model = find_model("sat2map")
    assert weights_differ(bench.workspace, model) is None
    bench.set_up("sat2map")
    assert weights_differ(bench.workspace, model) is None
    path = installed_weights(bench.workspace, model)
    assert path is not None
    path.write_bytes(generator_bytes(UNET, 2))
    told = weights_differ(bench.workspace, model) or ""
    assert hashlib.sha256(generator_bytes(UNET, 1)).hexdigest() in told
    assert str(path) in told


def test_a_mirror_is_asked_first_and_the_authors_server_after_it(bench: Bench) -> None:
    bench.server.serve("copy/pix2pix/sat2map", Answer(generator_bytes(UNET, 3)))
    report = bench.set_up("sat2map", datasets=("facades",), mirrors=(f"{bench.server.url}/copy/",))
    assert report.failures == ()
    asked = [path for path, _ in bench.server.requests]
    assert asked == ["copy/pix2pix/sat2map", "copy/pix2pix/facades.zip", "pix2pix/facades.zip"]


def test_mirrors_are_told_by_option_environment_and_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = bench.workspace
    workspace.root.mkdir()
    assert mirrors_of(workspace) == ()
    workspace.mirrors_file.write_text("# ours\n\nhttps://file.example/a # near\nhttp://file.example/b\n")
    assert mirrors_of(workspace) == ("https://file.example/a", "http://file.example/b")
    monkeypatch.setenv("HARNESS_MIRROR", "https://one.example https://two.example")
    assert mirrors_of(workspace) == ("https://one.example", "https://two.example")
    assert mirrors_of(workspace, ("https://given.example",)) == ("https://given.example",)
    with pytest.raises(HarnessError, match="`/mnt/copy` is no mirror"):
        bench.set_up("sat2map", mirrors=("/mnt/copy",))


def test_a_mirror_keeps_its_token(bench: Bench) -> None:
    asset = mirrored(Asset("x", ("http://host/a/b.pth",)), ("https://m.example/base?token=1",))
    assert asset.urls == ("https://m.example/base/a/b.pth?token=1", "http://host/a/b.pth")


def test_a_token_of_the_upstream_address_is_nowhere_in_the_workspace(bench: Bench) -> None:
    report = bench.set_up("sat2map", upstream_url="http://me:s3cret@127.0.0.1:9/x.git?private_token=s3cret")
    (failure,) = report.failures
    assert "s3cret" not in json.dumps(report.to_json())
    assert "127.0.0.1:9/x.git" in failure.error.message
    assert not any(b"s3cret" in path.read_bytes() for path in bench.workspace.root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "error", [OSError(errno.EDQUOT, "Disk quota exceeded"), OSError(errno.EROFS, "Read-only"), MemoryError()]
)
def test_what_the_system_refuses_one_thing_does_not_stop_the_rest(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr("harness.provision.weight_files.bring", refuse)
    report = bench.set_up("sat2map", datasets=("facades",))
    assert [failure.id for failure in report.failures] == ["pix2pix/sat2map"]
    assert str(bench.workspace.root) in report.failures[0].error.message
    assert report.failures[0].error.hint
    assert states(report)["pix2pix/facades"] == "brought"


def test_a_folder_in_the_place_of_a_dataset_is_not_touched(bench: Bench) -> None:
    mine = bench.workspace.official_dataset("pix2pix", "facades")
    mine.mkdir(parents=True)
    (mine / "mine.txt").write_text("mine")
    report = bench.set_up(datasets=("facades",))
    assert "was not touched" in report.failures[0].error.message
    assert (mine / "mine.txt").read_text() == "mine"


def test_an_archive_left_by_an_interrupted_call_is_used_and_removed(bench: Bench) -> None:
    bench.set_up(datasets=("facades",))
    folder = bench.workspace.official_dataset("pix2pix", "facades")
    left = folder.with_name(".facades.zip")
    left.write_bytes(dataset_bytes("train", "val", "test"))
    shutil.rmtree(folder)
    asked = len(bench.server.requests)
    bench.set_up(datasets=("facades",))
    assert folder.is_dir()
    assert not left.exists()
    assert len(bench.server.requests) == asked


def test_weights_of_the_user_are_placed_and_later_calls_accept_them(bench: Bench, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.write_bytes(generator_bytes(replace(UNET, ngf=2)))
    report = bench.set_up("sat2map", from_file=mine)
    assert states(report)["pix2pix/sat2map"] == "brought"
    assert any("not the authors' own" in warning for warning in bench.listener.warned)
    placed = installed_weights(bench.workspace, find_model("sat2map"))
    assert placed is not None
    assert placed.read_bytes() == mine.read_bytes()
    assert states(bench.set_up("sat2map", from_file=mine))["pix2pix/sat2map"] == "present"
    assert states(bench.set_up("sat2map"))["pix2pix/sat2map"] == "present"
    assert bench.server.requests == []


def test_another_file_of_the_user_replaces_the_one_before(bench: Bench, tmp_path: Path) -> None:
    bench.set_up("sat2map")
    (tmp_path / "mine.pth").write_bytes(generator_bytes(UNET, 7))
    report = bench.set_up("sat2map", from_file=tmp_path / "mine.pth")
    assert states(report)["pix2pix/sat2map"] == "brought"
    assert "replacing the weights of `pix2pix/sat2map`" in bench.listener.said
    assert states(bench.set_up("sat2map"))["pix2pix/sat2map"] == "present"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (generator_bytes(RESNET), "network unet_256 expected, resnet_9blocks found"),
        (generator_bytes(replace(UNET, input_nc=1)), "input channels 3 expected, 1 found"),
        (b"<html>", "mine.pth"),
        (None, "there is no file"),
    ],
)
def test_a_file_that_is_not_the_models_is_refused(
    bench: Bench, tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "mine.pth").write_bytes(content)
    (failure,) = bench.set_up("sat2map", from_file=tmp_path / "mine.pth").failures
    assert told in failure.error.message
    assert installed_weights(bench.workspace, find_model("sat2map")) is None


def test_weights_of_the_lua_original_may_be_another_network_than_the_catalogs(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.t7").write_bytes(torch7_bytes(levels=6, bottleneck=True, channels=(1, 2)))
    report = bench.set_up("lua/edges2handbags", from_file=tmp_path / "mine.t7")
    assert states(report)["lua/edges2handbags"] == "brought"
    assert any("network unet_32 expected, unet_64 found; input channels" in said for said in bench.listener.warned)
    placed = bench.workspace.root / "third_party/checkpoints/lua/edges2handbags_pretrained/latest_net_G.t7"
    assert installed_weights(bench.workspace, find_model("edges2handbags")) == placed
    assert placed.read_bytes() == (tmp_path / "mine.t7").read_bytes()
    bench.server.serve("lua/edges2shoes", Answer(torch7_bytes()))
    bench.listener.warned.clear()
    assert states(bench.set_up("lua/edges2shoes"))["lua/edges2shoes"] == "brought"
    assert bench.listener.warned == []


@pytest.mark.parametrize(
    ("model", "content", "told", "hint"),
    [
        (
            "sat2map",
            torch7_bytes(),
            "is of the Lua original, and `pix2pix/sat2map` of the",
            "weights convert",
        ),
        (
            "lua/day2night",
            generator_bytes(UNET),
            "is of the PyTorch code, and `lua/day2night` of",
            "harness models",
        ),
        ("lua/day2night", torch7_bytes()[:-50], "is damaged, cut off or no file of Lua Torch", "bring it again"),
    ],
)
def test_weights_of_the_other_code_are_refused(
    bench: Bench, tmp_path: Path, model: str, content: bytes, told: str, hint: str
) -> None:
    (tmp_path / "mine").write_bytes(content)
    (failure,) = bench.set_up(model, from_file=tmp_path / "mine").failures
    assert told in failure.error.message
    assert hint in str(failure.error.hint)
    assert installed_weights(bench.workspace, find_model(model)) is None


def test_without_the_lua_original_all_else_is_done(bench: Bench) -> None:
    report = bench.set_up("sat2map", lua_url="/gone")
    assert report.failures == ()
    assert states(report) == {PYTORCH.id: "brought", "pix2pix/sat2map": "brought"}
    (warning,) = bench.listener.warned
    assert "the Lua original was not cloned" in warning and "`/gone`" in warning


def test_a_disk_that_fills_up_while_copying_leaves_nothing(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    (tmp_path / "mine.pth").write_bytes(generator_bytes(UNET))
    (failure,) = bench.set_up("sat2map", from_file=tmp_path / "mine.pth").failures
    assert "No space left on device" in failure.error.message
    assert installed_weights(bench.workspace, find_model("sat2map")) is None
    assert leftovers(bench.workspace.root) == []


def test_an_archive_of_the_user_is_unpacked(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "f.zip").write_bytes(dataset_bytes("train", "val", "test"))
    report = bench.set_up(datasets=("facades",), from_file=tmp_path / "f.zip")
    assert states(report)["pix2pix/facades"] == "brought"
    assert (tmp_path / "f.zip").is_file()
    assert bench.server.requests == []


def test_a_file_needs_one_name(bench: Bench, tmp_path: Path) -> None:
    for names in ((), ("sat2map", "map2sat")):
        with pytest.raises(HarnessError, match="exactly one"):
            bench.set_up(*names, from_file=tmp_path / "x")
    with pytest.raises(HarnessError, match="exactly one"):
        bench.set_up(every_model=True, from_file=tmp_path / "x")


@pytest.fixture
def carried(bench: Bench, tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "checkpoints" / "cyclegan").mkdir(parents=True)
    (folder / "checkpoints" / "cyclegan" / "sat2map.pth").write_bytes(generator_bytes(RESNET))
    (folder / "datasets" / "pix2pix").mkdir(parents=True)
    (folder / "datasets" / "pix2pix" / "facades.zip").write_bytes(dataset_bytes("train", "val", "test"))
    (folder / "checkpoints" / "lua").mkdir()
    (folder / "checkpoints" / "lua" / "day2night.t7").write_bytes(torch7_bytes())
    for repository in (PYTORCH, LUA):
        shutil.copytree(bench.upstream.path, folder / f"{repository.id}.git")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_a_bundle_brings_everything_without_a_network(
    bench: Bench, carried: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = carried
    if packed:
        bundle = carried.with_suffix(".zip")
        with zipfile.ZipFile(bundle, "w") as archive:
            for path in sorted(carried.rglob("*")):
                archive.write(path, path.relative_to(carried.parent))
    monkeypatch.setitem(REPOSITORIES, LUA.id, replace(LUA, commit=bench.upstream.second))
    report = bench.set_up(bundle=bundle, upstream_url=None)
    assert report.failures == () and bench.listener.warned == []
    weights = dict.fromkeys(("cyclegan/sat2map", "lua/day2night"), "brought")
    assert states(report) == {**CODE, **weights, "pix2pix/facades": "brought"}
    original = clone_state(bench.workspace, LUA.id)
    assert original is not None
    assert (original.url, original.commit) == (LUA.url, bench.upstream.second)
    clone = clone_state(bench.workspace)
    assert clone is not None
    assert (clone.url, clone.commit, clone.dirty) == (PYTORCH.url, bench.upstream.first, False)
    assert bench.server.requests == []
    assert leftovers(bench.workspace.root) == []


def test_another_workspace_is_a_bundle(bench: Bench, tmp_path: Path) -> None:
    bench.set_up("sat2map", datasets=("cyclegan/facades",))
    first, bench.workspace = bench.workspace, replace(bench.workspace, root=tmp_path / "second")
    asked = len(bench.server.requests)
    report = bench.set_up(bundle=first.root, upstream_url=None)
    assert report.failures == ()
    assert states(report) == {**CODE, "pix2pix/sat2map": "brought", "cyclegan/facades": "brought"}
    assert len(bench.server.requests) == asked


def test_a_bundle_of_nothing_is_told(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HarnessError, match="nothing that is known") as raised:
        bench.set_up(bundle=tmp_path / "empty")
    assert raised.value.hint
    assert "checkpoints/FAMILY/NAME.pth" in raised.value.hint
    with pytest.raises(HarnessError, match="there is no file or folder"):
        bench.set_up(bundle=tmp_path / "none")


def test_a_dirty_clone_is_a_failure_that_names_the_files(bench: Bench) -> None:
    bench.set_up()
    (bench.workspace.upstream(PYTORCH.id) / "test.py").write_text("mine")
    report = bench.set_up("sat2map")
    assert "`test.py`" in report.failures[0].error.message
    assert {row.id: row.note for row in report.rows}[PYTORCH.id].endswith("with local changes")
    assert states(report)["pix2pix/sat2map"] == "brought"


def test_nothing_is_installed_in_an_empty_workspace(bench: Bench) -> None:
    assert installed_weights(bench.workspace, find_model("sat2map")) is None
    assert installed_dataset(bench.workspace, next(iter(DATASETS.values()))) is None
    assert clone_state(bench.workspace) is None
