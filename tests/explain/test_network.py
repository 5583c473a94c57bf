"""Networks taken apart: shapes, skip connections and receptive fields agree with what the networks do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.catalog.types import Architecture
from harness.explain.drawing import draw
from harness.explain.network import receptive_field, take_apart
from harness.weights.networks import build_discriminator, build_generator


def test_the_official_unet() -> None:
    network = take_apart(build_generator(Architecture("unet_256", "batch", use_dropout=True)), (3, 256, 256))

    assert network.parameters == 54_413_955  # as the official script prints it
    assert len(network.convolutions()) == 16
    assert min(layer.shape[1] for layer in network.layers) == 1
    assert network.layers[-1].shape == (3, 256, 256)
    # Each joins what its first layer was given: the layer before it has that many channels.
    assert [network.layers[skip.first - 1].shape[0] for skip in network.skips] == [64, 128, 256, 512, 512, 512, 512]
    assert {skip.joining for skip in network.skips} == {"concatenation"}
    assert sum(layer.kind == "Dropout" for layer in network.layers) == 3
    assert sum(layer.kind == "BatchNorm2d" for layer in network.layers) == 13


def test_the_official_resnet_adds() -> None:
    network = take_apart(build_generator(Architecture("resnet_9blocks", "instance", use_dropout=False)), (3, 256, 256))

    assert network.parameters == 11_378_179
    assert [skip.joining for skip in network.skips] == ["sum"] * 9


def test_a_chain_without_skips_has_none() -> None:
    network = take_apart(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (3, 8, 8))

    assert network.skips == ()
    assert draw(network).arcs == ()


@pytest.mark.parametrize(
    ("kind", "layers", "side"), [("pixel", 0, 1), ("n_layers", 1, 16), ("basic", 3, 70), ("n_layers", 5, 286)]
)
def test_receptive_fields_of_the_paper(kind: str, layers: int, side: int) -> None:
    assert receptive_field(build_discriminator(kind, 6, layers=layers)).size == side


def test_the_square_is_where_gradients_arrive() -> None:
    network = build_discriminator("basic", 1, ndf=2, norm="none")
    field = receptive_field(network)
    x = torch.zeros(1, 1, 256, 256, requires_grad=True)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 1.0)

    network(x)[0, 0, 14, 15].backward()

    assert x.grad is not None
    rows, columns = (torch.nonzero(x.grad[0, 0].sum(axis)).flatten() for axis in (1, 0))
    assert (int(rows[0]), int(rows[-1]) + 1) == field.square(14)
    assert (int(columns[0]), int(columns[-1]) + 1) == field.square(15)


def test_the_drawing_shows_every_convolution_and_arc() -> None:
    network = take_apart(build_generator(Architecture("unet_128", "batch", use_dropout=True)), (3, 128, 128))

    drawing = draw(network)

    assert [c.layer.shape[1] for c in drawing.columns] == [64, 32, 16, 8, 4, 2, 1, 2, 4, 8, 16, 32, 64, 128]
    assert [c.layer.kind for c in drawing.columns] == ["Conv2d"] * 7 + ["ConvTranspose2d"] * 7
    assert len(drawing.arcs) == 6
    assert all(c.x + c.width <= drawing.width for c in drawing.columns)
