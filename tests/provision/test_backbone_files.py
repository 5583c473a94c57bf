"""Networks that metrics judge by: brought from a server, placed from a file, and told from every other file."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalog.backbones import BACKBONES
from harness.errors import ChecksumError, MetricError, UnknownNameError, WeightsError
from harness.provision.backbone_files import backbones_of, installed_backbone
from tests.fetch.server import Answer
from tests.provision.conftest import Bench

CONTENT = {name: f"the weights of {name}".encode() for name in BACKBONES}


@pytest.fixture
def networks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The catalog's networks, tiny and on the local server."""
    for name, backbone in list(BACKBONES.items()):
        known = {"sha256": hashlib.sha256(CONTENT[name]).hexdigest(), "size_bytes": len(CONTENT[name])}
        urls = (f"{bench.server.url}/gone/{name}", f"{bench.server.url}/{name}")
        monkeypatch.setitem(BACKBONES, name, replace(backbone, urls=urls, **known))
        bench.server.serve(name, Answer(CONTENT[name]))
        bench.server.serve(f"gone/{name}", Answer(status=404))
    return bench


def test_every_metric_that_needs_a_network_names_it() -> None:
    assert [b.id for b in backbones_of(["fid", "kid", "lpips"])] == ["inception", "alexnet"]
    assert [b.id for b in backbones_of(["dists", "lpips_vgg"])] == ["vgg16"]
    with pytest.raises(MetricError, match="`ms_ssim` needs no network"):
        backbones_of(["ms_ssim"])
    with pytest.raises(UnknownNameError, match="no metric is called `lpisp`"):
        backbones_of(["lpisp"])


def test_hashes_begin_with_what_stands_in_the_names_of_the_files() -> None:
    for backbone in BACKBONES.values():
        marks = {url.rsplit("-", 1)[1].removesuffix(".pth") for url in backbone.urls}
        assert marks == {backbone.sha256[:8]} and backbone.sha256[:8] in backbone.file


def test_the_network_of_a_metric_comes_from_a_mirror_where_the_first_place_is_gone(networks: Bench) -> None:
    report = networks.set_up(metrics=("fid",))
    assert report.failures == ()
    row = next(row for row in report.rows if row.kind == "network")
    assert (row.id, row.state, row.note) == ("inception", "brought", "")
    path = installed_backbone(networks.workspace, BACKBONES["inception"])
    assert path.read_bytes() == CONTENT["inception"]
    assert path.parent.name == "checkpoints"
    assert networks.set_up(metrics=("kid",)).rows[-1].state == "present"


def test_bytes_of_something_else_are_refused(networks: Bench) -> None:
    networks.server.serve("alexnet", Answer(b"somebody else's weights"))
    (failure,) = networks.set_up(metrics=("lpips",)).failures
    assert isinstance(failure.error, ChecksumError | Exception) and "network alexnet" in failure.error.message
    with pytest.raises(MetricError) as caught:
        installed_backbone(networks.workspace, BACKBONES["alexnet"])
    assert caught.value.hint == "harness setup --metrics lpips"


def test_a_file_of_the_users_is_placed_and_another_network_is_named(networks: Bench, tmp_path: Path) -> None:
    (tmp_path / "alex.pth").write_bytes(CONTENT["alexnet"])
    report = networks.set_up(metrics=("lpips",), from_file=tmp_path / "alex.pth")
    assert report.failures == () and report.rows[-1].state == "brought"
    (failure,) = networks.set_up(metrics=("fid",), from_file=tmp_path / "alex.pth").failures
    assert isinstance(failure.error, WeightsError)
    assert "is `alexnet`, not `inception`" in failure.error.message


def test_a_file_that_was_changed_afterwards_is_not_used(networks: Bench) -> None:
    networks.set_up(metrics=("lpips_vgg",))
    path = networks.workspace.backbone(BACKBONES["vgg16"].file)
    path.write_bytes(b"changed")
    with pytest.raises(ChecksumError, match="is not `vgg16`: its SHA-256 is"):
        installed_backbone(networks.workspace, BACKBONES["vgg16"])
    assert networks.set_up().rows[-1].note == "another file: metrics do not use it"


def test_a_carried_workspace_brings_its_networks(networks: Bench, tmp_path: Path) -> None:
    carried = tmp_path / "stick" / "third_party" / "backbones" / "checkpoints" / BACKBONES["vgg16"].file
    carried.parent.mkdir(parents=True)
    carried.write_bytes(CONTENT["vgg16"])
    report = networks.set_up(bundle=tmp_path / "stick")
    assert [(row.id, row.state) for row in report.rows if row.kind == "network"] == [("vgg16", "brought")]


def test_a_file_for_two_networks_is_a_question(networks: Bench, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="needs exactly one"):
        networks.set_up(metrics=("lpips", "fid"), from_file=tmp_path / "alex.pth")
