"""A catalog of tiny things on a local server, and a tiny upstream."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.catalog.types import Architecture
from harness.provision.outcome import SetupReport
from harness.provision.setting_up import SetupRequest, set_up
from harness.weights.networks import expected_shapes
from harness.workspace import Workspace
from tests.fetch.listener import Listener
from tests.fetch.repository import Upstream, make_upstream
from tests.fetch.server import Answer, Server, running_server, without_proxies
from tests.weights.torch7_files import Writer, make_generator

UNET = Architecture("unet_256", "batch", use_dropout=True, ngf=1)
LUA_UNET = replace(UNET, netG="unet_32", code="lua", biased=True, dropout_levels=(2, 3, 4))
RESNET = Architecture("resnet_9blocks", "instance", use_dropout=False, ngf=2)


def generator_bytes(architecture: Architecture, seed: int = 0, *, legacy: bool = False) -> bytes:
    """A weights file that the official networks of this architecture could load."""
    generator = torch.Generator().manual_seed(seed)
    weights = {key: torch.rand(shape, generator=generator) for key, shape in expected_shapes(architecture).items()}
    weights = {k: v.long() if k.endswith("num_batches_tracked") else v for k, v in weights.items()}
    file = io.BytesIO()
    torch.save(weights, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def torch7_bytes(**options: object) -> bytes:
    """A generator of the Lua original as `LUA_UNET`, or as the options of `make_generator` say."""
    return Writer().write(make_generator(**{"levels": 5, "ngf": 1, **options}))


def tar_bytes(*splits: str, mode: Literal["w", "w:gz"] = "w:gz", pictures: int = 2) -> bytes:
    """A tar of a dataset, packed or plain."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for split in splits:
            for number in range(pictures):
                entry = tarfile.TarInfo(f"facades/{split}/{number}.jpg")
                entry.size = 500
                archive.addfile(entry, io.BytesIO(random.Random(number).randbytes(500)))
    return file.getvalue()


def dataset_bytes(*splits: str, top: str = "facades", pictures: int = 2) -> bytes:
    """A zip of a dataset, the same bytes at any time of day; its pictures are only bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for split in splits:
            for number in range(pictures):
                name = zipfile.ZipInfo(f"{top}/{split}/{number}.jpg", (2020, 1, 1, 0, 0, 0))
                archive.writestr(name, random.Random(number).randbytes(500))
    return file.getvalue()


@dataclass
class Bench:
    """A workspace, a server that has everything, and `set_up` with the tiny upstream."""

    workspace: Workspace
    server: Server
    upstream: Upstream
    listener: Listener

    def set_up(self, *models: str, datasets: tuple[str, ...] = (), **options: object) -> SetupReport:
        chosen = {"upstream_url": str(self.upstream.path), "upstream_ref": self.upstream.first} | options
        request = SetupRequest(models=models, datasets=datasets, **chosen)  # type: ignore[arg-type]
        return set_up(self.workspace, request, self.listener)


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return make_upstream(tmp_path_factory.mktemp("upstream"))


@pytest.fixture
def bench(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    without_proxies(monkeypatch)
    with running_server() as server:
        for model in list(MODELS.values()):
            tiny = {"pix2pix": UNET, "lua": LUA_UNET}.get(model.family, RESNET)
            url = f"{server.url}/{model.id}"
            monkeypatch.setitem(
                MODELS, model.id, replace(model, url=url, mirrors=(), architecture=tiny, size_bytes=None)
            )
        for dataset in list(DATASETS.values()):
            splits = dict.fromkeys(dataset.splits, 2)
            known = {"size_bytes": None, "sha256": None, "mirrors": (), "splits": splits}
            monkeypatch.setitem(DATASETS, dataset.id, replace(dataset, url=f"{server.url}/{dataset.id}.zip", **known))
        server.serve("pix2pix/sat2map", Answer(generator_bytes(UNET, 1)))
        server.serve("cyclegan/sat2map", Answer(generator_bytes(RESNET, 2)))
        server.serve("pix2pix/facades.zip", Answer(dataset_bytes("train", "val", "test")))
        server.serve("cyclegan/facades.zip", Answer(dataset_bytes("trainA", "trainB", "testA", "testB")))
        yield Bench(Workspace(tmp_path / "workspace"), server, upstream, Listener())
