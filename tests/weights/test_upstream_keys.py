"""The rules of inference against the authors' own networks, built and saved by their code in a process of its own."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest

from harness.catalog.repositories import PYTORCH
from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.architecture import infer_architecture, shapes_of
from harness.weights.networks import expected_shapes
from harness.weights.reading import read_state_dict
from tests.weights.official_keys import RECORDED, RECORDED_AT, digest

pytestmark = pytest.mark.upstream

_BUILD = """
import json, sys
import torch
import networks
for name, netG, norm, dropout, ngf, input_nc, output_nc in json.load(open("generators.json")):
    torch.save(networks.define_G(input_nc, output_nc, ngf, netG, norm, dropout).state_dict(), name)
for name, netD, layers in json.load(open("discriminators.json")):
    torch.save(networks.define_D(6, 8, netD, layers, "batch").state_dict(), name)
"""


@pytest.fixture(scope="module")
def official(upstream_git, tmp_path_factory):
    """A folder of state dicts that the official code saved, with the arguments each was made with."""
    folder = tmp_path_factory.mktemp("official")
    show = ["git", "--git-dir", upstream_git, "show", f"{PYTORCH.commit}:models/networks.py"]
    (folder / "networks.py").write_bytes(subprocess.run(show, check=True, capture_output=True).stdout)
    channels = [(4, 1, 2), (3, 3, 3)]
    generators = [
        (f"G{i}.pth", *kind, *numbers) for i, (kind, numbers) in enumerate(itertools.product(RECORDED, channels))
    ]
    discriminators = [("D0.pth", "basic", 3), ("D1.pth", "n_layers", 5), ("D2.pth", "pixel", 3)]
    (folder / "generators.json").write_text(json.dumps(generators))
    (folder / "discriminators.json").write_text(json.dumps(discriminators))
    subprocess.run([sys.executable, "-c", _BUILD], check=True, capture_output=True, cwd=folder)
    return folder, generators, discriminators


def test_every_official_generator_is_told_from_its_file(official):
    folder, generators, _ = official
    wrong = []
    for name, netG, norm, dropout, ngf, input_nc, output_nc in generators:
        expected = Architecture(netG, norm, None if "unet" in netG else dropout, ngf, input_nc, output_nc)
        state_dict = read_state_dict(folder / name)
        if infer_architecture(state_dict) != expected or shapes_of(state_dict) != expected_shapes(expected):
            wrong.append(name)

    assert len(generators) == 48
    assert wrong == []


def test_the_recorded_keys_are_those_of_the_pinned_commit(official):
    folder, generators, _ = official
    made = {
        (netG, norm, dropout): digest(shapes_of(read_state_dict(folder / name)))
        for name, netG, norm, dropout, ngf, *_ in generators
        if ngf == 4
    }

    assert PYTORCH.commit == RECORDED_AT
    assert made == RECORDED


def test_every_official_discriminator_is_told(official):
    folder, _, discriminators = official
    for name, *_ in discriminators:
        with pytest.raises(WeightsError, match="discriminator"):
            infer_architecture(read_state_dict(folder / name))
