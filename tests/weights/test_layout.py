from __future__ import annotations

import pytest

from harness.catalog.types import Architecture
from harness.weights.layout import expected_shapes
from tests.weights.official_keys import RECORDED, digest


@pytest.mark.parametrize(("netG", "norm", "dropout"), RECORDED)
def test_keys_and_shapes_are_those_of_the_official_code(netG, norm, dropout):
    shapes = expected_shapes(Architecture(netG, norm, dropout, ngf=4, input_nc=1, output_nc=2))

    assert digest(shapes) == RECORDED[netG, norm, dropout]


@pytest.mark.parametrize(("netG", "tensors"), [("unet_256", 82), ("unet_128", 70), ("resnet_9blocks", 48)])
def test_number_of_tensors(netG, tensors):
    norm = "batch" if netG.startswith("unet") else "instance"

    assert len(expected_shapes(Architecture(netG, norm, False))) == tensors


@pytest.mark.parametrize("netG", ["vgg16", "unet_big", "resnet_blocks", ""])
def test_a_network_of_another_name_is_refused(netG):
    with pytest.raises(ValueError, match="no generator"):
        expected_shapes(Architecture(netG, "batch", None))
