"""The networks have the official keys and shapes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from harness.catalog.types import Architecture, Norm
from harness.errors import WeightsError
from harness.weights.architecture import infer_architecture
from harness.weights.layers import dropout_from, set_mode
from harness.weights.networks import build_discriminator, build_generator, expected_shapes
from tests.weights.official_keys import RECORDED, digest

GENERATORS = ("unet_128", "unet_256", "resnet_6blocks", "resnet_9blocks")


@pytest.mark.parametrize(("netG", "norm", "dropout"), RECORDED)
def test_keys_and_shapes_are_those_of_the_official_code(netG: str, norm: Norm, dropout: bool) -> None:
    shapes = expected_shapes(Architecture(netG, norm, dropout, ngf=4, input_nc=1, output_nc=2))

    assert digest(shapes) == RECORDED[netG, norm, dropout]


@pytest.mark.parametrize(("netG", "tensors"), [("unet_256", 82), ("unet_128", 70), ("resnet_9blocks", 48)])
def test_number_of_tensors(netG: str, tensors: int) -> None:
    norm: Norm = "batch" if netG.startswith("unet") else "instance"

    assert len(expected_shapes(Architecture(netG, norm, False))) == tensors


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


@pytest.mark.parametrize("name", ["unet", "unet_100", "unet_big", "resnet", "resnet_blocks", "densenet", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(WeightsError, match=f"`{name}`"):
        build_generator(Architecture(name, "batch", True))


def unet_by_hand(state: dict[str, torch.Tensor], x: torch.Tensor, downs: int, dropped: set[int]) -> torch.Tensor:
    """A U-Net of functions alone, as the paper's appendix and upstream's defaults have it; level 0 is the outermost.

    Dropout draws from the global generator, from the innermost level that has it outwards.
    """

    def norm(x: torch.Tensor, key: str) -> torch.Tensor:
        return functional.batch_norm(x, None, None, state[f"{key}.weight"], state[f"{key}.bias"], training=True)

    def level(number: int, key: str, x: torch.Tensor) -> torch.Tensor:
        outermost, innermost = number == 0, number == downs - 1
        down = 0 if outermost else 1
        if not outermost:
            x = functional.leaky_relu(x, 0.2)
        inside = functional.conv2d(x, state[f"{key}.{down}.weight"], stride=2, padding=1)
        below = down + 1
        if not outermost and not innermost:
            inside, below = norm(inside, f"{key}.{below}"), below + 1
        if not innermost:
            inside, below = level(number + 1, f"{key}.{below}.model", inside), below + 1
        up = f"{key}.{below + 1}"  # a ReLU stands before it
        bias = state.get(f"{up}.bias")
        inside = functional.conv_transpose2d(functional.relu(inside), state[f"{up}.weight"], bias, stride=2, padding=1)
        if outermost:
            return torch.tanh(inside)
        inside = norm(inside, f"{key}.{below + 2}")
        if number in dropped:
            inside = functional.dropout(inside, 0.5, training=True)
        return torch.cat([x, inside], 1)

    return level(0, "model.model", x)


@pytest.mark.parametrize(("net", "downs", "dropped"), [("unet_128", 7, {4, 5}), ("unet_256", 8, {4, 5, 6})])
@torch.no_grad()
def test_a_unet_is_what_functions_by_hand_give_dropout_on_its_levels(net: str, downs: int, dropped: set[int]) -> None:
    torch.manual_seed(3)
    network = build_generator(Architecture(net, "batch", True, ngf=2))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    set_mode(network, "paper")
    x = torch.rand(1, 3, 2**downs, 2**downs) * 2 - 1
    with dropout_from([torch.Generator().manual_seed(11)]):
        drawn = network(x.clone())
    found = {}
    for levels in (dropped, dropped - {4}, dropped | {3}, {level - 1 for level in dropped}):
        torch.manual_seed(11)
        found[frozenset(levels)] = unet_by_hand(network.state_dict(), x, downs, levels)
    assert drawn.std() > 0.1, "a flat output would hide differences"
    near = [levels for levels, by_hand in found.items() if torch.allclose(drawn, by_hand, atol=1e-4)]
    assert near == [frozenset(dropped)]
