"""The networks have the official keys and shapes."""

from __future__ import annotations

import itertools

import pytest
import torch

from harness.catalog.types import Architecture, Norm
from harness.engines.native.networks import build_discriminator, build_generator
from harness.errors import WeightsError
from harness.weights.architecture import infer_architecture
from harness.weights.layout import expected_shapes

GENERATORS = ("unet_128", "unet_256", "resnet_6blocks", "resnet_9blocks")


@pytest.mark.parametrize(
    ("net", "norm", "dropout"), list(itertools.product(GENERATORS, ("batch", "instance", "none"), (True, False)))
)
def test_keys_and_shapes_are_the_official_ones(net: str, norm: Norm, dropout: bool) -> None:
    architecture = Architecture(net, norm, dropout, ngf=4, input_nc=1, output_nc=2)
    with torch.device("meta"):
        state = build_generator(architecture).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in state.items()} == dict(expected_shapes(architecture))


def test_the_official_sizes() -> None:
    """Parameters as upstream prints them for its default widths."""
    counts = {"unet_256": 54_413_955, "unet_128": 41_828_995, "resnet_9blocks": 11_378_179, "resnet_6blocks": 7_837_699}
    for net, count in counts.items():
        norm: Norm = "batch" if net.startswith("unet") else "instance"
        with torch.device("meta"):
            network = build_generator(Architecture(net, norm, net.startswith("unet")))
        assert sum(p.numel() for p in network.parameters()) == count


def test_discriminators() -> None:
    def parameters(*arguments: object, **named: object) -> int:
        return sum(p.numel() for p in build_discriminator(*arguments, **named).parameters())  # type: ignore[arg-type]

    assert parameters("basic", 6) == 2_768_705
    assert parameters("n_layers", 6, layers=3) == parameters("basic", 6)
    assert build_discriminator("basic", 3, 4)(torch.zeros(2, 3, 256, 256)).shape == (2, 1, 30, 30)
    assert build_discriminator("pixel", 3, 4)(torch.zeros(2, 3, 8, 8)).shape == (2, 1, 8, 8)
    with pytest.raises(WeightsError, match="multiscale"):
        build_discriminator("multiscale", 3)


def test_what_is_saved_is_recognised_again() -> None:
    for net in GENERATORS:
        architecture = Architecture(net, "batch", False, ngf=4)
        found = infer_architecture(build_generator(architecture).state_dict())
        assert (found.netG, found.norm, found.ngf) == (net, "batch", 4)


@pytest.mark.parametrize("name", ["unet", "unet_100", "resnet", "densenet"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(WeightsError, match=f"`{name}`"):
        build_generator(Architecture(name, "batch", True))
