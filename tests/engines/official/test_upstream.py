"""The engine with the real code of the authors and small generators that their code initialises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import Job
from harness.errors import OfficialScriptError
from harness.fetch.git import ensure_clone
from tests.engines.official.conftest import MakeJob
from tests.engines.official.test_engine import outputs, untouched
from tests.engines.translating import images_of
from tests.engines.translating import official as translate
from tests.pictures import picture

pytestmark = pytest.mark.upstream

PINS = {"today": "2a7afba2895d52556dd5dfe07e8555ef657ced6f", "older": "c3268edd50ec37a81600c9b981841f48929671b8"}
UNET = Architecture("unet_256", "batch", None, ngf=4)
RESNET = Architecture("resnet_6blocks", "instance", False, ngf=4)
INITIALISE = """
import sys, torch
from models.networks import define_G
torch.manual_seed(3)
netG, norm, dropout, target, input_nc, output_nc = sys.argv[1:]
made = define_G(int(input_nc), int(output_nc), 4, netG, norm, dropout == "True", init_gain=0.2)
torch.save(made.state_dict(), target)
"""


@pytest.fixture(scope="module", params=list(PINS))
def real_clone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, upstream_git: str) -> Path:
    folder = tmp_path_factory.mktemp("upstream") / request.param
    ensure_clone(upstream_git, PINS[request.param], folder)
    return folder


def initialised(clone: Path, architecture: Architecture, target: Path) -> Path:
    words = [architecture.netG, architecture.norm, str(architecture.use_dropout is not False), str(target)]
    words += [str(architecture.input_nc), str(architecture.output_nc)]
    subprocess.run([sys.executable, "-B", "-c", INITIALISE, *words], cwd=clone, check=True, capture_output=True)
    return target


def test_pairs_are_the_same_pixels_whatever_the_order(real_clone: Path, make_job: MakeJob, tmp_path: Path) -> None:
    weights = initialised(real_clone, UNET, tmp_path / "unet.pth")
    known = {"paired": True, "weights": weights, "architecture": UNET, "size": (256, 256), "direction": "BtoA"}
    first = make_job(("نما ۱", "b", "🏠"), **known)
    again = make_job(("🏠", "نما ۱"), **known)
    other = make_job(("نما ۱",), seed=2, **known)
    answers = [translate(job, real_clone) for job in (first, again, other)]
    for name in ("🏠", "نما ۱"):
        np.testing.assert_array_equal(outputs(first)[name], outputs(again)[name])
    assert (outputs(first)["نما ۱"] != outputs(other)["نما ۱"]).any()
    assert outputs(first)["b"].shape == (256, 256, 3)
    assert any("seeded before each image" in shim for shim in answers[0].shims)
    assert untouched(real_clone)


def test_modes_without_dropout_do_not_depend_on_the_seed(real_clone: Path, make_job: MakeJob, tmp_path: Path) -> None:
    weights = initialised(real_clone, UNET, tmp_path / "unet.pth")
    known = {"paired": True, "weights": weights, "architecture": UNET, "size": (256, 256)}
    jobs: list[Job] = [make_job(("a",), mode="deterministic", seed=seed, **known) for seed in (1, 2)]
    for job in jobs:
        translate(job, real_clone)
    np.testing.assert_array_equal(outputs(jobs[0])["a"], outputs(jobs[1])["a"])


def test_single_pictures_of_their_own_sizes(real_clone: Path, make_job: MakeJob, tmp_path: Path) -> None:
    weights = initialised(real_clone, RESNET, tmp_path / "resnet.pth")
    job = make_job(("a", "b"), weights=weights, architecture=RESNET, size=None)
    wide = picture("wide", 72, 40)
    wide.save(job.items[1].path)
    translate(job, real_clone)
    assert outputs(job)["b"].shape == (40, 72, 3)
    with Image.open(images_of(job) / "input" / "b.png") as kept:
        difference = np.asarray(wide, dtype=int) - np.asarray(kept, dtype=int)
    assert set(np.unique(difference)) <= {0, 1}  # tensor2im truncates


def test_weights_of_another_generator_are_explained(real_clone: Path, make_job: MakeJob, tmp_path: Path) -> None:
    weights = initialised(real_clone, RESNET, tmp_path / "resnet.pth")
    job = make_job(("a",), paired=True, weights=weights, architecture=UNET, size=(256, 256))
    with pytest.raises(OfficialScriptError, match="do not fit"):
        translate(job, real_clone)
